"""The progress bar of long commands."""

import sys

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from relay.cli.output import console


def progress_bar(measure: ProgressColumn) -> Progress:
    """Return a progress bar on stderr, shown only on a terminal; `measure` is a column of it."""
    screen = console(sys.stderr)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        measure,
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
