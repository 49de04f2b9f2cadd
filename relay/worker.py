"""Starts a worker process: `relay serve` runs `python -m relay.worker DESCRIPTOR`.

The descriptor is the worker's end of a socket to the main process. Before anything else is loaded,
a thread begins to watch the other end. So the worker ends with the main process, whatever it is
doing at the moment, and does not keep its port.
"""

import os
import select
import signal
import sys
import threading
from typing import Final

ORPHANED: Final = 1
"""The exit code of a worker whose main process is gone."""


class Lifeline:
    """Ends the process when the other end of a socket is closed, unless `release` was called."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._released = False
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def release(self) -> None:
        """Stop watching: the process ends by itself."""
        self._released = True

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, 0)  # a hang-up is always reported
        poll.poll()
        if not self._released:
            os._exit(ORPHANED)


def main(descriptor: int) -> None:
    """Work until the main process says to stop, or is gone."""
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # the main process says what to do
    lifeline = Lifeline(descriptor)
    from relay.app.worker import work  # noqa: PLC0415 - takes a while, and the lifeline is first

    work(descriptor, lifeline.release)


if __name__ == "__main__":
    main(int(sys.argv[1]))
