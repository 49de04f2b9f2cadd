"""The bar that long commands show."""

import sys

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

from relay.cli.output import console


def progress_bar(measure: ProgressColumn) -> Progress:
    """Return a bar on stderr, shown if that is a terminal; `measure` tells how far it is."""
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
