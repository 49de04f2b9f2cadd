"""All screens of the page, with the static files that they load."""

from collections.abc import Sequence

from aiohttp import web

from relay.admin.pages.asset import Assets
from relay.admin.pages.destination import Destination
from relay.admin.pages.find import Find
from relay.admin.pages.fix import Fix
from relay.admin.pages.on_call import OnCall
from relay.admin.pages.overview import Overview
from relay.admin.pages.refused import Refused
from relay.admin.pages.renderer import Renderer
from relay.admin.pages.screen import Screen, ScreenContext, told
from relay.admin.pages.trial import Trial
from relay.admin.pages.undelivered import Undelivered


class _AnyAddress(web.DynamicResource):
    """Addresses where nothing is: no method is allowed there, so none is answered 405."""

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        match, _ = await super().resolve(request)
        return match, set()


class _AnyAddressDef(web.RouteDef):
    """Adds the addresses where nothing is to a router."""

    def register(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        resource = _AnyAddress(self.path)
        router.register_resource(resource)
        return [resource.add_route(method, self.handler) for method in ("GET", "HEAD")]


class Nowhere(Screen):
    """Every other address: browsers get a page, programs that use the API get JSON."""

    def routes(self) -> list[web.RouteDef]:
        """Return the route of all addresses without a screen."""
        return [_AnyAddressDef("GET", "/{address:(?!api/|static/).+}", self.show, {})]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer that there is no such page."""
        raise web.HTTPNotFound


SCREENS: Sequence[type[Screen]] = (
    Overview,
    Destination,
    Find,
    Undelivered,
    Refused,
    Fix,
    Trial,
    OnCall,
    Nowhere,
)


class Pages:
    """The page as a whole."""

    def __init__(self, context: ScreenContext) -> None:
        self._assets = Assets()
        emulated = [context.insight.labels[name] for name in context.emulated]
        renderer = Renderer(self._assets, context.clock, context.insight.tested, emulated)
        self._screens = [screen(context, renderer) for screen in SCREENS]

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of the page, below `/`."""
        return [
            *self._assets.routes(),
            *(route for screen in self._screens for route in screen.routes()),
        ]
