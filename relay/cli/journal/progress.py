"""What long commands need: they show their progress, and can be stopped."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import TaskProgressColumn

from relay.cli.progress import progress_bar
from relay.journal.verify.finding import Watch


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM end the block as Ctrl-C does, so that nothing is left half done."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress() -> Iterator[Watch]:
    """Show a progress bar while the context is open, and yield the function that moves it."""
    with progress_bar(TaskProgressColumn()) as bar:
        task = bar.add_task("", total=None)

        def watch(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield watch
