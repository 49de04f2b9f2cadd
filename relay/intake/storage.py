"""The half of intake that exists once per relay: the duplicate window, and the way to the journal.

Whichever process prepared the events, they are stored here. The duplicate window removes what came
before and remembers the rest in the same call that hands it to the journal, so no other request can
come in between; it forgets them again if they are not stored.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Protocol

from relay.intake.problem import Finding
from relay.intake.route import Router
from relay.journal.entry import Entry, Rejection

Listener = Callable[[Sequence[Entry], Sequence[Finding]], None]
"""Told what was stored, in the form in which it was, and what was left out of it."""


class Log(Protocol):
    """What is needed of a journal; see `relay.journal.base.Journal.append`."""

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Queue events and rejections of one request; done when the commit is on disk."""
        ...


class Storage:
    """Stores what was prepared of each request."""

    def __init__(
        self, router: Router, journal: Log, *, on_stored: Listener = lambda *_: None
    ) -> None:
        self._router = router
        self._journal = journal
        self._on_stored = on_stored

    def put(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        warnings: Sequence[Finding] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Hand the events to the journal; done when they are on disk.

        Fails with `JournalUnavailable` if they are not stored after all; then the duplicate window
        has forgotten them, and the same entries may be put again. To cancel what is returned only
        ends the waiting.
        """
        kept = self._router.claim(entries)
        try:
            stored = self._journal.append(kept, rejections, key)
        except Exception:
            self._router.forget(kept)
            raise
        waiting: Future[None] = asyncio.get_running_loop().create_future()

        def ended(done: "Future[None]") -> None:
            try:
                self._forget_unless(done, kept, warnings)
            finally:  # whatever a listener does: what is on disk is acknowledged
                _pass_on(done, waiting)

        if stored.done():
            ended(stored)
        else:
            stored.add_done_callback(ended)
        return waiting

    def _forget_unless(
        self, stored: "Future[None]", claimed: Sequence[Entry], warnings: Sequence[Finding]
    ) -> None:
        if stored.exception() is not None:
            self._router.forget(claimed)
        else:
            self._on_stored(claimed, warnings)


def _pass_on(done: "Future[None]", waiting: "Future[None]") -> None:
    """End a future like another one, unless nobody waits for it any more."""
    if waiting.done():
        return
    if error := done.exception():
        waiting.set_exception(error)
    else:
        waiting.set_result(None)
