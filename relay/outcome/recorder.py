"""Records what a request did: the journal first, then metrics and one log line."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from relay.errors import JournalUnavailable
from relay.journal.base import Journal, Pending, Settlement
from relay.metrics import Metrics

REPEAT_S = 1.0
"""Between two tries to record while the storage fails."""

log = logging.getLogger(__name__)


class Recorder:
    """The record of one destination. `clock` returns Unix seconds."""

    def __init__(
        self, destination: str, journal: Journal, metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._metrics = metrics
        self._clock = clock

    async def record(self, settlement: Settlement, warnings: Sequence[str] = ()) -> None:
        """Return once the settlement is on disk, however long the storage fails.

        The platform has already answered: giving up here would send its events twice.
        """
        while True:
            try:
                await self._journal.settle(self._destination, settlement)
                break
            except JournalUnavailable as error:
                log.warning("cannot record a delivery", extra=self._fields(reason=error.reason))
                await asyncio.sleep(REPEAT_S)
        self._count(settlement, warnings)
        self._log(settlement)

    def _count(self, settlement: Settlement, warnings: Sequence[str]) -> None:
        self._count_delivered(settlement.delivered)
        for code, count in Counter(warnings).items():
            self._metrics.warnings.labels(self._destination, code).inc(count)
        receipt = settlement.receipt
        if receipt is not None:
            self._metrics.requests.labels(self._destination, receipt.outcome).inc()
            seconds = receipt.duration_ms / 1000
            self._metrics.request_seconds.observe(seconds, self._destination)
            self._metrics.batch_events.observe(_events_of(settlement), self._destination)

    def _count_delivered(self, delivered: Sequence[Pending]) -> None:
        now_ms = self._clock() * 1000
        received = Counter(pending.entry.conversion.received_ms for pending in delivered)
        for received_ms, count in received.items():
            age_s = max(0.0, now_ms - received_ms) / 1000
            self._metrics.delivery_seconds.observe(age_s, self._destination, count=count)

    def _log(self, settlement: Settlement) -> None:
        receipt = settlement.receipt
        if receipt is None:
            log.info("events expired", extra=self._fields(dead=len(settlement.dead)))
            return
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

    def _fields(self, **fields: object) -> dict[str, object]:
        return {"fields": {"destination": self._destination, **fields}}


def _events_of(settlement: Settlement) -> int:
    parts = (settlement.delivered, settlement.dead, settlement.retry, settlement.waiting)
    return sum(map(len, parts))
