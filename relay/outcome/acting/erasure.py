"""Forgets a person: first their events are withheld from sending, then the journal erases them.

Requests in flight are finished and recorded, so that the report can list their events as delivered.
One erasure runs at a time; if one fails or is interrupted, it can simply be requested again. Only
counts are logged.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.erase.traces import is_theirs
from relay.journal.report import Erased

log = logging.getLogger(__name__)

PATIENCE_S: Final = 30.0
"""How long requests in flight may take while the journal takes no events; usually, they may take as
long as they do. On a full disk, their outcomes cannot be recorded, so they would never end."""


class Senders(Protocol):
    """The senders, which hold waiting events in memory."""

    async def withhold(self, unwanted: Callable[[Pending], bool]) -> None:
        """Stop sending these events; return once none of them is in a request."""
        ...

    def release(self, unwanted: Callable[[Pending], bool]) -> None:
        """Stop withholding: the journal has ended these events."""
        ...


class Erasure:
    """See the module docstring."""

    def __init__(
        self, journal: Journal, senders: Senders, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._journal = journal
        self._senders = senders
        self._patience_s = patience_s
        self._one_at_a_time = asyncio.Lock()
        self._unfinished: dict[Subject, _Theirs] = {}
        """Rules of incomplete erasures, whose waiting events stay withheld until the next try."""

    async def forget(self, subject: Subject) -> Erased:
        """Erase a person from everything received so far. Raises `JournalUnavailable`."""
        async with self._one_at_a_time:
            ends = self._journal.ends()
            theirs = _Theirs(subject, ends)
            await self._withhold(subject, theirs)
            done = await self._journal.erase(subject, ends)
            if not done.damaged:
                self._senders.release(self._unfinished.pop(subject))
        fields = {"events": done.events, "damaged": done.damaged}
        log.info("a person was erased", extra={"fields": fields})
        return done

    async def _withhold(self, subject: Subject, theirs: "_Theirs") -> None:
        """Withhold what waits of theirs, and wait until none of it is in a request.

        The rule replaces that of the last try. Raises `JournalUnavailable` if the wait may not end.
        """
        before = self._unfinished.get(subject)
        self._unfinished[subject] = theirs
        withholding = asyncio.create_task(self._senders.withhold(theirs))
        try:
            while not (await asyncio.wait([withholding], timeout=self._patience_s))[0]:
                if reason := self._journal.unavailable():
                    raise JournalUnavailable(reason)
            await withholding
        finally:
            withholding.cancel()
            if before is not None:
                self._senders.release(before)


class _Theirs:
    """Returns whether a waiting event is the person's, and came before these offsets."""

    def __init__(self, subject: Subject, ends: Mapping[Lane, int]) -> None:
        self._subject = subject
        self._ends = ends
        self._digests = [digest.encode() for digest in subject.digests]

    def __call__(self, pending: Pending) -> bool:
        """Search for the digests as bytes first, so that hardly any event has to be decoded."""
        if pending.offset >= self._ends[pending.lane]:
            return False
        record = pending.entry.record
        if not any(digest in record for digest in self._digests):
            return False
        # A damaged event may be theirs, so it is withheld as well.
        return is_theirs(pending.entry, self._subject) is not False
