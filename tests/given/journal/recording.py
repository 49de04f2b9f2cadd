"""A journal that keeps in memory what it is handed, and stores or fails when a test says so."""

import asyncio
from asyncio import Future
from collections.abc import Sequence

from relay.errors import JournalUnavailable
from relay.journal.entry import Entry, Rejection


class RecordingJournal:
    """Implements `append` only. `held` keeps appends waiting until `release` or `fail`."""

    def __init__(self, *, held: bool = False) -> None:
        self.entries: list[Entry] = []
        self.rejections: list[Rejection] = []
        self.refusal: str | None = None
        """While set, every append fails at once for this reason."""
        self.mistake: Exception | None = None
        """While set, every append raises it, in a way that no contract knows."""
        self.keys: list[str | None] = []
        """The key that each append was counted with."""
        self._held = held
        self._waiting: list[tuple[Future[None], Sequence[Entry], Sequence[Rejection]]] = []

    @property
    def event_ids(self) -> list[str]:
        """The ids of what is stored, in order."""
        return [entry.conversion.event_id for entry in self.entries]

    @property
    def waiting(self) -> int:
        """How many appends wait for `release` or `fail`."""
        return len(self._waiting)

    def append(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection] = (),
        key: str | None = None,
    ) -> "Future[None]":
        """Queue; see `relay.journal.base.Journal.append`."""
        if self.mistake is not None:
            raise self.mistake
        self.keys.append(key)
        stored: Future[None] = asyncio.get_running_loop().create_future()
        if self.refusal is not None:
            stored.set_exception(JournalUnavailable(self.refusal, retry_after_s=7))
            return stored
        self._waiting.append((stored, entries, rejections))
        if not self._held:
            asyncio.get_running_loop().call_soon(self.release)
        return stored

    def release(self) -> None:
        """Store what waits."""
        for stored, entries, rejections in self._taken():
            self.entries += entries
            self.rejections += rejections
            if not stored.done():
                stored.set_result(None)

    def fail(self, reason: str = "the disk is full") -> None:
        """Fail what waits."""
        for stored, _, _ in self._taken():
            if not stored.done():
                stored.set_exception(JournalUnavailable(reason, retry_after_s=7))

    def _taken(self) -> list[tuple["Future[None]", Sequence[Entry], Sequence[Rejection]]]:
        waiting, self._waiting = self._waiting, []
        return waiting
