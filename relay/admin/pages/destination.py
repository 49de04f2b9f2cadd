"""One destination: figures over time and by event name, match data, reasons; pause and resume."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from relay.admin.pages.screen import Screen, figures_of, told
from relay.admin.query import range_of
from relay.outcome.insight.attention import meaning
from relay.outcome.views.api import SPOKEN


class Destination(Screen):
    """The screen of a destination, where it can be paused and resumed."""

    def routes(self) -> list[web.RouteDef]:
        """Return its routes."""
        return [
            web.get("/destinations/{name}", self.show),
            web.post("/destinations/{name}/pause", self.pause),
            web.post("/destinations/{name}/resume", self.resume),
        ]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with one destination over a range."""
        name = self._name(request)
        detail = await self.context.insight.detail(name, range_of(request))
        return self.renderer.page(
            request,
            "destination.html",
            detail=detail,
            card=detail.card,
            view=detail.card.view,
            groups=[(group, meaning(group, detail.card.view.type)) for group in detail.groups],
            labels=self.context.insight.labels,
            ranges=SPOKEN,
            figures=figures_of(request),
            range=detail.summary.range,
        )

    @told
    async def pause(self, request: web.Request) -> web.Response:
        """Stop sending."""
        return await self._switch(request, self.context.control.pause)

    @told
    async def resume(self, request: web.Request) -> web.Response:
        """Send again, and try at once."""
        return await self._switch(request, self.context.control.resume)

    async def _switch(
        self, request: web.Request, act: Callable[[str], Awaitable[None]]
    ) -> web.Response:
        name = self._name(request)
        await act(name)
        raise web.HTTPSeeOther(f"/destinations/{name}")

    def _name(self, request: web.Request) -> str:
        name = request.match_info["name"]
        if name not in self.context.reports.names:
            raise web.HTTPNotFound
        return name
