"""Takes what producers send: every event becomes an entry or a rejection.

split → decode → check → hash → route, one event at a time and without a wait, a lock or a log line.
A rejection reports the first problem of its event; a body that cannot be read at all raises
`Unreadable`, and none of it is accepted. Nothing is remembered before `store`, which hands the
request to a `Storage`, here or in another process.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from relay.intake.convert import convert
from relay.intake.decode import decode, diagnose
from relay.intake.problem import Finding, Problem, Unreadable, Unusable
from relay.intake.route import Router
from relay.intake.split import Document, kept_id, split_json, split_ndjson
from relay.journal.entry import Entry, Rejection
from relay.journal.figures.reports import MAX_REJECTIONS

_Numbered = tuple[int, Document]

CHUNK_EVENTS = 250
"""Events processed without a pause; in a larger body, the event loop gets a turn in between."""
CHUNK_BYTES = 1 << 16
"""Bytes processed without a pause, for long events: at worst, each byte takes microseconds."""


class Origin(msgspec.Struct, frozen=True):
    """Where a body came from, and on whose behalf."""

    source: str
    key: str | None = None
    """The name of the producer's key."""
    counted: str | None = None
    """The key whose use is counted if events are stored."""
    destinations: frozenset[str] | None = None
    """The only destinations that the key may reach; None for all."""


class Taken(msgspec.Struct):
    """The result of a body: each of its events is in `entries` or in `errors`."""

    entries: list[Entry]
    errors: list[Finding]
    warnings: list[Finding]


class Store(Protocol):
    """Stores prepared events: `Storage`, or a link to the process that has it."""

    def put(
        self,
        entries: Sequence[Entry],
        rejections: Sequence[Rejection],
        warnings: Sequence[Finding],
        key: str | None,
    ) -> "Future[Any]":
        """Store the events of one request; see `Storage.put`."""
        ...


class Intake:
    """Takes the events of all sources, and has them stored. `clock` returns Unix seconds."""

    def __init__(
        self,
        router: Router,
        store: Store,
        clock: Callable[[], float],
        default_country: str | None = None,
    ) -> None:
        self._router = router
        self._store = store
        self._clock = clock
        self._default_country = default_country

    async def take_json(self, body: bytes, origin: Origin) -> Taken:
        """Take the events of a JSON body. Raises `Unreadable`."""
        return await self._take(split_json(body), origin, apart=False)

    async def take_ndjson(self, body: bytes, origin: Origin) -> Taken:
        """Take a body with one event per line; an unreadable line is an error of its own."""
        return await self.take_apart(split_ndjson(body), origin)

    async def take_apart(self, events: Sequence[_Numbered], origin: Origin) -> Taken:
        """Take numbered events, each a document of its own."""
        return await self._take(events, origin, apart=True)

    def store(self, taken: Taken, origin: Origin) -> "Future[Any]":
        """Store the events; the future is done when they are on disk.

        It fails with `JournalUnavailable` if they are not stored; `taken` may then be stored again.
        """
        rejections = self._rejections(taken.errors, origin) if taken.errors else ()
        return self._store.put(taken.entries, rejections, taken.warnings, origin.counted)

    async def _take(self, events: Sequence[_Numbered], origin: Origin, *, apart: bool) -> Taken:
        """Take the events in order; with `apart`, an unreadable one is an error of its own."""
        taken = Taken([], [], [])
        now_s = self._clock()
        for number, part in enumerate(_parts(events)):
            if number:
                await asyncio.sleep(0)  # lets other requests in
            for index, event in part:
                try:
                    self._take_one(index, event, taken, origin=origin, now_s=now_s)
                except Unreadable as error:
                    if not apart:
                        raise
                    taken.errors.append(Finding(index, None, error.problem))
        return taken

    def _take_one(
        self, index: int, raw: Document, taken: Taken, *, origin: Origin, now_s: float
    ) -> None:
        try:
            event = decode(raw)
            names = event.destinations
            selected = origin.destinations if names is None else self._selected(names, origin)
            conversion, warnings = convert(
                event,
                source=origin.source,
                now_s=now_s,
                default_country=self._default_country,
                key=origin.key,
            )
        except Unusable as error:
            taken.errors.append(Finding(index, *diagnose(raw, error.problem)))
            return
        taken.entries.append(self._router.prepare(conversion, selected, now_s))
        for warning in warnings:
            problem = Problem("invalid_value", warning.path, warning.message)
            taken.warnings.append(Finding(index, conversion.event_id, problem))

    def _selected(self, destinations: Sequence[str], origin: Origin) -> frozenset[str]:
        for at, name in enumerate(destinations):
            if name not in self._router.names:
                message = "No destination of this name is configured."
                raise Unusable("invalid_value", f"destinations[{at}]", message)
        selected = frozenset(destinations)
        return selected if origin.destinations is None else selected & origin.destinations

    def _rejections(self, errors: Sequence[Finding], origin: Origin) -> Sequence[Rejection]:
        """Return a rejection per error; only the latest, which the journal keeps, have an id."""
        now_ms = int(self._clock() * 1000)
        unseen = len(errors) - MAX_REJECTIONS
        return [
            Rejection(
                now_ms,
                origin.source,
                origin.key,
                None if at < unseen else kept_id(error.event_id),
                error.problem.code,
                error.problem.path,
                error.problem.message,
            )
            for at, error in enumerate(errors)
        ]


def _parts(events: Sequence[_Numbered]) -> Iterator[Sequence[_Numbered]]:
    """Yield the events in parts, each to be processed without a pause."""
    part: list[_Numbered] = []
    room = CHUNK_BYTES
    for numbered in events:
        part.append(numbered)
        room -= len(numbered[1])
        if room <= 0 or len(part) == CHUNK_EVENTS:
            yield part
            part, room = [], CHUNK_BYTES
    if part:
        yield part
