"""The sender of one destination: reads, batches, sends, judges, and has it recorded.

One task drives it and owns its state; each request in flight is a task of its group. What goes
wrong here stays here: no other destination waits for it, and no producer does. On `stop` nothing
new is sent; what is in flight is finished, and everything else simply stays in the journal.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable

from relay.config.secret import SecretSource
from relay.delivery import Answer, Destination, HttpResponse
from relay.dispatch.batcher import Batch, Batcher
from relay.dispatch.breaker import Breaker
from relay.dispatch.judge import MAX_CODE, Ruling, judge, safe_request_id, settlement_of
from relay.dispatch.limits import TokenBucket
from relay.dispatch.reader import Reader
from relay.dispatch.retry import event_wait_s
from relay.dispatch.transport import Fault, Transport
from relay.journal.base import Journal, Pause, Pending, Receipt
from relay.logs import scrub
from relay.outcome.health import Health
from relay.outcome.recorder import Recorder

MAX_IN_FLIGHT = 8
"""Requests in flight to one destination."""
IDLE_S = 1.0
"""The longest sleep: due times and a changed token are noticed at least this often."""


class Sender:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        destination: Destination,
        *,
        journal: Journal,
        transport: Transport,
        recorder: Recorder,
        token: SecretSource,
        bucket: TokenBucket,
        batcher: Batcher,
        timeout_s: float,
        clock: Callable[[], float],
        randomness: random.Random,
    ) -> None:
        self.destination = destination
        self._journal = journal
        self._transport = transport
        self._recorder = recorder
        self._token = token
        self._token_version = -1
        self._bucket = bucket
        self._batcher = batcher
        self._timeout_s = timeout_s
        self._clock = clock
        self._random = randomness
        self._reader = Reader(destination, journal, batcher, recorder, clock)
        self._breaker = Breaker(clock, randomness, journal.pauses().get(destination.name))
        self._again: deque[Batch] = deque()
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Send until `stop`, then finish what is in flight."""
        async with asyncio.TaskGroup() as requests:
            while not self._stopping:
                self._wake.clear()
                wait_s = await self._step(requests)
                if wait_s > 0:
                    await self._sleep(min(wait_s, IDLE_S))

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping = True
        self._wake.set()

    def notify(self) -> None:
        """Look for new events: the journal has committed some."""
        self._reader.more()
        self._wake.set()

    async def pause(self) -> None:
        """Send nothing until `resume`, over restarts as well."""
        self._breaker.stop("paused_by_operator")
        await self._journal.save_pause(self.destination.name, self._breaker.pause)

    async def resume(self) -> None:
        """Clear any pause or wait, and try at once."""
        self._breaker.resume()
        await self._journal.save_pause(self.destination.name, None)
        self._wake.set()

    def health(self) -> Health:
        """Return the state as people see it."""
        return self._breaker.health()

    async def _step(self, requests: asyncio.TaskGroup) -> float:
        """Start at most one request; return the seconds until the next look is worth it."""
        before = self._breaker.pause
        token = self._read_token()
        await self._save_pause(before)
        await self._reader.refill()
        wait_s = self._gate_s()
        if wait_s > 0 or token is None:
            return wait_s or IDLE_S
        batch = self._next_batch()
        if batch is None:
            return self._batcher.wait_s(self._clock() * 1000) or IDLE_S
        self._bucket.take()
        self._in_flight += 1
        requests.create_task(self._deliver(batch, token))
        return 0

    def _read_token(self) -> str | None:
        secret, version = self._token.current()
        if version != self._token_version:
            self._token_version = version
            self._breaker.token_changed(present=secret is not None)
        return None if secret is None else secret.reveal()

    def _gate_s(self) -> float:
        if self._in_flight >= (1 if self._breaker.alone else MAX_IN_FLIGHT):
            return IDLE_S
        wait_s = self._breaker.wait_s()
        return IDLE_S if wait_s is None else max(wait_s, self._bucket.wait_s())

    def _next_batch(self) -> Batch | None:
        limit = self._breaker.max_events
        if not self._again:
            return self._batcher.batch(self._clock() * 1000, max_events=limit)
        batch = self._again.popleft()
        if limit is not None and len(batch.pendings) > limit:
            count = len(batch.pendings)
            self._again.appendleft(batch.part(range(limit, count)))
            batch = batch.part(range(limit))
        return batch

    async def _deliver(self, batch: Batch, token: str) -> None:
        try:
            await self._exchange(batch, token)
        finally:
            self._in_flight -= 1
            self._wake.set()

    async def _exchange(self, batch: Batch, token: str) -> None:
        batch = await self._reader.without_expired(batch)
        if not batch.pendings:
            return
        sent_at = self._clock()
        request = self.destination.request(batch.payloads, token)
        response = await self._transport.send(request, self._timeout_s)
        answer = self._answer(response, len(batch.pendings))
        ruling = judge(batch, answer)
        self._again.extendleft(reversed(ruling.again))
        await self._note(answer, sent_at)
        settlement = settlement_of(ruling, self._receipt(ruling, answer, sent_at), self._due_ms)
        await self._recorder.record(settlement, ruling.warnings)
        self._reader.ended(settlement)

    def _answer(self, response: HttpResponse | Fault, count: int) -> Answer:
        if isinstance(response, Fault):
            return Answer(kind="transient", code=response.kind)
        return self.destination.answer(response, count)

    async def _note(self, answer: Answer, sent_at: float) -> None:
        before = self._breaker.pause
        self._breaker.note(answer, sent_at)
        await self._save_pause(before)

    async def _save_pause(self, before: Pause | None) -> None:
        if self._breaker.pause != before:
            await self._journal.save_pause(self.destination.name, self._breaker.pause)

    def _due_ms(self, pending: Pending) -> int:
        return round((self._clock() + event_wait_s(pending.attempts, self._random)) * 1000)

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
