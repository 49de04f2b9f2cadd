"""What `deploy/Dockerfile` says of the image."""

import json
import re
import shlex
from pathlib import Path
from typing import Final

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
DOCKERFILE: Final = DEPLOY / "Dockerfile"

_CONTINUED: Final = re.compile(r"\\\n\s*")


def instructions(name: str, *, stage: int = -1) -> list[str]:
    """Return what follows each instruction of this name in one of the stages."""
    stages = re.split(r"^(?=FROM )", _CONTINUED.sub("", DOCKERFILE.read_text()), flags=re.MULTILINE)
    lines = stages[1:][stage].splitlines()
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def environment() -> dict[str, str]:
    """Return the variables that the image sets for the relay."""
    [line] = instructions("ENV")
    pairs = (each.split("=", 1) for each in shlex.split(line))
    return {name: value for name, value in pairs if name.startswith("RELAY_")}


def command() -> list[str]:
    """Return what a container runs unless told otherwise."""
    [entry], [arguments] = instructions("ENTRYPOINT"), instructions("CMD")
    return [*json.loads(entry), *json.loads(arguments)]


def user() -> tuple[int, int]:
    """Return the ids of user and group that a container runs as."""
    [ids] = instructions("USER")
    uid, gid = map(int, ids.split(":"))
    return uid, gid


def ports() -> tuple[int, ...]:
    """Return the ports that a container offers: for events, and for people."""
    [exposed] = instructions("EXPOSE")
    return tuple(map(int, exposed.split()))
