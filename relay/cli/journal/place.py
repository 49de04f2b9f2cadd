"""Where the journal is that a command is to read: the relay's, or that of a sandbox."""

from pathlib import Path

import click

from relay.cli.option import DEFAULT_FILE, available_config
from relay.config import Config
from relay.config.sandbox import sandbox_path
from relay.errors import ConfigError

sandbox_option = click.option(
    "--sandbox", "emulated", is_flag=True, help="Use the journal of `serve --sandbox`."
)
"""Hands a command `emulated: bool`."""


def journal_path(config_file: Path | None, *, emulated: bool) -> Path:
    """Return where the journal is; that of a sandbox needs no configuration."""
    path = settings(config_file, emulated=emulated).journal.path
    return sandbox_path(path) if emulated else path


def settings(config_file: Path | None, *, emulated: bool) -> Config:
    """Return the configuration; where there is none, `ConfigError` names the sandbox as well."""
    if emulated or config_file is not None or DEFAULT_FILE.exists():
        return available_config(config_file)
    raise ConfigError(
        f"{DEFAULT_FILE} does not exist; name another file with -c FILE, or look at the journal "
        "of `serve --sandbox` with --sandbox"
    )
