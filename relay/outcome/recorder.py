"""Records the result of a request: in the journal first, then as metrics and one log line."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import get_args

from relay.delivery import LateCode
from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.settlement import Receipt, Settlement
from relay.metrics import Metrics
from relay.outcome.last_minute import LastMinute

REPEAT_S = 1.0
"""Seconds between two attempts to record while the storage fails."""

log = logging.getLogger(__name__)


class Recorder:
    """Records the requests of one destination. `clock` returns Unix seconds."""

    def __init__(
        self,
        destination: str,
        journal: Journal,
        metrics: Metrics,
        clock: Callable[[], float],
        *,
        repeat_s: float = REPEAT_S,
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._metrics = metrics
        self._clock = clock
        self._repeat_s = repeat_s
        self._last_minute = LastMinute(clock)
        metrics.expect(destination)
        for code in get_args(LateCode):
            metrics.warnings.add(destination, code, count=0)

    @property
    def latest_requests(self) -> int:
        """Return how many requests there were within the last minute."""
        return self._last_minute.count()

    async def record(
        self, settlement: Settlement, warnings: Sequence[str] = (), *, retries: int = 0
    ) -> None:
        """Return once the settlement is on disk, however long the storage fails.

        The platform has already answered: giving up here would send the events twice. `retries` is
        how many of them had been in a request before.
        """
        await self._settle(settlement)
        self._count_delivered(settlement.delivered)
        for code, count in Counter(warnings).items():
            self._metrics.warnings.add(self._destination, code, count=count)
        if settlement.receipt is None:
            self._log_ended(settlement)
            return
        self._metrics.retries.add(self._destination, count=retries)
        self._count_request(settlement, settlement.receipt)
        self._log_request(settlement, settlement.receipt)

    async def _settle(self, settlement: Settlement) -> None:
        refusals = 0
        while True:
            try:
                await self._journal.settle(self._destination, settlement)
            except JournalUnavailable as error:
                refusals += 1
                if refusals == 1:
                    fields = self._fields(reason=error.reason)
                    log.warning("an outcome cannot be recorded yet", extra=fields)
                await asyncio.sleep(self._repeat_s)
            else:
                break
        if refusals:
            log.info("the outcome is recorded", extra=self._fields(refusals=refusals))

    def _count_delivered(self, delivered: Sequence[Pending]) -> None:
        now_ms = self._clock() * 1000
        received = Counter([each.entry.received_ms for each in delivered])
        for received_ms, count in received.items():
            age_s = max(0.0, now_ms - received_ms) / 1000
            self._metrics.delivery_seconds.observe(age_s, self._destination, count=count)

    def _count_request(self, settlement: Settlement, receipt: Receipt) -> None:
        self._last_minute.add()
        self._metrics.requests.add(self._destination, receipt.outcome)
        self._metrics.request_seconds.observe(receipt.duration_ms / 1000, self._destination)
        self._metrics.batch_events.observe(_events_of(settlement), self._destination)

    def _log_request(self, settlement: Settlement, receipt: Receipt) -> None:
        fields = self._fields(
            outcome=receipt.outcome,
            events=_events_of(settlement),
            delivered=len(settlement.delivered),
            dead=len(settlement.dead),
            http_status=receipt.http_status,
            code=receipt.code,
            request_id=receipt.request_id,
            duration_ms=receipt.duration_ms,
        )
        log.info("request answered", extra=fields)
        if receipt.message:
            words = self._fields(request_id=receipt.request_id, words=receipt.message)
            log.debug("what the platform says", extra=words)

    def _log_ended(self, settlement: Settlement) -> None:
        reasons = Counter(str(each.reason) for each in settlement.dead)
        for reason, count in reasons.items():
            log.info("events ended unsent", extra=self._fields(reason=reason, events=count))

    def _fields(self, **fields: object) -> dict[str, object]:
        return {"fields": {"destination": self._destination, **fields}}


def _events_of(settlement: Settlement) -> int:
    parts = (settlement.delivered, settlement.dead, settlement.retry, settlement.waiting)
    return sum(map(len, parts))
