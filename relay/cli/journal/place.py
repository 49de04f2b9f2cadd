"""Where a command finds the journal: the relay's own, or that of the sandbox."""

from pathlib import Path

import click

from relay.cli.option import DEFAULT_FILE, available_config
from relay.config import Config
from relay.config.sandbox import sandbox_path
from relay.errors import ConfigError

sandbox_option = click.option(
    "--sandbox", "emulated", is_flag=True, help="Use the journal of `serve --sandbox`."
)
"""Adds the parameter `emulated: bool` to a command."""


def journal_path(config_file: Path | None, *, emulated: bool) -> Path:
    """Return the path of the journal; the sandbox's needs no configuration."""
    path = settings(config_file, emulated=emulated).journal.path
    return sandbox_path(path) if emulated else path


def settings(config_file: Path | None, *, emulated: bool) -> Config:
    """Return the configuration; if there is none, `ConfigError` also suggests `--sandbox`."""
    if emulated or config_file is not None or DEFAULT_FILE.exists():
        return available_config(config_file)
    raise ConfigError(
        f"{DEFAULT_FILE} does not exist; name another file with -c FILE, or look at the journal "
        "of `serve --sandbox` with --sandbox"
    )
