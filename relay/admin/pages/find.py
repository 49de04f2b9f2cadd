"""Find a conversion by event id or order id, down to the last request that contained it."""

from collections.abc import Mapping

from aiohttp import web

from relay.admin.pages.screen import Screen, told
from relay.journal.find.lookup import MAX_FOUND
from relay.outcome.insight.situation import BY_HAND
from relay.outcome.platform_code import wording_of
from relay.outcome.views.api import AttemptView, DeliveryView, EventList
from relay.outcome.wording import DEAD

MAX_ID = 256
MAX_TYPED = 600
"""The most characters of the field: browsers count an emoji as two, and pastes have spaces."""


class Find(Screen):
    """The search form, and what it found."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/find", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the events of an id, or with the empty form."""
        wanted = request.query.get("id", "")
        found = await self._found(wanted) if wanted.strip() else None
        return self.renderer.page(
            request,
            "find.html",
            wanted=wanted,
            events=found.events if found else (),
            most=MAX_FOUND,
            max_typed=MAX_TYPED,
            meaning=self._meaning,
            refused=DEAD["platform_rejected"].sentence,
            paused=self._paused(),
            labels=self.context.insight.labels,
        )

    async def _found(self, wanted: str) -> EventList | None:
        """Look for the exact id, and then for the id without the spaces that came with a paste.

        Event ids come before order ids: they are what the shop and the pixel share.
        """
        reports = self.context.reports
        for each in dict.fromkeys((wanted, wanted.strip())):
            if len(each) > MAX_ID:
                continue
            found = await reports.events(event_id=each) or await reports.events(order_id=each)
            if found:
                return found
        return None

    def _paused(self) -> Mapping[str, str]:
        """Return what has to happen before each paused destination gets what waits for it."""
        health = self.context.reports.health()
        return {
            name: "somebody resumes it" if each.reason == BY_HAND else "that is fixed"
            for name, each in health.items()
            if each.state == "paused"
        }

    def _meaning(self, delivery: DeliveryView, attempt: AttemptView) -> str:
        """Return what the answer to an attempt means; the platform's own words if it is unknown."""
        platform = self.context.insight.types.get(delivery.destination, "")
        wording = wording_of(platform, attempt.code, attempt.http_status)
        return wording.sentence if wording else attempt.message
