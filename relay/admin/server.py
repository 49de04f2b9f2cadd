"""The admin port: probes, metrics, the API, and the page."""

from collections.abc import Callable

from aiohttp import web

from relay.admin import answer
from relay.admin.answer import Status
from relay.admin.api import Api
from relay.admin.guard import Guard, introduce, prepare
from relay.admin.pages import Pages
from relay.outcome.exposition import CONTENT_TYPE, Exposition

MAX_BODY_BYTES = 1024 * 1024


class AdminServer:
    """Builds the port's application. `not_ready` returns why events cannot be accepted, or None."""

    def __init__(
        self,
        *,
        api: Api,
        pages: Pages,
        guard: Guard,
        exposition: Exposition,
        not_ready: Callable[[], str | None],
        openapi: bytes,
    ) -> None:
        self._api = api
        self._pages = pages
        self._guard = guard
        self._exposition = exposition
        self._not_ready = not_ready
        self._openapi = openapi

    def application(self) -> web.Application:
        """Return the application that is served on `[admin] listen`."""
        application = web.Application(
            middlewares=[self._guard.middleware, introduce], client_max_size=MAX_BODY_BYTES
        )
        application.on_response_prepare.append(prepare)
        application.add_routes(
            [
                web.get("/healthz", self.healthz),
                web.get("/readyz", self.readyz),
                web.get("/metrics", self.metrics),
                web.get("/openapi.json", self.openapi),
                *self._pages.routes(),
                *self._api.routes(),
            ]
        )
        return application

    async def healthz(self, request: web.Request) -> web.Response:
        """Answer that the process is alive."""
        return answer.json(Status("alive"))

    async def readyz(self, request: web.Request) -> web.Response:
        """Answer whether events can be accepted."""
        reason = self._not_ready()
        if reason is None:
            return answer.json(Status("ready"))
        return answer.error(503, "unavailable", reason)

    async def metrics(self, request: web.Request) -> web.Response:
        """Answer with Prometheus' text format."""
        page = await self._exposition.render()
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, request: web.Request) -> web.Response:
        """Answer with the OpenAPI document of this port."""
        return web.Response(body=self._openapi, content_type="application/json")
