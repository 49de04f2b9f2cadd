"""The worker's end of its connection, which asks for everything that only the main process may do.

It stands in for the journal (`Store`) and for the counts of keys' uses (`Counting`) and of failed
keys. A key without a limit is counted together with its request; one with a limit is checked before
the body is read, as in a single process.
"""

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Final, NamedTuple, Protocol

import msgspec

from relay.errors import JournalUnavailable
from relay.intake.problem import Finding
from relay.journal.entry import Entry, Rejection
from relay.keys.uses import Denied, Meter
from relay.workers.message import (
    Begin,
    Done,
    Failed,
    GiveBack,
    KeyFailed,
    Left,
    Part,
    Put,
    Refusal,
    Reply,
    Unavailable,
)
from relay.workers.shared_payloads import SharedPayloads

PART_EVENTS: Final = 25
"""Events in one message: some 100 KB, which stay in the processor's cache all the way."""


class Sender(Protocol):
    """The part of a channel that a link needs."""

    def send(self, message: msgspec.Struct) -> None:
        """Send at the end of this turn of the loop."""
        ...


class MainFailedError(Exception):
    """An unexpected error in the main process, which has logged it."""


class _Asked(NamedTuple):
    future: "Future[float | None]"
    in_vain: Callable[[], object]
    """Called if the request succeeded, but nobody waits for the answer any more."""


class Link:
    """See the module docstring."""

    def __init__(self, channel: Sender, shared: SharedPayloads) -> None:
        self._channel = channel
        self._shared = shared
        self._numbers = count()
        self._asked: dict[int, _Asked] = {}

    def put(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection],
        warnings: Sequence[Finding],
        key: str | None,
    ) -> "Future[float | None]":
        """Have the events of one request stored; see `relay.intake.Storage.put`."""
        number, future = self._ask()
        self._shared.strip(entries)
        last = max(0, len(entries) - 1) // PART_EVENTS * PART_EVENTS
        for start in range(0, last, PART_EVENTS):
            self._channel.send(Part(number, list(entries[start : start + PART_EVENTS])))
        rest = list(entries[last:])
        self._channel.send(Put(number, rest, list(rejections), list(warnings), key))
        return future

    def begin(self, meter: Meter) -> Awaitable[None] | None:
        """Take a use; if this returns an awaitable, await it, which may raise `Denied`."""
        return self._begun(meter) if _is_limited(meter) else None

    def end(self, meter: Meter, *, used: bool) -> Awaitable[object] | None:
        """End a use that was begun; `used` says whether the request was answered `202`.

        Await the result, if it is not None: the use is free only then, and the producer's next
        request may come to another worker.
        """
        if used or not _is_limited(meter):
            return None
        number, future = self._ask()
        self._channel.send(GiveBack(number, meter.counted))
        return future

    async def left(self, meter: Meter) -> int | None:
        """Return how often the key may still be used, None for any number."""
        number, future = self._ask()
        self._channel.send(Left(number, meter))
        told = await future
        return None if told is None else int(told)

    async def delay_s(self, peer: str | None) -> float:
        """Count a failed attempt; return for how many seconds to delay its refusal."""
        number, future = self._ask()
        self._channel.send(KeyFailed(number, peer))
        return await future or 0.0

    def received(self, reply: Reply) -> None:
        """Pass an answer to its waiting caller."""
        asked = self._asked.pop(reply.number)
        if asked.future.done():  # cancelled: the client is gone
            if isinstance(reply, Done):
                asked.in_vain()
        elif isinstance(reply, Done):
            asked.future.set_result(reply.told)
        else:
            asked.future.set_exception(_error_of(reply))

    async def _begun(self, meter: Meter) -> None:
        number, future = self._ask(lambda: self.end(meter, used=False))
        self._channel.send(Begin(number, meter))
        await future

    def _ask(self, in_vain: Callable[[], object] = bool) -> tuple[int, "Future[float | None]"]:
        number = next(self._numbers)
        future: Future[float | None] = asyncio.get_running_loop().create_future()
        self._asked[number] = _Asked(future, in_vain)
        return number, future


def _is_limited(meter: Meter) -> bool:
    return meter.max_uses is not None or meter.rate_per_s is not None


def _error_of(reply: Unavailable | Refusal | Failed) -> Exception:
    if isinstance(reply, Unavailable):
        return JournalUnavailable(reply.reason, reply.retry_after_s)
    if isinstance(reply, Refusal):
        return Denied(reply.kind, reply.message, reply.retry_after_s)
    return MainFailedError()
