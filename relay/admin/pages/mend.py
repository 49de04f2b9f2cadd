"""What to mend in the shop's events, the greatest gain first.

Not live: the doctor examines thousands of events, which is too much to repeat every few seconds.
"""

from typing import Final

from aiohttp import web

from relay.admin.pages.screen import Screen, told

GAINS: Final = ((0.25, "Much to gain"), (0.05, "Something to gain"), (0.0, "A little to gain"))
"""The gain from which on it is called so."""
SHOWN_GROUPS: Final = 20
"""Names and keys of which it is told what they carry, the most frequent ones."""


class Mend(Screen):
    """The findings of the doctor, and what the events carry."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/mend", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with what stands out in the latest events."""
        diagnosis = await self.context.producers.diagnosis()
        return self.renderer.page(
            request,
            "mend.html",
            events=diagnosis.events,
            findings=[(each, gain(each.gain)) for each in diagnosis.findings],
            match=diagnosis.match[:SHOWN_GROUPS],
        )


def gain(share: float) -> str:
    """Return how much mending something may bring, in words."""
    return next(words for least, words in GAINS if share >= least)
