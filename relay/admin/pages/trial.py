"""Send a test: a made-up event in the platform's test mode, and the platform's answer to it."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from relay.admin.pages.done import Done
from relay.admin.pages.form import fields
from relay.admin.pages.renderer import Renderer
from relay.admin.pages.screen import Screen, ScreenContext, told
from relay.outcome.probe import Probe

MAX_CODE = 100


class Verdict(msgspec.Struct, frozen=True):
    """A platform's answer to a test, and the test event code with which it was sent."""

    name: str
    code: str
    probes: Sequence[Probe]


class Trial(Screen):
    """The form and the verdict; a reload shows the verdict again without another test."""

    def __init__(self, context: ScreenContext, renderer: Renderer) -> None:
        super().__init__(context, renderer)
        self.done = Done[Verdict](context.clock)

    def routes(self) -> list[web.RouteDef]:
        """Return its routes."""
        return [web.get("/test", self.show), web.post("/test", self.send)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the form."""
        said = self.done.named_by(request)
        return self.renderer.page(
            request,
            "trial.html",
            chosen=said.name if said else request.query.get("destination", ""),
            code=said.code if said else "",
            probes=said.probes if said else None,
            labels=self.context.insight.labels,
            types=self.context.insight.types,
        )

    @told
    async def send(self, request: web.Request) -> web.Response:
        """Send the test, and redirect to the verdict. Takes as long as the platform does."""
        given = await fields(request)
        name = given.get("destination", "")
        if name not in self.context.reports.names:
            raise web.HTTPNotFound
        code = given.get("test_event_code", "").strip()[:MAX_CODE]
        said = Verdict(name, code, await self.context.trial(name, code))
        raise web.HTTPSeeOther(f"/test?done={self.done.keep(said)}#verdict")
