"""What makes a long command bearable: it shows how far it is, and can be stopped."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from relay.cli.output import console
from relay.journal.verify.finding import Watch


@contextmanager
def interruptible() -> Iterator[None]:
    """Have SIGTERM end the block as Ctrl-C does, so that it leaves nothing half done."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress() -> Iterator[Watch]:
    """Show a progress bar on stderr while the context is open, if that is a terminal."""
    screen = console(sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def watch(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield watch
