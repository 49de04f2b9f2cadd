"""All screens of the page, and the files that they are made with."""

from collections.abc import Sequence

from aiohttp import web

from relay.admin.pages.asset import Assets
from relay.admin.pages.destination import Destination
from relay.admin.pages.find import Find
from relay.admin.pages.mend import Mend
from relay.admin.pages.on_call import OnCall
from relay.admin.pages.overview import Overview
from relay.admin.pages.refused import Refused
from relay.admin.pages.renderer import Renderer
from relay.admin.pages.screen import Screen, ScreenContext, told
from relay.admin.pages.trial import Trial
from relay.admin.pages.undelivered import Undelivered


class Nowhere(Screen):
    """Whatever else somebody asks a browser for; the API tells its own programs in JSON."""

    def routes(self) -> list[web.RouteDef]:
        """Return the route of all addresses that no other screen has."""
        return [web.get("/{address:(?!api/|static/).+}", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer that there is nothing."""
        raise web.HTTPNotFound


SCREENS: Sequence[type[Screen]] = (
    Overview,
    Destination,
    Find,
    Undelivered,
    Refused,
    Mend,
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
        """Return what is below `/`."""
        return [
            *self._assets.routes(),
            *(route for screen in self._screens for route in screen.routes()),
        ]
