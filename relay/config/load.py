"""Loads a checked `Config` from `relay.toml` and the environment; raises the first problem.

Every message is one line: the place, what is wrong and what to write instead.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from relay.config.build import build
from relay.config.check import check
from relay.config.environment import overridden
from relay.config.model import Config
from relay.errors import ConfigError

MAX_BYTES: Final = 2**20
"""The most bytes of a configuration file; a longer one is surely the wrong file."""


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Return the configuration in a file, overridden by `environ`. Raises `ConfigError`."""
    return parse(_text(path), environ, origin=str(path))


def parse(text: str, environ: Mapping[str, str], *, origin: str) -> Config:
    """Return the configuration in a TOML text; errors call the text `origin`."""
    document = overridden(_document(text, origin), environ)
    try:
        config = build(document)
        check(config)
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from None
    return config


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist; copy deploy/relay.example.toml there, or name another file "
            "with -c FILE"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES} bytes; it is no configuration")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from None


def _document(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).rpartition(" (at ")
        line = place.removeprefix("line ").partition(",")[0]
        if not line.isdigit():
            line = str(text.rstrip().count("\n") + 1)
        raise ConfigError(f"{origin}: line {line} is no TOML: {problem}") from None
    except ValueError:
        raise ConfigError(f"{origin}: a number has thousands of digits") from None
    except RecursionError:
        raise ConfigError(f"{origin}: brackets are nested too deeply") from None
