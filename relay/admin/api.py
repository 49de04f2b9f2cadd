"""`/api/v1`: the JSON behind the page, for programs and the command line."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Protocol, get_args

import msgspec
from aiohttp import web

from relay.admin import answer
from relay.admin.answer import BadRequest
from relay.journal.base import DeadFilter
from relay.outcome.dead_letters import DeadLetters
from relay.outcome.reports import Reports
from relay.outcome.view import RangeName

MAX_PAGE = 1000
DEFAULT_PAGE = 100
MAX_IDS = 10_000
MAX_NOTE = 500

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Control(Protocol):
    """Pauses and resumes destinations by name; KeyError for an unknown one."""

    async def pause(self, name: str) -> None:
        """Stop sending to it."""
        ...

    async def resume(self, name: str) -> None:
        """Clear any pause or wait, and try at once."""
        ...


class Selection(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters are meant: ids, or at least one filter; all conditions hold together."""

    dry_run: bool
    ids: Annotated[list[str], msgspec.Meta(max_length=MAX_IDS)] | None = None
    destination: str | None = None
    reason: str | None = None
    event: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE)] | None = None

    def where(self) -> DeadFilter:
        """Return the filter. Raises `BadRequest` if it would mean all letters there are."""
        filters = (self.destination, self.reason, self.event, self.since, self.until)
        if self.ids is None and all(each is None for each in filters):
            raise BadRequest("Name `ids`, or at least one of destination, reason, event, since.")
        return DeadFilter(
            ids=None if self.ids is None else frozenset(self.ids),
            destination=self.destination,
            reason=self.reason,
            event=self.event,
            since_ms=_milliseconds(self.since),
            until_ms=_milliseconds(self.until),
        )


class ReplayResult(msgspec.Struct, frozen=True):
    """What a replay did, or in a dry run would do."""

    matched: int
    replayed: int
    expired: int
    dry_run: bool


class DropResult(msgspec.Struct, frozen=True):
    """What a drop did, or in a dry run would do."""

    matched: int
    dropped: int
    expired: int
    dry_run: bool


class Api:
    """The handlers; every answer is one of the structs in `relay.outcome.view` or above."""

    def __init__(self, reports: Reports, dead_letters: DeadLetters, control: Control) -> None:
        self._reports = reports
        self._dead_letters = dead_letters
        self._control = control

    def routes(self) -> list[web.RouteDef]:
        """Return the routes below `/api/v1`."""
        return [
            web.get("/api/v1/summary", self.summary),
            web.get("/api/v1/destinations", self.destinations),
            web.get("/api/v1/events", self.events),
            web.get("/api/v1/events/{event_id:.+}", self.event),
            web.get("/api/v1/dead-letters", self.list_dead_letters),
            web.post("/api/v1/dead-letters/replay", self.replay),
            web.post("/api/v1/dead-letters/drop", self.drop),
            web.get("/api/v1/rejections", self.rejections),
            web.post("/api/v1/destinations/{name}/pause", self.pause),
            web.post("/api/v1/destinations/{name}/resume", self.resume),
        ]

    async def summary(self, request: web.Request) -> web.Response:
        """Answer with the funnel of a range."""
        name: RangeName = _query(request, "range", RangeName, "24h")
        return answer.json(await self._reports.summary(name))

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
        where = DeadFilter(
            destination=request.query.get("destination"),
            reason=request.query.get("reason"),
            event=request.query.get("event"),
            since_ms=_milliseconds(_query(request, "since", Moment, None)),
            until_ms=_milliseconds(_query(request, "until", Moment, None)),
        )
        limit, cursor = _limit(request), request.query.get("cursor")
        try:
            page = await self._reports.dead_letters(where, limit=limit, cursor=cursor)
        except ValueError:
            raise BadRequest("cursor: take the `next` of the page before.") from None
        return answer.json(page)

    async def replay(self, request: web.Request) -> web.Response:
        """Send dead letters again."""
        selection = await _selection(request)
        done = await self._dead_letters.replay(selection.where(), dry_run=selection.dry_run)
        return answer.json(
            ReplayResult(done.matched, done.replayed, done.expired, selection.dry_run)
        )

    async def drop(self, request: web.Request) -> web.Response:
        """Put dead letters away."""
        selection = await _selection(request)
        dropped = await self._dead_letters.drop(
            selection.where(), note=selection.note or "", dry_run=selection.dry_run
        )
        return answer.json(DropResult(dropped, dropped, 0, selection.dry_run))

    async def rejections(self, request: web.Request) -> web.Response:
        """Answer with the latest events that were refused on arrival."""
        return answer.json(await self._reports.rejections(_limit(request)))

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


def _limit(request: web.Request) -> int:
    bounds = msgspec.Meta(ge=1, le=MAX_PAGE)
    limit: int = _query(request, "limit", Annotated[int, bounds], DEFAULT_PAGE)
    return limit


def _query(request: web.Request, name: str, kind: Any, default: Any) -> Any:
    """Return a parameter of the query. Raises `BadRequest` naming it."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        allowed = get_args(kind) if kind is RangeName else ()
        hint = f"one of {', '.join(allowed)}" if allowed else f"no valid {name}"
        raise BadRequest(f"{name}: this is {hint}.") from None


async def _selection(request: web.Request) -> Selection:
    try:
        return msgspec.json.decode(await request.read(), type=Selection)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        text = str(problem) if isinstance(problem, msgspec.ValidationError) else "not valid JSON"
        raise BadRequest(f"The body is not as expected: {text}.") from None


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
