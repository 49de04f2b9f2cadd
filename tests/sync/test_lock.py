"""What is installed is what `requirements.lock` names by its hash.

Also what the relay is built with: pip fetches that by itself otherwise, whichever is the newest.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLING = ("Makefile", "deploy/Dockerfile", "deploy/systemd/relay.service")
NAME = re.compile(r"[A-Za-z0-9._-]+")


def installs(file: str) -> Iterator[str]:
    """Yield what is handed to pip."""
    for line in (ROOT / file).read_text().splitlines():
        yield from (each.split("&&")[0] for each in line.split("pip install ")[1:])


@pytest.mark.parametrize("file", INSTALLING)
def test_nothing_is_installed_that_no_hash_names(file: str) -> None:
    found = list(installs(file))

    assert len(found) >= 2
    for options in found:
        by_hash = "--require-hashes" in options
        of_here = {"--no-deps", "--no-build-isolation"} <= set(options.split())
        assert by_hash or of_here, options


def test_the_lock_holds_what_the_relay_is_built_with() -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    lock = (ROOT / "requirements.lock").read_text()

    for each in needed:
        name = NAME.match(each)
        assert name is not None
        assert re.search(rf"^{name[0]}==\S+ \\\n +--hash=sha256:", lock, re.MULTILINE)
