"""Send a test: a made-up event in the platform's test mode, and what the platform says to it."""

from collections.abc import Sequence

from aiohttp import web

from relay.admin.pages.form import fields
from relay.admin.pages.screen import Screen, told
from relay.outcome.probe import Probe

MAX_CODE = 100


class Trial(Screen):
    """The form and the verdict."""

    def routes(self) -> list[web.RouteDef]:
        """Return its routes."""
        return [web.get("/test", self.show), web.post("/test", self.send)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the form."""
        return self._page(request, request.query.get("destination", ""), None)

    @told
    async def send(self, request: web.Request) -> web.Response:
        """Send it, and answer with the verdict. Takes as long as the platform does."""
        given = await fields(request)
        name = given.get("destination", "")
        if name not in self.desk.reports.names:
            raise web.HTTPNotFound
        code = given.get("test_event_code", "").strip()[:MAX_CODE]
        return self._page(request, name, await self.desk.trial(name, code))

    def _page(
        self, request: web.Request, name: str, probes: Sequence[Probe] | None
    ) -> web.Response:
        return self.renderer.page(
            request,
            "trial.html",
            chosen=name,
            probes=probes,
            labels=self.desk.insight.labels,
            types=self.desk.insight.types,
        )
