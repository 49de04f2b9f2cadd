"""Overview: are the sales arriving, where did they go, and what needs attention?"""

from aiohttp import web

from relay.admin.pages.screen import Screen, figures_of, range_of, told
from relay.outcome.insight.headline import SPOKEN

TASKS_SHOWN = 8
"""More than that are left to the list of what was not delivered."""


class Overview(Screen):
    """The first screen."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the figures of a range."""
        found = await self.context.insight.overview(range_of(request))
        return self.renderer.page(
            request,
            "overview.html",
            overview=found,
            tasks=found.tasks[:TASKS_SHOWN],
            more_tasks=len(found.tasks[TASKS_SHOWN:]),
            labels=self.context.insight.labels,
            ranges=SPOKEN,
            figures=figures_of(request),
        )
