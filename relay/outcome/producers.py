"""Reports on producers: their keys, and what to fix in their events.

It reads the journal while events flow. The doctor examines the last day's latest `MAX_EVENTS` in a
thread of its own, so that neither producers nor senders wait for it. No secret and no value of an
event is shown.

However many ask, the doctor works for at most about one part in `SHARE` of the time: a result is
reused for `SHARE` times as long as it took, and those who ask meanwhile share the run under way. So
a small journal is always shown up to date, and a large one costs producers and senders little.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from relay.conversion import Conversion
from relay.journal.base import Journal
from relay.journal.figures.reports import MAX_REJECTIONS
from relay.keys.record import Key
from relay.outcome.doctor.doctor import Diagnosis, Doctor
from relay.outcome.views.api import KeyList
from relay.outcome.views.key import key_view
from relay.outcome.views.refusal import Refusal, refusals

MAX_EVENTS: Final = 5_000
LOOK_BACK_S: Final = 86_400
SHARE: Final = 20
MAX_KEPT_S: Final = 30.0
"""The longest time for which a result is reused."""


class _Found(NamedTuple):
    diagnosis: Diagnosis
    since_s: float
    until_s: float

    def holds(self, now_s: float) -> bool:
        """Whether the result may be reused; not if the clock was set back."""
        return self.since_s <= now_s < self.until_s


class Producers:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        journal: Journal,
        keys_in_force: Callable[[], Sequence[Key]],
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._keys_in_force = keys_in_force
        self._clock = clock
        self._looking = asyncio.Lock()
        self._found: _Found | None = None

    async def keys(self) -> KeyList:
        """Return every key with its uses."""
        uses, now_s = await self._journal.key_usage(), self._clock()
        return KeyList(
            [key_view(key, uses.get(key.uses_of), now_s) for key in self._keys_in_force()]
        )

    async def diagnosis(self) -> Diagnosis:
        """Return what to fix, the greatest gain first; at most `MAX_KEPT_S` old."""
        async with self._looking:
            began_s = self._clock()
            if self._found is None or not self._found.holds(began_s):
                diagnosis, now_s = await self._diagnosis(), self._clock()
                kept_s = min(SHARE * (now_s - began_s), MAX_KEPT_S)
                self._found = _Found(diagnosis, now_s, now_s + kept_s)
            return self._found.diagnosis

    async def _diagnosis(self) -> Diagnosis:
        since_ms = round((self._clock() - LOOK_BACK_S) * 1000)
        events = await self._journal.recent_events(since_ms, MAX_EVENTS)
        doctor = await asyncio.to_thread(_looked, events)
        refused = [
            Refusal(each.key or "", each.path, each.code)
            for each in await self._journal.rejections(MAX_REJECTIONS)
            if each.at_ms >= since_ms
        ]
        return doctor.diagnosis(refusals(refused, doctor.events))


def _looked(events: Sequence[Conversion]) -> Doctor:
    doctor = Doctor()
    for event in events:
        doctor.look(event)
    return doctor
