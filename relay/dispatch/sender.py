"""The sender of one destination: it reads, batches, sends and judges, and records the results.

One task drives it and owns its state; each request in flight is a task of its group. A failure here
stays here: no other destination and no producer waits for it. After `stop`, nothing new is sent;
requests in flight are finished, and everything else simply stays in the journal.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from relay.config.secret import SecretSource
from relay.delivery import Answer, Destination, LateCode
from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.dispatch.gate import Gate
from relay.dispatch.judge import MAX_CODE, Ruling, judge, safe_request_id, settlement_of
from relay.dispatch.lateness import late_codes
from relay.dispatch.pace import Pace
from relay.dispatch.preparation import Preparation
from relay.dispatch.reader import Reader
from relay.dispatch.redaction import without_token
from relay.dispatch.retry import CULPRIT_MAX_S, EVENT_MAX_S, event_wait_s
from relay.dispatch.steady import SteadyClock
from relay.dispatch.transport import Fault, Transport
from relay.dispatch.waiting import Waiting
from relay.dispatch.withheld import Unwanted
from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.entry import Pending
from relay.journal.settlement import Receipt
from relay.logs import scrub
from relay.outcome.health import Health
from relay.outcome.recorder import Recorder
from relay.rules import Rules

IDLE_S = 1.0
"""The longest sleep in seconds: due times and a changed token are noticed at least this often."""
MISTAKE = Answer(kind="transient", code="bug")
"""Stands for the answer if the relay itself made a mistake: the events are kept and tried again."""

log = logging.getLogger(__name__)


class Sender:
    """See the module docstring. `clock` returns Unix seconds; `pace` shares the `steady` clock."""

    def __init__(
        self,
        destination: Destination,
        *,
        journal: Journal,
        transport: Transport,
        recorder: Recorder,
        token: SecretSource,
        pace: Pace,
        batcher: Batcher,
        timeout_s: float,
        clock: Callable[[], float],
        steady: SteadyClock,
        randomness: random.Random,
        rules: Rules,
    ) -> None:
        self.destination = destination
        self._transport = transport
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._clock = clock
        self._steady = steady
        self._random = randomness
        self._waiting = Waiting(batcher)
        self._size_limit = batcher.size_limit
        self._reader = self._reader_of(journal, batcher, randomness, rules)
        self._gate = Gate(
            destination.name,
            journal=journal,
            token=token,
            pace=pace,
            clock=steady,
            randomness=randomness,
        )
        self._in_flight = 0
        self._under_way: list[Batch] = []
        self._over = asyncio.Event()
        """Set whenever a request is over."""
        self._passed_at = 0.0
        self._wake = asyncio.Event()
        self._stopping = False

    def _reader_of(
        self, journal: Journal, batcher: Batcher, randomness: random.Random, rules: Rules
    ) -> Reader:
        preparation = Preparation(
            self.destination,
            clock=self._clock,
            steady=self._steady,
            randomness=randomness,
            rules=rules,
        )
        return Reader(
            self.destination.name,
            preparation,
            journal=journal,
            batcher=batcher,
            waiting=self._waiting,
            recorder=self._recorder,
            steady=self._steady,
        )

    async def run(self) -> None:
        """Send until `stop`, then finish what is in flight."""
        async with asyncio.TaskGroup() as requests:
            while not self._stopping:
                self._wake.clear()
                wait_s = await self._look(requests)
                if wait_s > 0:
                    await self._sleep(min(wait_s, IDLE_S))
        await self._gate.keep()  # what the last answers said

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping = True
        self._wake.set()

    def notify(self) -> None:
        """Look for new events: the journal has committed some."""
        self._reader.more()
        self._wake.set()

    async def pause(self) -> None:
        """Send nothing until `resume`, even after a restart. Raises as `Gate.pause` does."""
        await self._gate.pause()

    async def resume(self) -> None:
        """Clear any pause or wait, and try at once. Raises as `Gate.resume` does."""
        try:
            await self._gate.resume()
        finally:  # it takes effect even if it is not on disk
            self._wake.set()

    async def withhold(self, unwanted: Unwanted) -> None:
        """Stop sending the events that match; return once none of them is in a request."""
        self._reader.withhold(unwanted)
        while any(unwanted(each) for batch in self._under_way for each in batch.pendings):
            self._over.clear()
            await self._over.wait()

    def release(self, unwanted: Unwanted) -> None:
        """Undo `withhold`, now that the journal has ended these events."""
        self._reader.release(unwanted)

    def health(self) -> Health:
        """Return the state for display."""
        return replace(
            self._gate.health(),
            in_flight=self._in_flight,
            latest_requests=self._recorder.latest_requests,
        )

    async def _look(self, requests: asyncio.TaskGroup) -> float:
        """Take a step; while the journal cannot be read, try again after `IDLE_S`."""
        try:
            return await self._step(requests)
        except JournalUnavailable:
            return IDLE_S

    async def _step(self, requests: asyncio.TaskGroup) -> float:
        """Start at most one request; return the seconds until the next step makes sense."""
        self._gate.token()  # what it finds is kept and told
        await self._gate.keep()
        await self._reader.refill()
        token = self._gate.token()  # it may have been replaced meanwhile
        wait_s = self._gate.wait_s(self._in_flight)
        if wait_s > 0 or token is None or self._stopping:
            return wait_s or IDLE_S
        now_ms = self._clock() * 1000
        batch = self._next_batch(now_ms)
        if batch is None:
            return await self._idle(now_ms)
        self._gate.take()
        self._in_flight += 1
        self._under_way.append(batch)
        requests.create_task(self._deliver(batch, token))
        return 0

    def _next_batch(self, now_ms: float) -> Batch | None:
        if (most := self._gate.max_events) is not None:
            gate = self._gate
            return self._waiting.trial(most, rotate=gate.rotates, money_first=gate.troubled)
        return self._waiting.next(now_ms)

    async def _idle(self, now_ms: float) -> float:
        """Return the seconds until a batch is ready; if nothing is left to send, end the trouble.

        No batch was ready at `now_ms`. Looking at the clock again could find one that has become
        ready since, and would then sleep for `IDLE_S`.
        """
        if self._reader.is_behind:
            return 0
        if self._gate.troubled and not await self._reader.anything_left():
            self._gate.rest()
        return self._waiting.wait_s(now_ms) or IDLE_S

    async def _deliver(self, batch: Batch, token: str) -> None:
        try:
            young, expired = self._reader.part(batch)
            if len(young):
                await self._exchange(young, token)
            await self._reader.bury(expired)  # last: it takes as long as the storage fails
        finally:
            self._in_flight -= 1
            self._under_way.remove(batch)
            self._waiting.ended(batch)
            self._over.set()
            self._wake.set()

    async def _exchange(self, batch: Batch, token: str) -> None:
        sent_at, began_at = self._clock(), self._steady()
        retries = batch.begin()
        fields = {"destination": self.destination.name, "events": len(batch), "retries": retries}
        log.debug("a request is sent", extra={"fields": fields})
        body_bytes = batch.body_bytes
        answer = await self._ask(batch, token)
        self._size_limit.note(answer, body_bytes)
        ruling = judge(batch, answer, sent_at=began_at, passed_at=self._passed_at)
        receipt = self._receipt(ruling, answer, sent_at)
        settlement = settlement_of(ruling, receipt, partial(self._due_ms, ruling))
        self._waiting.put(ruling.again)
        if ruling.suspicious and ruling.retry:
            self._reader.suspect(batch)
        self._note(ruling, answer, began_at)
        warnings = [*ruling.warnings, *self._late(batch, ruling, sent_at)]
        await self._recorder.record(settlement, warnings, retries=retries)
        self._reader.ended(settlement)

    async def _ask(self, batch: Batch, token: str) -> Answer:
        try:
            request = self.destination.request(batch.payloads, token)
            response = await self._transport.send(request, self._timeout_s)
            if isinstance(response, Fault):
                return Answer(kind="transient", code=response.kind)
            return without_token(self.destination.answer(response, len(batch)), token)
        except Exception as error:  # noqa: BLE001 - a destination must not stop the others
            return self._mistaken(error)

    def _late(self, batch: Batch, ruling: Ruling, sent_at: float) -> Sequence[LateCode]:
        """Return the warnings for late events; none in test mode: nothing is recorded then."""
        if self.destination.test:
            return ()
        unknown_at = self._steady.by_clock(batch.unknown_at)
        return late_codes(batch, ruling.delivered, self.destination.limits, sent_at, unknown_at)

    def _mistaken(self, error: Exception) -> Answer:
        fields = {"destination": self.destination.name, "error": type(error).__name__}
        log.error("a request could not be made or understood", extra={"fields": fields})
        return MISTAKE

    def _note(self, ruling: Ruling, answer: Answer, began_at: float) -> None:
        if ruling.delivered:
            self._passed_at = max(self._passed_at, began_at)
        if ruling.suspicious:
            return
        if ruling.outcome == "invalid":  # a confirmed doubt is about the events, too
            answer = replace(answer, kind="refused")
        self._gate.note(answer, began_at)

    def _due_ms(self, ruling: Ruling, pending: Pending) -> int:
        max_s = CULPRIT_MAX_S if ruling.suspicious else EVENT_MAX_S
        wait_s = event_wait_s(pending.attempts, self._random, max_s)
        return round((self._steady() + wait_s) * 1000)

    def _receipt(self, ruling: Ruling, answer: Answer, sent_at: float) -> Receipt:
        return Receipt(
            at_ms=round(sent_at * 1000),
            duration_ms=max(0, round((self._clock() - sent_at) * 1000)),
            outcome=ruling.outcome,
            http_status=answer.http_status,
            code=scrub(answer.code, MAX_CODE),
            message=scrub(answer.message),
            request_id=safe_request_id(answer.request_id),
        )

    async def _sleep(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return
