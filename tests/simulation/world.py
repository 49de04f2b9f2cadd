"""A relay and two platforms in virtual time: real journal, real senders, real destinations.

Only the network is made up: `Platforms` answers as both would, after a while, and Pinterest is out
of order when a test says so. What each took is told to a `Watch`, request by request.
"""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from relay.config.quantity import Duration
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault, Transport
from relay.journal import exception_row
from relay.journal.disk.connection import open_reader
from relay.journal.entry import Pending
from relay.journal.sqlite import SqliteJournal
from tests.given.destination.sending import Clock, Sending, pinterest, tiktok
from tests.given.event.builders import NOW_S
from tests.simulation.virtual_time import virtual_loop

HOUR_S: Final = 3600.0
URL: Final = "http://127.0.0.1:9"
"""Nothing listens there, and nobody asks: the transport is made up."""
Outage = Literal["hangs", "refuses", "503"] | None


class VirtualClock(Clock):
    """Unix seconds that follow the running virtual loop; threads may ask as well."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = virtual_loop()

    def __call__(self) -> float:
        """Return Unix seconds."""
        return NOW_S + self._loop.time()


class Unsynced(sqlite3.Connection):
    """Hands bytes to the system and does not wait for the disk: nobody cuts a simulation's power.

    Without it a busy disk makes a day twice as long.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement, but for the one that sets how careful to be."""
        if sql.startswith("PRAGMA synchronous"):
            return super().execute("PRAGMA synchronous = OFF")
        return super().execute(sql, parameters)


class TimedJournal(SqliteJournal):
    """The SQLite journal, for whose threads virtual time stands.

    Retries are asked for every second of a day, mostly in vain: that query runs in the loop's own
    thread, which saves most of the waiting for another one.
    """

    async def open_at(self, path: Path, destinations: Sequence[str]) -> None:
        """Open the journal at `path`."""
        await self.open(destinations)
        self._retries = open_reader(path, sqlite3.Connection)
        virtual_loop().stand_while(self.is_busy)

    async def close(self) -> None:
        """See `Journal.close`."""
        self._retries.close()
        await super().close()

    async def due(self, destination: str, now_ms: int, limit: int) -> Sequence[Pending]:
        """See `Journal.due`."""
        return exception_row.due(self._retries, destination, now_ms, limit)


class EventTaken(msgspec.Struct, frozen=True, gc=False):
    """What both platforms' events have in common."""

    event_id: str
    event_time: int


class RequestTaken(NamedTuple):
    """One request that a platform took, at a moment of the virtual clock."""

    at_s: float
    events: Sequence[EventTaken]


class Platforms:
    """A `Transport`: both platforms at the other end. `outage` is Pinterest's."""

    def __init__(self, *, seed: int = 1) -> None:
        self.outage: Outage = None
        self.vain: list[tuple[float, int]] = []
        """When Pinterest was tried in vain, and with how many events."""
        self.pinterest: list[RequestTaken] = []
        self.tiktok: list[RequestTaken] = []
        self._random = random.Random(seed)

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """See `Transport.send`."""
        to_pinterest = "/ad_accounts/" in request.url
        if to_pinterest and self.outage:
            return await self._fail(request, timeout_s, self.outage)
        await asyncio.sleep(self._random.uniform(0.05, 0.25))
        events = _BODY.decode(request.body).data
        (self.pinterest if to_pinterest else self.tiktok).append(
            RequestTaken(NOW_S + virtual_loop().time(), events)
        )
        return pinterest_answer(len(events)) if to_pinterest else _TIKTOK_ANSWER

    async def close(self) -> None:
        """See `Transport.close`."""

    async def _fail(
        self, request: HttpRequest, timeout_s: float, outage: Outage
    ) -> HttpResponse | Fault:
        self.vain.append((NOW_S + virtual_loop().time(), len(_BODY.decode(request.body).data)))
        if outage == "refuses":
            return Fault("connect")
        if outage == "503":
            return HttpResponse(503, {}, b'{"code": 4197, "message": "ramped down"}')
        await asyncio.sleep(timeout_s)
        return Fault("timeout")


def event_ids(request: HttpRequest) -> Sequence[str]:
    """Return the ids of the events in a request to either platform."""
    return [each.event_id for each in _BODY.decode(request.body).data]


@asynccontextmanager
async def relay(
    folder: Path,
    transport: Transport,
    *,
    max_batch: int,
    rate: float = 1.0,
    clock: Clock | None = None,
) -> AsyncIterator[Sending]:
    """Run a relay for both platforms; Pinterest gets `rate` requests a second at most.

    As much stays in memory as ten full requests, so that an outage is read from disk afterwards.
    """
    clock = clock or VirtualClock()
    targets = (
        pinterest(URL, max_batch=max_batch, rate=rate, linger=Duration("1s")),
        tiktok(URL, max_batch=max_batch, linger=Duration("1s")),
    )
    journal = TimedJournal(
        folder / "relay.db",
        clock=clock,
        max_size_bytes=40 * 2**30,
        retention_s=30 * 86_400,
        hot_events=10 * max_batch,
        connect=Unsynced,
    )
    await journal.open_at(folder / "relay.db", [target.name for target in targets])
    try:
        sending = Sending(journal, targets, clock, lambda destination: destination)
        sending.start(transport, repeat_s=1.0)
        yield sending
        sending.dispatcher.stop()
        await sending.running
    finally:
        await journal.close()


class _Body(msgspec.Struct):
    data: list[EventTaken]


def pinterest_answer(count: int) -> HttpResponse:
    events = b",".join([b'{"status":"processed"}'] * count)
    head = b'{"num_events_received":%d,"num_events_processed":%d,"events":[' % (count, count)
    return HttpResponse(200, {}, head + events + b"]}")


_BODY: Final = msgspec.json.Decoder(_Body)
_TIKTOK_ANSWER: Final = HttpResponse(200, {}, b'{"code": 0, "message": "OK", "request_id": "1"}')
