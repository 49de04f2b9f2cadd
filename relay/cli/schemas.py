"""`relay schemas`: the JSON Schemas and OpenAPI documents, generated from the code."""

from pathlib import Path

import click

from relay.cli.option import unread_config_option
from relay.cli.output import counted
from relay.errors import RelayError
from relay.schema.folder import drift, write


@click.command(short_help="Write the schemas.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default="schemas")
@click.option("--check", is_flag=True, help="Change nothing; fail if the files are out of date.")
@unread_config_option
def schemas(directory: Path, *, check: bool) -> None:
    """Write the schemas of events, settings and both ports into DIRECTORY (default: schemas)."""
    if check:
        behind = drift(directory)
        if behind:
            more = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
            raise RelayError(f"behind the code: {behind[0]}{more}; run `make schemas`")
        click.echo(f"{directory} is as the code has it.")
        return
    click.echo(f"{counted(len(write(directory)), 'file')} written to {directory}.")
