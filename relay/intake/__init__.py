"""Intake: bytes of a producer into entries of the journal, and what was wrong with the others.

decode → check → hash → route, one event at a time and without a wait, a lock or a log line. Every
event ends as an entry or as a rejection with its first problem; a body that cannot be read at all
raises `Unreadable`, and nothing of it is taken.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Sequence

import msgspec

from relay.event import InboundEvent
from relay.intake.convert import convert
from relay.intake.decode import decode, event_id_of
from relay.intake.problem import Problem, Unreadable, Unusable
from relay.intake.route import Route, Router
from relay.intake.split import split_json, split_ndjson
from relay.intake.window import Window
from relay.journal.base import Entry, Journal, Rejection

__all__ = [
    "Finding",
    "Intake",
    "Problem",
    "Route",
    "Router",
    "Taken",
    "Unreadable",
    "Window",
]


class Finding(msgspec.Struct, frozen=True):
    """A problem of the event at `index` of a body."""

    index: int
    event_id: str | None
    problem: Problem


class Taken(msgspec.Struct):
    """What a body came to; `entries` and `errors` together are its events."""

    entries: list[Entry]
    errors: list[Finding]
    warnings: list[Finding]


class Intake:
    """Takes the events of all sources. `clock` returns Unix seconds."""

    def __init__(
        self,
        router: Router,
        journal: Journal,
        clock: Callable[[], float],
        default_country: str | None = None,
    ) -> None:
        self._router = router
        self._journal = journal
        self._clock = clock
        self._default_country = default_country

    def take_json(self, body: bytes, source: str) -> Taken:
        """Return what a JSON body came to. Raises `Unreadable`; then nothing is remembered."""
        return self._take(enumerate(split_json(body)), source, apart=False)

    def take_ndjson(self, body: bytes, source: str) -> Taken:
        """Return what a body of one event a line came to; an unreadable line is its own error."""
        return self._take(split_ndjson(body), source, apart=True)

    def store(self, taken: Taken, source: str, key: str | None = None) -> "Future[None]":
        """Hand the events to the journal; done when they are on disk.

        If they are not stored after all, the duplicate window forgets them before anybody else
        can post them again.
        """
        now_ms = int(self._clock() * 1000)
        rejections = [
            Rejection(now_ms, source, key, error.event_id, *msgspec.structs.astuple(error.problem))
            for error in taken.errors
        ]
        stored = self._journal.append(taken.entries, rejections)
        stored.add_done_callback(lambda done: self._forget_unless(done, taken.entries))
        return stored

    def _take(
        self, events: Iterable[tuple[int, bytes | msgspec.Raw]], source: str, *, apart: bool
    ) -> Taken:
        """Take one event after the other; `apart` tells that each is a document of its own."""
        taken = Taken([], [], [])
        now_s = self._clock()
        for index, raw in events:
            try:
                self._take_one(index, raw, source, now_s, taken)
            except Unusable as error:
                taken.errors.append(Finding(index, event_id_of(raw), error.problem))
            except Unreadable as error:
                if not apart:
                    self._router.forget(taken.entries)
                    raise
                taken.errors.append(Finding(index, None, error.problem))
        return taken

    def _take_one(
        self, index: int, raw: bytes | msgspec.Raw, source: str, now_s: float, taken: Taken
    ) -> None:
        event = decode(raw)
        selected = self._selected(event)
        conversion, warnings = convert(
            event, source=source, now_s=now_s, default_country=self._default_country
        )
        taken.entries.append(self._router.route(conversion, selected, now_s))
        for warning in warnings:
            problem = Problem("invalid_value", warning.path, warning.message)
            taken.warnings.append(Finding(index, conversion.event_id, problem))

    def _selected(self, event: InboundEvent) -> frozenset[str] | None:
        if event.destinations is None:
            return None
        for at, name in enumerate(event.destinations):
            if name not in self._router.names:
                message = "No destination of this name is configured."
                raise Unusable("invalid_value", f"destinations[{at}]", message)
        return frozenset(event.destinations)

    def _forget_unless(self, done: "Future[None]", entries: Sequence[Entry]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._router.forget(entries)
