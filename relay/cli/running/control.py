"""`relay pause` and `relay resume`: stop and restart sending to one destination."""

from pathlib import Path

import click

from relay.cli.option import available_config, config_option
from relay.cli.output import counted
from relay.cli.running.client import admin_client


@click.command(short_help="Stop sending to a destination.")
@click.argument("name")
@config_option
def pause(name: str, config_file: Path | None) -> None:
    """Stop sending to the destination NAME until it is resumed, even across restarts.

    Its events wait on disk; only those that grow too old for the platform meanwhile are lost.
    """
    with admin_client(available_config(config_file)) as client:
        view = client.switch(name, "pause")
    click.echo(f"{view.name} is paused; {counted(view.pending, 'event')} waiting.")


@click.command(short_help="Send to a destination again.")
@click.argument("name")
@config_option
def resume(name: str, config_file: Path | None) -> None:
    """Clear any pause or wait of the destination NAME, and try at once."""
    with admin_client(available_config(config_file)) as client:
        view = client.switch(name, "resume")
    click.echo(f"{view.name} is resumed; {counted(view.pending, 'event')} to send.")
