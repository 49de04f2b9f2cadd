"""Refused on arrival: the last thousand unusable events, and what is wrong with them."""

from collections import Counter
from collections.abc import Sequence

from aiohttp import web

from relay.admin.pages.screen import Screen, told
from relay.journal.figures.reports import MAX_REJECTIONS
from relay.outcome.views.api import RejectionView
from relay.outcome.wording import REJECTED, UNKNOWN, Wording

SHOWN = 50
"""How many events are shown at first; one click shows all that are kept."""


class Refused(Screen):
    """The list, with its most frequent codes."""

    def routes(self) -> list[web.RouteDef]:
        """Return its route."""
        return [web.get("/refused", self.show)]

    @told
    async def show(self, request: web.Request) -> web.Response:
        """Answer with the latest rejections, those of one code if it is named."""
        found = (await self.context.reports.rejections(MAX_REJECTIONS)).rejections
        code = request.query.get("code", "")
        matching = [each for each in found if code in ("", each.code)]
        shown = matching if "all" in request.query else matching[:SHOWN]
        return self.renderer.page(
            request,
            "refused.html",
            total=len(found),
            matching=len(matching),
            code=code,
            shown=shown,
            groups=_groups(found),
            from_kafka=any(each.source == "kafka" for each in found),
        )


def _groups(found: Sequence[RejectionView]) -> list[tuple[str, int, Wording, RejectionView]]:
    """Return each code with its count, its wording, and the latest rejection that has it."""
    counts = Counter(each.code for each in found)
    latest = {each.code: each for each in reversed(found)}
    return [
        (code, count, REJECTED.get(code, UNKNOWN), latest[code])
        for code, count in counts.most_common()
    ]
