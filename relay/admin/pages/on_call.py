"""The on-call screen: requests, waits, journal and process, for whoever is woken up."""

from importlib.metadata import version

from aiohttp import web

from relay.admin.pages.screen import Screen, told


class OnCall(Screen):
    """The screen for engineers."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/on-call", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the current figures."""
        return self.renderer.page(
            request,
            "on_call.html",
            sources=self.context.sources(),
            figures=await self.context.insight.on_call(),
            links=self.context.links,
            fingerprint=self.context.fingerprint,
            version=version("conversion-relay"),
            started_ms=self.context.started_s * 1000,
            up_s=self.context.clock() - self.context.started_s,
        )
