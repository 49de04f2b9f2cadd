"""Forgets a person: first nothing of theirs is sent any more, then the journal erases them.

Requests that are already in flight are finished and recorded, so that the report can name their
events as delivered. One erasure runs at a time; one that failed or was cut off is simply requested
again. Only counts are logged.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from relay.event_name import Lane
from relay.identity.subject import Subject
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.erase.traces import is_theirs
from relay.journal.report import Erased

log = logging.getLogger(__name__)


class Senders(Protocol):
    """Who holds waiting events in memory."""

    async def withhold(self, unwanted: Callable[[Pending], bool]) -> None:
        """Send none of these any more; return once none of them is in a request."""
        ...

    def release(self, unwanted: Callable[[Pending], bool]) -> None:
        """Forget the rule: the journal has ended these events."""
        ...


class Erasure:
    """See the module docstring."""

    def __init__(self, journal: Journal, senders: Senders) -> None:
        self._journal = journal
        self._senders = senders
        self._one_at_a_time = asyncio.Lock()
        self._unfinished: dict[Subject, _Theirs] = {}
        """Of erasures that left something: what waits of it stays withheld until the next try."""

    async def forget(self, subject: Subject) -> Erased:
        """Erase a person from all that came until now. Raises `JournalUnavailable`."""
        async with self._one_at_a_time:
            ends = self._journal.ends()
            theirs = _Theirs(subject, ends)
            await self._senders.withhold(theirs)
            before = self._unfinished.pop(subject, None)
            self._unfinished[subject] = theirs
            if before is not None:
                self._senders.release(before)
            done = await self._journal.erase(subject, ends)
            if not done.damaged:
                self._senders.release(self._unfinished.pop(subject))
        fields = {"events": done.events, "damaged": done.damaged}
        log.info("a person was erased", extra={"fields": fields})
        return done


class _Theirs:
    """Whether a waiting event is a person's, and came before these offsets."""

    def __init__(self, subject: Subject, ends: Mapping[Lane, int]) -> None:
        self._subject = subject
        self._ends = ends
        self._digests = [digest.encode() for digest in subject.digests]

    def __call__(self, pending: Pending) -> bool:
        """Look for the digests as bytes first: hardly any event has to be decoded for it."""
        if pending.offset >= self._ends[pending.lane]:
            return False
        record = pending.entry.record
        if not any(digest in record for digest in self._digests):
            return False
        # In doubt it is theirs: what is damaged is sent to nobody.
        return is_theirs(pending.entry, self._subject) is not False
