"""The part of intake that exists once per relay: the duplicate window, and the way to the journal.

Events are stored here, whichever process prepared them. The duplicate window removes those that
came before and remembers the rest in the same call that hands them to the journal, so no other
request can come in between; it forgets them again if they are not stored.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Protocol

from relay.intake.problem import Finding
from relay.intake.route import Router
from relay.journal.entry import Entry, Rejection

Listener = Callable[[Sequence[Entry], Sequence[Finding]], None]
"""Called with the entries, as they were stored, and the warnings about what was left out of
them."""


class Log(Protocol):
    """The part of a journal that is needed here; see `relay.journal.base.Journal.append`."""

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Queue events and rejections of one request; the future is done when they are on disk."""
        ...


class Storage:
    """Stores the prepared events of each request."""

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
        """Hand the events to the journal; the future is done when they are on disk.

        It fails with `JournalUnavailable` if they are not stored; the duplicate window has then
        forgotten them, and the same entries may be put again. Cancelling the future only ends the
        waiting.
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
            finally:  # events on disk are acknowledged, whatever a listener does
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
    """Complete `waiting` like `done`, unless nobody waits any more."""
    if waiting.done():
        return
    if error := done.exception():
        waiting.set_exception(error)
    else:
        waiting.set_result(None)
