"""Receives the events of one request, in whatever format: body → intake → durable storage.

It does what all kinds of requests have in common: bounds on the body, the use of a key, metrics,
and refusing everything while the relay stops.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from relay.errors import JournalUnavailable
from relay.intake import Intake, Origin, Taken, TooMany
from relay.keys.keyring import Grant
from relay.metrics import Metrics
from relay.sources.answer import Refused
from relay.sources.body import MAX_BODIES_AT_ONCE, STOPPING, BodyReader

SOURCE: Final = "http"

MAX_SEPARATORS: Final = 20_000
"""A body with at most so many commas and line breaks is prepared without waiting for its turn."""
MAX_SMALL_BYTES: Final = 1 << 19
"""The most bytes of such a body: long texts alone may take seconds, as URLs full of at-signs do."""
MAX_LARGE_AT_ONCE: Final = 2
"""How many larger bodies are prepared at the same time. As objects, events take many times their
bytes, more than the processor's cache holds, and each body takes a share of every turn of the loop.
"""

Reading = Callable[[bytes, Origin], Awaitable[Taken]]
"""Reads a body, and returns the events accepted and the errors found in it."""


class Receiver:
    """See the module docstring. `stopping` refuses new events while the relay shuts down."""

    def __init__(
        self,
        intake: Intake,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        body_timeout_s: float,
        bodies_at_once: int = MAX_BODIES_AT_ONCE,
    ) -> None:
        self._intake = intake
        self._metrics = metrics
        self._bodies = BodyReader(
            max_bytes=max_body_bytes, timeout_s=body_timeout_s, bodies_at_once=bodies_at_once
        )
        self._large = asyncio.Semaphore(MAX_LARGE_AT_ONCE)
        self.stopping = False

    def stop(self) -> None:
        """Stop accepting events; complete requests are still stored and answered."""
        self.stopping = True
        self._bodies.stop()

    async def take(
        self, request: web.BaseRequest, use: "Use", reading: Reading, *, strangers: bool = False
    ) -> Taken:
        """Return what was accepted and refused, once everything accepted is on disk.

        With `strangers`, only `reading` finds out who sent the body.
        Raises `Unreadable`, and `Refused` or `Denied` if nothing of it was accepted.
        """
        if self.stopping:
            raise Refused.unavailable(STOPPING)
        if (counting := use.begin()) is not None:
            await counting
        try:
            body = await self._bodies.hold(request, strangers=strangers)
            try:
                use.confirm()
                return await self._in_turn(body.whole(), use, reading)
            finally:
                self._bodies.release(body)
        except TooMany as error:
            raise Refused(413, "too_large", error.problem.message) from None
        finally:
            if (freed := use.end()) is not None:
                await freed

    async def _in_turn(self, body: bytes, use: "Use", reading: Reading) -> Taken:
        lines = body.count(b"\n") if b"\n" in body else 0  # finding the first is far quicker
        if len(body) <= MAX_SMALL_BYTES and body.count(b",") + lines <= MAX_SEPARATORS:
            return await self._taken(body, use, reading)
        async with self._large:
            return await self._taken(body, use, reading)

    async def _taken(self, body: bytes, use: "Use", reading: Reading) -> Taken:
        started = time.perf_counter()
        taken = await reading(body, use.origin)
        await self._store(taken, use)
        self._metrics.ingest_seconds.observe(time.perf_counter() - started)
        return taken

    async def _store(self, taken: Taken, use: "Use") -> None:
        """Return once the events are on disk.

        If no event was accepted and the journal takes nothing, only the count of rejections is
        lost: the producer has something to fix either way, and the answer says what.
        """
        started = time.perf_counter()
        use.made = bool(taken.entries)  # also if the client goes away before the answer
        try:
            await self._intake.store(taken, use.origin)
        except JournalUnavailable as error:
            use.made = False
            if taken.entries:
                raise Refused.unavailable(error.reason, error.retry_after_s) from None
        except Exception:  # a bug in the relay must not cost a use
            use.made = False
            raise
        self._metrics.journal_append_seconds.observe(time.perf_counter() - started)


class Use:
    """One use of a key, taken before the body is read; `end` gives it back unless it was `made`.

    `name` is that of a sender known by something else than a key. `begin` raises `Denied` if the
    key allows no use, `confirm` if the key has ended since then.
    """

    def __init__(self, grant: Grant, name: str | None = None) -> None:
        self._grant = grant
        self.made = False
        self.origin = Origin(SOURCE, name or grant.name or None, grant.counted, grant.destinations)

    def begin(self) -> Awaitable[None] | None:
        """Take the use; await the result, if it is not None."""
        return self._grant.begin()

    def confirm(self) -> None:
        """Check that the key is still valid, since the body may have come slowly."""
        self._grant.confirm()

    def end(self) -> Awaitable[object] | None:
        """End the use; await the result, if it is not None."""
        return self._grant.end(used=self.made)
