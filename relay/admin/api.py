"""`/api/v1`: the page's data as JSON, for programs and the command line."""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from relay.admin import answer, forget, query, selection
from relay.admin.answer import BadRequest
from relay.delivery import DeadReason
from relay.journal.figures.reports import MAX_REJECTIONS
from relay.journal.letter import DeadFilter
from relay.outcome.acting.audited import Control
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.acting.erasure import Erasure
from relay.outcome.producers import Producers
from relay.outcome.reports import Reports
from relay.outcome.views.source import SourcesView

DEAD_LETTERS = 100
"""How many entries a page has if the request names no `limit`."""


class ReplayResult(msgspec.Struct, frozen=True):
    """What a replay did, or would do in a dry run: matched = replayed + expired + barred.

    `expired` counts letters that are too old for the platform or no longer on record, such as those
    of a forgotten person. `barred` counts those that today's settings exclude. Of the replayed
    ones, `outside_deduplication` counts those that the platform no longer compares with what it
    got before under the same id, such as from the browser: it may count them twice.
    """

    matched: int
    replayed: int
    expired: int
    dry_run: bool
    barred: int = 0
    outside_deduplication: int = 0


class DropResult(msgspec.Struct, frozen=True):
    """What a drop did, or would do in a dry run."""

    matched: int
    dropped: int
    expired: int
    dry_run: bool


class Api:
    """The handlers. They answer with structs from `relay.outcome.views.api` or this module."""

    def __init__(
        self,
        reports: Reports,
        dead_letters: DeadLetters,
        erasure: Erasure,
        control: Control,
        *,
        producers: Producers,
        sources: Callable[[], SourcesView],
    ) -> None:
        self._reports = reports
        self._dead_letters = dead_letters
        self._erasure = erasure
        self._control = control
        self._producers = producers
        self._sources = sources

    def routes(self) -> list[web.RouteDef]:
        """Return the routes below `/api/v1`. An event id may hold any character, encoded."""
        return [
            web.get("/api/v1/summary", self.summary),
            web.get("/api/v1/destinations", self.destinations),
            web.get("/api/v1/events", self.events),
            web.get(r"/api/v1/events/{event_id:[\s\S]+}", self.event),
            web.get("/api/v1/dead-letters", self.list_dead_letters),
            web.post("/api/v1/dead-letters/replay", self.replay),
            web.post("/api/v1/dead-letters/drop", self.drop),
            web.post("/api/v1/forget", self.forget),
            web.get("/api/v1/rejections", self.rejections),
            web.get("/api/v1/sources", self.sources),
            web.get("/api/v1/journal", self.journal),
            web.get("/api/v1/doctor", self.doctor),
            web.get("/api/v1/keys", self.keys),
            web.post("/api/v1/destinations/{name}/pause", self.pause),
            web.post("/api/v1/destinations/{name}/resume", self.resume),
        ]

    async def summary(self, request: web.Request) -> web.Response:
        """Answer with the funnel of a range."""
        return answer.json(await self._reports.summary(query.range_of(request)))

    async def destinations(self, request: web.Request) -> web.Response:
        """Answer with the lifetime funnels."""
        return answer.json(await self._reports.destinations())

    async def events(self, request: web.Request) -> web.Response:
        """Answer with the timelines of an event or order id."""
        event_id, order_id = request.query.get("event_id"), request.query.get("order_id")
        if (event_id is None) == (order_id is None):
            raise BadRequest("Give exactly one of event_id and order_id.")
        return await self._timeline(event_id=event_id, order_id=order_id)

    async def event(self, request: web.Request) -> web.Response:
        """Answer with the timelines of the event id in the path."""
        return await self._timeline(event_id=request.match_info["event_id"])

    async def list_dead_letters(self, request: web.Request) -> web.Response:
        """Answer with a page of dead letters."""
        identity = request.query.get("id")
        where = DeadFilter(
            ids=None if identity is None else frozenset({identity}),
            event_id=request.query.get("event_id"),
            destination=query.given(request, "destination"),
            reason=query.choice(request, "reason", DeadReason),
            event=query.given(request, "event"),
            since_ms=query.milliseconds(request, "since"),
            until_ms=query.milliseconds(request, "until"),
        )
        limit, cursor = query.limit(request, DEAD_LETTERS), query.given(request, "cursor")
        try:
            page = await self._reports.dead_letters(where, limit=limit, cursor=cursor)
        except ValueError:
            raise BadRequest("cursor: take the `next` of the page before.") from None
        return answer.json(page)

    async def replay(self, request: web.Request) -> web.Response:
        """Send dead letters again."""
        wanted = await selection.read(request, selection.Replay)
        done = await self._dead_letters.replay(wanted.where(), dry_run=wanted.dry_run)
        counts = done.matched, done.replayed, done.expired, wanted.dry_run, done.barred, done.late
        return answer.json(ReplayResult(*counts))

    async def drop(self, request: web.Request) -> web.Response:
        """Drop dead letters."""
        wanted = await selection.read(request, selection.Drop)
        dropped = await self._dead_letters.drop(
            wanted.where(), note=wanted.note or "", dry_run=wanted.dry_run
        )
        return answer.json(DropResult(dropped, dropped, 0, wanted.dry_run))

    async def forget(self, request: web.Request) -> web.Response:
        """Erase a person, and answer once it is done; millions of events take a while."""
        wanted = await selection.read(request, forget.Forget, forget.EXAMPLE)
        done = await self._erasure.forget(wanted.subject())
        return answer.json(forget.ForgetResult.of(done))

    async def rejections(self, request: web.Request) -> web.Response:
        """Answer with the latest events that were refused on arrival."""
        return answer.json(await self._reports.rejections(query.limit(request, MAX_REJECTIONS)))

    async def sources(self, request: web.Request) -> web.Response:
        """Answer with the state of the sources other than the producers' port."""
        return answer.json(self._sources())

    async def journal(self, request: web.Request) -> web.Response:
        """Answer with how full the journal is."""
        return answer.json(await self._reports.journal())

    async def doctor(self, request: web.Request) -> web.Response:
        """Answer with what to fix in incoming events."""
        return answer.json(await self._producers.diagnosis())

    async def keys(self, request: web.Request) -> web.Response:
        """Answer with the producer keys and their uses."""
        return answer.json(await self._producers.keys())

    async def pause(self, request: web.Request) -> web.Response:
        """Stop sending to a destination."""
        return await self._switch(request, self._control.pause)

    async def resume(self, request: web.Request) -> web.Response:
        """Clear any pause or wait of a destination."""
        return await self._switch(request, self._control.resume)

    async def _switch(
        self, request: web.Request, act: Callable[[str], Awaitable[None]]
    ) -> web.Response:
        name = request.match_info["name"]
        if name not in self._reports.names:
            return answer.error(404, "not_found", "No destination of this name is configured.")
        await act(name)
        return answer.json(await self._reports.destination(name))

    async def _timeline(
        self, *, event_id: str | None = None, order_id: str | None = None
    ) -> web.Response:
        found = await self._reports.events(event_id=event_id, order_id=order_id)
        if found is None:
            return answer.error(404, "not_found", "No event with this id is on record.")
        return answer.json(found)
