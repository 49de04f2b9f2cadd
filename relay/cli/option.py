"""What several commands share: `-c FILE`, `--json`, `--country`, and how the settings are found.

Commands that run or check a relay need its file. Commands that only talk to one get along without:
where there is no `relay.toml`, the default addresses hold, which are those of the sandbox, too.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from relay.config import Config, Country, load, sandbox_config
from relay.errors import ConfigError

DEFAULT_FILE: Final = Path("relay.toml")

Command = Callable[..., None]
Value = TypeVar("Value")

config_option = click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    envvar="RELAY_CONFIG",
    metavar="FILE",
    help="The configuration file; also RELAY_CONFIG.  [default: relay.toml]",
)
"""Hands a command `config_file: Path | None`; None means that nobody named one."""

unread_config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    help="Accepted by every command; this one does not read it.",
)
"""For commands that need no configuration, so that a script may give all of them the same one."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
"""Hands a command `as_json: bool`."""


def required_config(config_file: Path | None) -> Config:
    """Return the configuration; a file that is not there is a `ConfigError`."""
    return load(config_file or DEFAULT_FILE, os.environ)


def available_config(config_file: Path | None) -> Config:
    """Return the configuration, or the defaults if nobody named a file and there is none."""
    if config_file is None and not DEFAULT_FILE.exists():
        return sandbox_config(os.environ)
    return required_config(config_file)


def value_of(text: str) -> str:
    """Return a value as it was given, or for `-` a line of stdin: so no history has it."""
    return sys.stdin.readline().rstrip("\r\n") if text == "-" else text


def country_of(text: str | None) -> str | None:
    """Return what `--country` names, if it was given; an unknown one is a `ConfigError`."""
    return None if text is None else read_option("--country", text, Country)


def read_option(name: str, text: str, kind: Callable[[str], Value]) -> Value:
    """Return what an option was given; a `ConfigError` begins with the option's name."""
    try:
        return kind(text)
    except ConfigError as error:
        raise ConfigError(f"{name} {error}") from None
