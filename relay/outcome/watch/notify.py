"""Posts messages to a webhook one after the other; no event waits for it.

The queue is bounded: if it is full, the oldest message is dropped, since the latest ones say how
things stand. A message is tried for some minutes, with growing waits, unless the webhook refuses it
for good. Dropped messages are logged. The process does not wait for any message before it ends.

The address is a secret: it appears in no log line, error or text of the relay's.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import backoff
import msgspec

from relay.config.secret import Secret
from relay.delivery import HttpRequest, HttpResponse
from relay.outcome.watch.notice import Notice
from relay.retry_after import retry_after_s

MAX_WAITING: Final = 100
TRIES: Final = 12
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 120.0
"""Seconds; also the longest wait that a webhook can ask for."""
TIMEOUT_S: Final = 10.0
OK: Final = range(200, 300)
TRY_AGAIN: Final = frozenset({408, 425, 429})
FOR_GOOD: Final = range(300, 500)
"""HTTP statuses after which a message is not tried again, except those in `TRY_AGAIN`."""

log = logging.getLogger(__name__)


class Transport(Protocol):
    """Sends a request; raises nothing but cancellation."""

    async def send(self, request: HttpRequest, timeout_s: float) -> object:
        """Return an `HttpResponse`, or any other object if none came."""
        ...


class Notifier:
    """See the module docstring. `address` is called before each try, since it may change."""

    def __init__(
        self,
        transport: Transport,
        address: Callable[[], Secret | None],
        randomness: random.Random,
        *,
        first_wait_s: float = FIRST_WAIT_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._transport = transport
        self._address = address
        self._random = randomness
        self._first_wait_s = first_wait_s
        self._timeout_s = timeout_s
        self._waiting: deque[Notice] = deque()
        self._wake = asyncio.Event()

    def tell(self, notice: Notice) -> None:
        """Queue a message. Never blocks."""
        if len(self._waiting) >= MAX_WAITING:
            _dropped(self._waiting.popleft(), "too many wait")
        self._waiting.append(notice)
        self._wake.set()

    async def run(self) -> None:
        """Post queued messages, for ever."""
        while True:
            await self._wake.wait()
            while self._waiting:
                await self._deliver(self._waiting.popleft())
            self._wake.clear()

    async def _deliver(self, notice: Notice) -> None:
        waits = backoff.expo(factor=self._first_wait_s, max_value=MAX_WAIT_S)
        next(waits)  # the generator's first value is its start signal
        for left in reversed(range(TRIES)):
            answer = await self._post(notice)
            status = answer.status if answer is not None else 0
            if status in OK:
                log.info("a message was posted", extra={"fields": {"kind": notice.kind}})
                return
            if status in FOR_GOOD and status not in TRY_AGAIN:
                _dropped(notice, f"the webhook answers with {status}")
                return
            if left:
                # Notices go one at a time, so this wait delays only later notices.
                await asyncio.sleep(max(_asked_s(answer), self._random.uniform(0, next(waits))))
        known = self._address() is not None
        _dropped(notice, "the webhook does not answer" if known else "no webhook is known")

    async def _post(self, notice: Notice) -> HttpResponse | None:
        address = self._address()
        if address is None:
            return None
        answer = await self._transport.send(request_of(address, notice), self._timeout_s)
        return answer if isinstance(answer, HttpResponse) else None


def request_of(address: Secret, notice: Notice) -> HttpRequest:
    """Return the request that posts a message."""
    headers = {"Content-Type": "application/json"}
    return HttpRequest(address.reveal(), headers, msgspec.json.encode(notice))


def _asked_s(answer: HttpResponse | None) -> float:
    """Return the seconds that the webhook asks to wait, within bounds."""
    return min((answer and retry_after_s(answer.headers)) or 0.0, MAX_WAIT_S)


def _dropped(notice: Notice, reason: str) -> None:
    fields = {"kind": notice.kind, "destination": notice.destination, "reason": reason}
    log.warning("a message was dropped", extra={"fields": fields})
