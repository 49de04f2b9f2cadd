"""How commands print: with colours and fitting widths on a terminal, as plain text elsewhere.

Text from outside (event ids, words of a platform) goes through `plain` before it is shown, so that
it cannot control the terminal; in JSON it is escaped. `NO_COLOR` is respected.
"""

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

import click
import msgspec
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from relay.cli.printable import escaped, printable

PLAIN_COLUMNS: Final = 100_000
"""The width if the output is not a terminal: there, nothing is wrapped or cut."""


def console(stream: TextIO | None = None) -> Console:
    """Return a console on `stream` (default: stdout) that shows text as it is, without markup."""
    target = stream or sys.stdout
    return Console(
        file=target,
        width=None if target.isatty() else PLAIN_COLUMNS,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def table(*headers: str, numbers: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    """Return an empty table without lines; the columns named in `numbers` are aligned to the right.

    A terminal wraps long cells, except in these columns and those named in `whole`.
    """
    result = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        result.add_column(
            header,
            justify="right" if header in numbers else "left",
            no_wrap=header in (*numbers, *whole),
            overflow="fold",
        )
    return result


class Fitting:
    """A table or, on a terminal too narrow for its words, `narrow` instead."""

    def __init__(self, whole: Table, narrow: RenderableType) -> None:
        self._whole, self._narrow = whole, narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield whichever fits."""
        boundless = options.update(max_width=PLAIN_COLUMNS)
        needed = Measurement.get(console, boundless, self._whole).minimum
        yield self._whole if needed <= options.max_width else self._narrow


def plain(text: str) -> Text:
    """Return text from outside on one line; unprintable characters become `?`."""
    return Text(printable(text))


def number(value: int) -> str:
    """Return a count with separators, such as `48,210`."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """Return a count with its noun, such as `1 event` or `2,000 events`."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def moment(text: str) -> str:
    """Return an RFC 3339 time for people, in UTC, such as `2026-01-31 12:03:01`."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def print_json(body: bytes) -> None:
    """Print a JSON document, indented."""
    click.echo(escaped(msgspec.json.format(body, indent=2).decode()))


def confirm(question: str) -> None:
    """Ask a question; the answer no ends the command."""
    if not click.confirm(question, err=True):
        click.echo("Nothing was done.", err=True)
        raise click.exceptions.Exit(1)


def program() -> str:
    """Return how to call this program: `relay`, or its path if the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "relay" or str(called) == "relay":
        return "relay"
    found = [Path(folder, "relay") for folder in os.get_exec_path()]
    reachable = next((path for path in found if path.is_file()), None)
    if reachable is not None and called.exists() and reachable.samefile(called):
        return "relay"
    return str(called)
