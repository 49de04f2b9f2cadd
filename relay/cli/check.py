"""`relay check`: would a relay start with this configuration, and what would be in force?"""

import os
from pathlib import Path

import click
import msgspec

from relay.cli.option import DEFAULT_FILE, config_option, json_option, required_config
from relay.cli.output import print_json
from relay.config import Config, check_start, describe, read_secret
from relay.errors import ConfigError


class Checked(msgspec.Struct, frozen=True):
    """The result, as `--json` prints it."""

    file: str
    valid: bool
    problem: str | None
    settings: list[str]
    """What is in force, one `path = value` each; no secret is in it."""
    notes: list[str]
    """What a relay would start with, and yet is worth a look."""


@click.command(short_help="Validate the configuration.")
@json_option
@config_option
def check(config_file: Path | None, *, as_json: bool) -> None:
    """Validate the configuration, and print what is in force, environment included."""
    file = str(config_file or DEFAULT_FILE)
    try:
        config = required_config(config_file)
        check_start(config, os.environ)
    except ConfigError as error:
        if as_json:
            print_json(msgspec.json.encode(Checked(file, False, str(error), [], [])))
        raise
    result = Checked(file, True, None, describe(config, os.environ), notes(config))
    if as_json:
        print_json(msgspec.json.encode(result))
        return
    click.echo("\n".join(result.settings))
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{file} is fine.")


def notes(config: Config) -> list[str]:
    """Return what is no mistake, and yet means that something will not be sent."""
    found = [
        f"destinations.{name} has no token yet, so it will wait, paused; nothing is lost"
        for name, each in config.destinations.items()
        if each.token is None or read_secret(each.token, os.environ) is None
    ]
    if not config.destinations:
        found.append("no destination is configured: events will be stored, and sent nowhere")
    return found
