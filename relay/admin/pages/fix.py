"""What to fix in the shop's events, the greatest gain first.

The screen is not live: the doctor examines thousands of events, too many for every few seconds.
"""

from typing import Final

from aiohttp import web

from relay.admin.pages.screen import Screen, told

GAINS: Final = ((0.25, "Much to gain"), (0.05, "Something to gain"), (0.0, "A little to gain"))
"""Each label, with the smallest gain that gets it; the greatest first."""
SHOWN_GROUPS: Final = 20
"""How many groups (event name and key) show their identifiers, the most frequent ones."""


class Fix(Screen):
    """The findings of the doctor, and what the events carry."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/fix", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with what to fix in the latest events."""
        diagnosis = await self.context.producers.diagnosis()
        return self.renderer.page(
            request,
            "fix.html",
            events=diagnosis.events,
            findings=[(each, gain(each.gain)) for each in diagnosis.findings],
            match=diagnosis.match[:SHOWN_GROUPS],
        )


def gain(share: float) -> str:
    """Return in words how much a fix may gain."""
    return next(words for least, words in GAINS if share >= least)
