"""Publishes outcomes from the journal to `relay.outcomes`, apart from the flow of events.

Each row is written, acknowledged by the cluster, and then deleted from the journal. While the
cluster is down, the journal keeps the outcomes.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from relay.dispatch.retry import Backoff
from relay.errors import JournalUnavailable
from relay.journal.outbox import Backlog, OutcomeLog, Waiting
from relay.kafka.client import Clients
from relay.kafka.fault import KNOWN, Fault, fault_of, mistake_of
from relay.kafka.writer import Record, Writer
from relay.metrics import Metrics
from relay.outcome.published import records
from relay.outcome.views.source import OutcomesState, OutcomesView

TOPIC: Final = "relay.outcomes"
ROWS: Final = 4
"""Rows of the journal that are published at a time, each of up to 1,000 outcomes."""
LOOK_S: Final = 0.25
RECOUNT_S: Final = 10.0
"""Time between two counts of what waits, while more is waiting: counting a million rows takes half
a second, in which thousands can be published."""
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 60.0

log = logging.getLogger(__name__)


class OutcomePublisher:
    """See the module docstring."""

    def __init__(
        self,
        clients: Clients,
        journal: OutcomeLog,
        metrics: Metrics,
        randomness: random.Random,
    ) -> None:
        self._writer = Writer(clients)
        self._journal = journal
        self._metrics = metrics
        self._waits = Backoff(FIRST_WAIT_S, MAX_WAIT_S, randomness)
        self._stop = asyncio.Event()
        self._fault: Fault | None = None
        self._is_connected = False
        self._after = self._forgotten = 0
        self._published = 0
        self._backlog = Backlog(0, 0)
        self._counted_s: float | None = None

    def view(self) -> OutcomesView:
        """Return the state of publishing."""
        state, message = self._standing()
        return OutcomesView(
            state=state,
            message=message,
            topic=TOPIC,
            published=self._published,
            waiting=self._backlog.waiting,
            lost=self._backlog.lost,
        )

    def stop(self) -> None:
        """Stop publishing; what is not published yet waits in the journal."""
        self._stop.set()

    async def run(self) -> None:
        """Publish until `stop`; may also be cancelled."""
        try:
            while not self._stop.is_set():
                fault = await self._attempt()
                if fault is not None:
                    await self._writer.close()
                    self._tell(fault)
                    await self._pause(self._waits.next_s())
        finally:
            await self._writer.close()

    async def _attempt(self) -> Fault | None:
        """Publish until stopped or something fails; return the fault, or None."""
        try:
            await self._look()
            await self._writer.prepare([TOPIC])
            self._is_connected = True
            while not self._stop.is_set():
                await self._turn()
        except KNOWN as error:
            return fault_of(error, doing="publishing")
        except JournalUnavailable as error:
            return Fault(f"the outcomes that wait cannot be read: {error.reason}", "journal.path")
        except Exception as error:
            log.exception("publishing outcomes failed")
            return mistake_of(error)
        return None

    def _standing(self) -> tuple[OutcomesState, str]:
        if self._fault is not None:
            return "unreachable", self._fault.advice
        if not self._is_connected:
            return "connecting", "Kafka is being connected to"
        return "active", "outcomes are published"

    async def _turn(self) -> None:
        rows = await self._journal.outcomes(self._after, ROWS)
        if rows:
            await self._publish(rows)
            self._after = rows[-1].id
        if self._forgotten < self._after:
            # If the journal cannot be written, it keeps published rows. They are skipped until it
            # deletes them, and published again if the relay ends before that.
            with suppress(JournalUnavailable):
                await self._journal.outcomes_published(self._after)
                self._forgotten = self._after
        self._tell(None)
        self._waits.reset()
        if len(rows) < ROWS or self._is_count_old():
            await self._look()
        if len(rows) < ROWS:
            await self._pause(LOOK_S)

    async def _publish(self, rows: Sequence[Waiting]) -> None:
        found = [Record(TOPIC, *record) for row in rows for record in records(row)]
        await self._writer.write(found, self._explain)
        self._published += len(found)
        waiting, lost = self._backlog
        self._know(Backlog(max(0, waiting - len(found)), lost))

    async def _explain(self, fault: Fault) -> None:
        """Report why nothing is published, and count how much waits."""
        self._tell(fault)
        await self._look()

    async def _look(self) -> None:
        backlog = await self._journal.outcome_backlog()
        if self._counted_s is not None and backlog.lost > self._backlog.lost:
            log.warning(
                "outcomes were given up: the journal is at its size limit",
                extra={"fields": {"lost": backlog.lost}},
            )
        self._counted_s = asyncio.get_running_loop().time()
        self._know(backlog)

    def _know(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._metrics.outcomes_waiting.set(backlog.waiting)

    def _is_count_old(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        return self._counted_s is None or now_s - self._counted_s >= RECOUNT_S

    def _tell(self, fault: Fault | None) -> None:
        """Log a change of the fault."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault is None:
            log.info("outcomes are published", extra={"fields": {"topic": TOPIC}})
            return
        fields = {"topic": TOPIC, "reason": fault.reason, "key": fault.key}
        message = "outcomes cannot be published; they are kept, and it is tried again"
        log.warning(message, extra={"fields": fields})

    async def _pause(self, wait_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stop.wait()
