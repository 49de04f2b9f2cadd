"""The overview: do the sales arrive, where did they go, and what needs attention?"""

from collections.abc import Sequence

from aiohttp import web

from relay.admin.pages.screen import Screen, figures_of, told
from relay.admin.query import range_of
from relay.outcome.insight.attention import Task
from relay.outcome.views.api import SPOKEN

TASKS_SHOWN = 8
"""How many tasks are shown; further reasons for undelivered events are only in their own list."""


class Overview(Screen):
    """The first screen."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the figures of a range."""
        kafka = self.context.sources().kafka
        found = await self.context.insight.overview(range_of(request), kafka)
        tasks, left = _shown(found.tasks)
        return self.renderer.page(
            request,
            "overview.html",
            overview=found,
            tasks=tasks,
            more_tasks=left,
            labels=self.context.insight.labels,
            ranges=SPOKEN,
            figures=figures_of(request),
        )


def _shown(tasks: Sequence[Task]) -> tuple[Sequence[Task], int]:
    """Return the tasks to show, and how many others are left to the list of undelivered events."""
    shown = [each for at, each in enumerate(tasks) if at < TASKS_SHOWN or each.kind != "dead"]
    return shown, len(tasks) - len(shown)
