"""What several commands share: `-c FILE`, `--json`, `--country`, and how the settings are found.

Commands that run or check a relay need its file. Commands that only talk to one do not: without a
`relay.toml`, they use the default addresses, which are also those of the sandbox.
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
"""Adds the parameter `config_file: Path | None` to a command; None if no file is named."""

unread_config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    help="Accepted by every command; this one does not read it.",
)
"""For commands that need no configuration, so that a script can pass the same one to all."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
"""Adds the parameter `as_json: bool` to a command."""


def required_config(config_file: Path | None) -> Config:
    """Return the configuration. Raises `ConfigError` if there is no file."""
    return load(config_file or DEFAULT_FILE, os.environ)


def available_config(config_file: Path | None) -> Config:
    """Return the configuration, or the defaults if no file is named and there is none."""
    if config_file is None and not DEFAULT_FILE.exists():
        return sandbox_config(os.environ)
    return required_config(config_file)


def value_of(text: str) -> str:
    """Return a value as it was given or, for `-`, a line of stdin, so that no history has it.

    Raises `ConfigError` if it is not UTF-8, as every event is.
    """
    try:
        value = sys.stdin.readline().rstrip("\r\n") if text == "-" else text
        value.encode()
    except UnicodeError:
        raise ConfigError("the value is not UTF-8; give it as events have it") from None
    return value


def country_of(text: str | None) -> str | None:
    """Return the country of `--country`, if given. Raises `ConfigError` for an unknown one."""
    return None if text is None else read_option("--country", text, Country)


def read_option(name: str, text: str, kind: Callable[[str], Value]) -> Value:
    """Parse the value of an option; a `ConfigError` begins with the option's name."""
    try:
        return kind(text)
    except ConfigError as error:
        raise ConfigError(f"{name} {error}") from None
