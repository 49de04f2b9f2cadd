"""`relay send`: posts the events of a file to a running relay, with a progress bar."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import click
from rich.progress import DownloadColumn, ProgressColumn

from relay.cli.connection import Connection
from relay.cli.option import available_config, config_option
from relay.cli.output import console, counted, number, plain
from relay.cli.progress import progress_bar
from relay.cli.running.client import reachable
from relay.cli.sending.chunk import Chunk, chunks, lines_of
from relay.cli.sending.post import (
    LISTED,
    TIMEOUT_S,
    Complaint,
    Poster,
    Tally,
    events_path,
    key_headers,
)

NOTED_WAIT_S: Final = 2.0
"""Waits of at least this many seconds are reported at the terminal."""


@click.command(short_help="Post events from a file.")
@click.argument("file", type=click.File("rb"))
@click.option("--url", help="The relay's address; without it, `listen` of [server].")
@config_option
def send(file: BinaryIO, url: str | None, config_file: Path | None) -> None:
    """Post the events in FILE (NDJSON, one event a line; - for stdin) to a running relay.

    The producer's key is taken from RELAY_API_KEY. Sending a file twice does no harm.
    """
    measure = DownloadColumn(binary_units=True)
    with (
        posting(url or producers_url(config_file)) as poster,
        progress(measure, size_of(file)) as advance,
    ):
        post(poster, chunks(_counted(file, advance)))
    tell(poster.tally, unit="line")


@contextmanager
def posting(url: str) -> Iterator[Poster]:
    """Yield a poster for the relay at `url`, with the key from the environment."""
    headers = key_headers(os.environ)
    with Connection(url, headers=headers, timeout_s=TIMEOUT_S) as connection:
        yield Poster(connection, events_path(url), _wait)


def post(poster: Poster, parts: Iterable[Chunk]) -> None:
    """Post all chunks; if that fails, print the counts up to then."""
    try:
        for _ in poster.post_all(parts):
            pass
    except BaseException:
        if poster.tally.accepted or poster.tally.rejected:
            _tell_above_bar(_counts(poster.tally))
        raise


def producers_url(config_file: Path | None) -> str:
    """Return the address of the producers' port of the relay that runs with this configuration."""
    return f"http://{reachable(available_config(config_file).server.listen, 'server.listen')}"


def tell(tally: Tally, *, unit: str) -> None:
    """Print what became of the events; end the command with 1 if any was rejected."""
    _tell_each(tally.told_rejections, tally.rejected, unit)
    _tell_each(tally.told_warnings, tally.warnings, unit, "warning: ", _at_least(tally))
    click.echo(_counts(tally))
    if tally.rejected or not tally.accepted:
        raise click.exceptions.Exit(1)


def _tell_each(
    told: list[tuple[int, Complaint]], count: int, unit: str, prefix: str = "", least: str = ""
) -> None:
    screen = console(sys.stderr)
    for line, each in told:
        where = f" at {each.path}" if each.path else ""
        screen.print(plain(f"{unit} {number(line)}: {prefix}{each.code}{where}: {each.message}"))
    if count > len(told):
        what = "warnings" if prefix else "rejected events"
        more = f"{least}{number(count - len(told))}"
        screen.print(f"… and {more} more {what}; the first {LISTED} are shown")


def _counts(tally: Tally) -> str:
    if not (tally.accepted or tally.rejected):
        return "Nothing was sent: there is no event in it."
    count = f", {_at_least(tally)}{counted(tally.warnings, 'warning')}" if tally.warnings else ""
    return f"{number(tally.accepted)} accepted, {number(tally.rejected)} rejected{count}."


def _at_least(tally: Tally) -> str:
    return "at least " if tally.some_left_out else ""


def size_of(file: BinaryIO) -> int | None:
    """Return the size of a regular file in bytes, None for a pipe or a terminal."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def progress(measure: ProgressColumn, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar while the context is open, and yield the function that moves it."""
    with progress_bar(measure) as bar:
        yield partial(bar.advance, bar.add_task("Sending", total=total))


def _counted(file: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the lines of a file, and move the bar as they are read."""
    for line in lines_of(file):
        advance(len(line))
        yield line


def _wait(seconds: float) -> None:
    if seconds >= NOTED_WAIT_S:
        _tell_above_bar(f"The relay asks for patience: going on in {seconds:.0f} s.")
    time.sleep(seconds)  # the relay asked for it; there is nothing else to do meanwhile


def _tell_above_bar(line: str) -> None:
    """Print to the stderr that the bar has put in place; any other way continues the bar's line."""
    sys.stderr.write(f"{line}\n")
