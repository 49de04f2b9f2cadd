"""The producers' port on a real socket, and a client that sends bytes as a test writes them."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from relay.failed_attempts import DelayedRefusals, FailedAttempts
from relay.intake import Intake, Router, Storage, Window
from relay.intake.storage import Log
from relay.keys.keyring import Keyring
from relay.keys.uses import Counting, Uses
from relay.metrics import Metrics
from relay.sources.connections import Server
from relay.sources.http import HttpSource, server
from relay.sources.port import Port
from relay.sources.receiver import Receiver
from relay.sources.segment.segment import PATHS, Segment
from relay.sources.shopify.shopify import PATH as SHOPIFY_PATH
from relay.sources.shopify.shopify import Shop, Shopify
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S
from tests.given.journal.recording import RecordingJournal

NO_KEYS = Path("/nowhere/keys.json")
MAX_BODY_BYTES = 1024 * 1024
PATIENCE_S = 10.0
"""For an answer that must come; a test that waits so long has failed."""


class Answered(NamedTuple):
    """One answer of the port."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Serving(NamedTuple):
    """A port that is open."""

    number: int
    server: Server
    source: HttpSource
    metrics: Metrics
    journal: RecordingJournal

    @property
    def open_connections(self) -> int:
        """How many connections a client still holds."""
        return sum(connection.connected for connection in self.server.connections)

    async def send(self, request: bytes) -> Answered:
        """Send bytes on a connection of their own, and return the first answer to them."""
        async with Client(self.number) as client:
            await client.send(request)
            return await client.answer()

    async def post(self, body: bytes, **headers: str) -> Answered:
        """Post to `/v1/events`."""
        return await self.send(post(body, **headers))


class Client:
    """One connection."""

    def __init__(self, number: int) -> None:
        self._number = number

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._number)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def send(self, text: bytes) -> None:
        """Send bytes, as far as the other side lets us."""
        with suppress(ConnectionError):
            self._writer.write(text)
            await self._writer.drain()

    async def answer(self, *, has_body: bool = True) -> Answered:
        """Return the next answer; that to a HEAD has no body, whatever its length says."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            status, headers = _parsed(head)
            length = int(headers.get("content-length", 0)) if has_body else 0
            body = await self._reader.readexactly(length)
        return Answered(status, headers, body)

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; tell whether nothing else came before it."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self._reader.read() == b""
            except ConnectionError:
                return True

    def end_sending(self) -> None:
        """Close our half."""
        self._writer.write_eof()

    def abort(self) -> None:
        """Break the connection off, so that the other side cannot take it for a closed half."""
        reset = struct.pack("ii", 1, 0)
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self._writer.transport.abort()


def post(body: bytes, path: str = "/v1/events", **headers: str) -> bytes:
    """Return a POST; `Content_Type="…"` becomes a header, and an empty one is left out."""
    fields = {"Host": "relay", "Content_Type": "application/json", "Content_Length": len(body)}
    lines = [
        f"{name.replace('_', '-')}: {value}\r\n"
        for name, value in (fields | headers).items()
        if value != ""
    ]
    return f"POST {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of tests
            await asyncio.sleep(0.001)


@asynccontextmanager
async def serving(
    journal: RecordingJournal | None = None,
    *,
    log: Log | None = None,
    body_timeout_s: float = PATIENCE_S,
    idle_timeout_s: float = PATIENCE_S,
    max_connections: int = 100,
    clock: Callable[[], float] = lambda: NOW_S,
    keys_file: Path | None = None,
    uses: Counting | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    shops: Mapping[str, Shop] | None = None,
) -> AsyncIterator[Serving]:
    """Open a port for two stub destinations; `log` stands in for the recording journal."""
    journal = journal or RecordingJournal()
    routes = [route_to(StubDestination("first")), route_to(StubDestination("second"))]
    router = Router(routes, Window(100_000))
    intake = Intake(router, Storage(router, log or journal), clock)
    metrics = Metrics()
    keyring = Keyring(keys_file or NO_KEYS, uses or Uses({}, clock), clock)
    receiver = Receiver(
        intake, metrics, max_body_bytes=MAX_BODY_BYTES, body_timeout_s=body_timeout_s
    )
    segment = Segment(intake, receiver, keyring, metrics, clock)
    shopify = Shopify(intake, receiver, shops or {}, metrics, clock)
    source = HttpSource(
        intake,
        receiver,
        keyring,
        answers=metrics.answers,
        refusals=DelayedRefusals(FailedAttempts(clock), sleep),
        openapi=b'{"openapi":"3.1.0"}',
        others={**dict.fromkeys(PATHS, segment.handle), SHOPIFY_PATH: shopify.handle},
    )
    connections = server(source, idle_timeout_s=idle_timeout_s, body_timeout_s=body_timeout_s)
    port = Port(
        connections,
        host="127.0.0.1",
        port=0,
        max_connections=max_connections,
        drain_s=1.0,
    )
    async with port:
        number = int(port.address.rpartition(":")[2])
        yield Serving(number, connections, source, metrics, journal)


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    assert first.startswith(("HTTP/1.0 ", "HTTP/1.1 ")), "something is left of the answer before"
    fields = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in fields}
