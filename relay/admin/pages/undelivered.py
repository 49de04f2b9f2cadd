"""Not delivered: groups by reason, to send again or dismiss after one question; the list as CSV.

No GET changes anything. The question before an action shows a dry run of it.
"""

from typing import Literal, get_args

from aiohttp import web
from msgspec.structs import replace

from relay.admin.answer import BadRequest
from relay.admin.pages import form
from relay.admin.pages.done import Done
from relay.admin.pages.letters_csv import MOST_LETTERS, csv_of
from relay.admin.pages.renderer import Renderer
from relay.admin.pages.screen import Screen, ScreenContext, told
from relay.admin.query import choice
from relay.journal.dead.grouping import MAX_GROUPS
from relay.journal.letter import DeadFilter, DeadGroup, Replayed
from relay.outcome.acting.dead_letters import MAX_NOTE, DeadLetters
from relay.outcome.insight.attention import meaning
from relay.outcome.views.api import SPOKEN, RangeName
from relay.outcome.wording import SETTLED

LETTERS = 50
"""How many letters of a group one page shows."""

Action = Literal["replay", "drop"]


class Undelivered(Screen):
    """The groups, the letters of one group, and the actions on them."""

    def __init__(self, context: ScreenContext, renderer: Renderer) -> None:
        super().__init__(context, renderer)
        self.done = Done[tuple[Action, int]](context.clock)

    def routes(self) -> list[web.RouteDef]:
        """Return its routes."""
        return [
            web.get("/undelivered", self.show),
            web.get("/undelivered/group", self.group),
            web.get("/undelivered/confirm", self.confirm),
            web.post("/undelivered/replay", self.replay),
            web.post("/undelivered/drop", self.drop),
            web.get("/undelivered.csv", self.csv),
        ]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with all groups, those of one destination if it is named."""
        wanted = request.query.get("destination", "")
        groups = [
            (group, meaning(group, self._platform(group)))
            for group in await self.context.insight.dead_groups(wanted or None)
        ]
        if wanted and not groups and wanted not in self.context.insight.labels:
            raise web.HTTPNotFound
        return self.renderer.page(
            request,
            "undelivered.html",
            open=[each for each in groups if each[0].reason not in SETTLED],
            settled=[each for each in groups if each[0].reason in SETTLED],
            wanted=wanted,
            unlisted=0 if groups else await self._dead(wanted),
            most=MAX_GROUPS,
            csv_most=MOST_LETTERS,
            done=self.done.named_by(request),
            labels=self.context.insight.labels,
        )

    @told
    async def group(self, request: web.Request) -> web.Response:
        """Answer with a page of one group's letters, those of a range if one is named."""
        where, range_name = form.group(request.query), choice(request, "range", RangeName)
        if range_name:
            since_ms, until_ms = self.context.insight.span_ms(range_name)
            where = replace(where, received_since_ms=since_ms, received_until_ms=until_ms)
        try:
            found = await self.context.reports.dead_letters(
                where,
                limit=LETTERS,
                cursor=request.query.get("cursor"),
            )
        except ValueError:
            raise BadRequest("There is no such page.") from None
        return self.renderer.page(
            request,
            "letters.html",
            where=where,
            found=found,
            range=range_name,
            ranges=SPOKEN,
            group=await self._group(where),
            meaning=meaning,
            platform=self.context.insight.types.get(where.destination or "", ""),
            labels=self.context.insight.labels,
        )

    @told
    async def confirm(self, request: web.Request) -> web.Response:
        """Answer with what an action would do, and ask for confirmation.

        The action leaves out events that die after this answer.
        """
        where, action = form.group(request.query), request.query.get("action", "")
        if action not in get_args(Action):
            raise BadRequest("There is no such action.")
        group = await self._group(where)
        where = replace(where, until_ms=group.until_ms + 1 if group else None)
        return self.renderer.page(
            request,
            "confirm.html",
            where=where,
            action=action,
            dry=await _dry_run(self.context.dead_letters, where, action),
            labels=self.context.insight.labels,
            max_note=MAX_NOTE,
        )

    @told
    async def replay(self, request: web.Request) -> web.Response:
        """Send a group again."""
        where = form.asked(await form.fields(request))
        done = await self.context.dead_letters.replay(where, dry_run=False)
        raise web.HTTPSeeOther(f"/undelivered?done={self.done.keep(('replay', done.replayed))}")

    @told
    async def drop(self, request: web.Request) -> web.Response:
        """Dismiss a group, with a note."""
        given = await form.fields(request)
        where, note = form.asked(given), form.text(given, "note")[:MAX_NOTE]
        dropped = await self.context.dead_letters.drop(where, note=note, dry_run=False)
        raise web.HTTPSeeOther(f"/undelivered?done={self.done.keep(('drop', dropped))}")

    @told
    async def csv(self, request: web.Request) -> web.Response:
        """Answer with the letters of a group, or all letters, as CSV."""
        named = any(name in request.query for name in form.GROUP)
        where = form.group(request.query) if named else DeadFilter()
        return web.Response(
            text=await csv_of(self.context.reports, where),
            content_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="not-delivered.csv"'},
        )

    async def _dead(self, wanted: str) -> int:
        """Return how many events ended undelivered, listed or not: at all, or at `wanted`."""
        views = (await self.context.reports.destinations()).destinations
        return sum(each.dead for each in views if wanted in ("", each.name))

    async def _group(self, where: DeadFilter) -> DeadGroup | None:
        found = await self.context.insight.dead_groups(where.destination)
        key = (where.destination, where.reason, where.code)
        return next(
            (each for each in found if (each.destination, each.reason, each.code) == key), None
        )

    def _platform(self, group: DeadGroup) -> str:
        return self.context.insight.types.get(group.destination, "")


async def _dry_run(letters: DeadLetters, where: DeadFilter, action: str) -> Replayed:
    """Return what an action would do; a dismissal counts no letter as expired."""
    if action == "replay":
        return await letters.replay(where, dry_run=True)
    count = await letters.drop(where, note="", dry_run=True)
    return Replayed(count, count, 0)
