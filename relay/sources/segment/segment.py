"""Segment's HTTP tracking API: its clients, and RudderStack's, need only the relay as their host.

The answer is `200 {"success":true}` once every conversion among the calls is on disk; calls that
are no conversions are counted and skipped. Refused events are listed among the rejections, like any
other. Only if nothing of a body could be used, the answer is `400`, after which these clients do
not try again. Refusals are as for `POST /v1/events`, in Segment's own form. The write key is a
relay key, sent as the user name of HTTP Basic.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import web

from relay.intake import Intake, Origin, Taken, TooMany, Unreadable
from relay.intake.intake import CHUNK_BYTES, CHUNK_EVENTS
from relay.intake.problem import Code
from relay.intake.split import MAX_EVENTS
from relay.keys.keyring import Denied, Grant, Keyring
from relay.metrics import Metrics
from relay.sources.answer import RefusalCode, Refused
from relay.sources.credential import basic_grant_of, refused
from relay.sources.prompt import Prompt, json_response
from relay.sources.receiver import Receiver, Use
from relay.sources.segment.call import event_of, read_time
from relay.sources.unchecked_json import Json, decoded, table

KINDS: Final = ("track", "page", "screen", "identify", "group", "alias")
BATCH: Final = "batch"
PATHS: Final = {**{f"/v1/{kind}": kind for kind in (*KINDS, BATCH)}, "/v1/import": BATCH}
"""What each path accepts; some clients (Ruby's) post their batches to the last one."""
MAX_BYTES: Final = 32 * 2**20
"""The most bytes of a batch's events, each of which counts at least for the shared context, since
each looks through it."""
SUCCESS: Final = b'{"success":true}'


class Success(msgspec.Struct, frozen=True):
    """Segment's answer to a body that was accepted."""

    success: bool = True


class Failure(msgspec.Struct, frozen=True):
    """Segment's answer to an error."""

    code: Code | RefusalCode
    message: str


class Segment:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        intake: Intake,
        receiver: Receiver,
        keyring: Keyring,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._intake = intake
        self._receiver = receiver
        self._keyring = keyring
        self._metrics = metrics
        self._clock = clock

    paths: Final = tuple(PATHS)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a call, or a batch of them."""
        try:
            if request.method != "POST":
                raise Refused.method("POST")
            taken = await self._take(request, basic_grant_of(request, self._keyring))
        except Unreadable as error:
            return _failure(400, error.problem.code, error.problem.message)
        except Denied as denied:
            return _reshaped(refused(denied))
        except Refused as refusal:
            return _reshaped(refusal)
        if taken.errors and not taken.entries:
            problem = taken.errors[0].problem
            return _failure(400, problem.code, f"{problem.path}: {problem.message}")
        return Prompt(200, SUCCESS)

    async def _take(self, request: web.BaseRequest, grant: Grant) -> Taken:
        kind = PATHS[request.path]

        async def read(body: bytes, origin: Origin) -> Taken:
            return await self._read(body, origin, kind)

        return await self._receiver.take(request, Use(grant), read)

    async def _read(self, body: bytes, origin: Origin, kind: str) -> Taken:
        envelope = decoded(body)
        calls = _batch(envelope) if kind == BATCH else [{**envelope, "type": kind}]
        return await self._intake.take_apart(await self._events(calls, envelope), origin)

    async def _events(self, calls: Sequence[object], envelope: Json) -> list[tuple[int, bytes]]:
        """Return the conversions among the calls, numbered, and count the other calls."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        sent_at, events = read_time(envelope.get("sentAt")), []
        shared = table(envelope.get("context"))
        room = _Room(shared)
        for number, call in enumerate(map(table, calls)):
            if number and number % CHUNK_EVENTS == 0:
                await asyncio.sleep(0)  # lets other requests in
            event = event_of(call, sent_at, now, shared)
            if event is None:
                self._metrics.passed_over.add("segment", _kind_of(call))
                continue
            events.append((number, msgspec.json.encode(event)))
            if room.fill(len(events[-1][1])):
                await asyncio.sleep(0)
        return events


class _Room:
    """The room left for the events of a batch with this shared context."""

    def __init__(self, shared: Json) -> None:
        self._least_bytes = len(msgspec.json.encode(shared))
        self._left_bytes = MAX_BYTES

    def fill(self, size_bytes: int) -> bool:
        """Take room for one event; return whether that fills a chunk. Raises `TooMany`."""
        chunks = self._left_bytes // CHUNK_BYTES
        self._left_bytes -= max(self._least_bytes, size_bytes)
        if self._left_bytes < 0:
            raise TooMany("The context of the batch makes its calls too large; send fewer.")
        return self._left_bytes // CHUNK_BYTES < chunks


def _batch(envelope: Json) -> Sequence[object]:
    calls = envelope.get("batch")
    if not isinstance(calls, list):
        raise Unreadable("The body has no array `batch` of calls.")
    if len(calls) > MAX_EVENTS:
        raise TooMany(f"The batch holds more than {MAX_EVENTS} calls; send smaller ones.")
    return calls


def _kind_of(call: Json) -> str:
    kind = call.get("type")
    return kind if isinstance(kind, str) and kind in KINDS else "other"


def _reshaped(refusal: Refused) -> web.StreamResponse:
    found = _failure(refusal.status, refusal.code, refusal.message, refusal.headers)
    found.force_close()
    return found


def _failure(
    status: int, code: Code | RefusalCode, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = msgspec.json.encode(Failure(code, message))
    return json_response(body, status, dict(headers or {}))
