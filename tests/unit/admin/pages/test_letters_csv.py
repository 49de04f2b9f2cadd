"""All letters are in the CSV, once each, up to the most that it lists."""

from typing import cast

import pytest

from relay.admin.pages.letters_csv import HEADER, MOST_LETTERS, csv_of
from relay.journal.letter import DeadFilter
from relay.outcome.reports import Reports
from relay.outcome.views.api import DeadLetterList, DeadLetterView


class ManyReports:
    """Have so many letters, a page of them at a time."""

    def __init__(self, count: int) -> None:
        self._count = count

    async def dead_letters(
        self, where: DeadFilter, *, limit: int, cursor: str | None
    ) -> DeadLetterList:
        assert where == DeadFilter()
        start = int(cursor or 0)
        end = min(start + limit, self._count)
        letters = [letter(number) for number in range(start, end)]
        return DeadLetterList(letters, str(end) if end < self._count else None, self._count)


def letter(number: int) -> DeadLetterView:
    return DeadLetterView(
        id=str(number),
        event_id=f"order-{number}",
        event="purchase",
        event_time="",
        destination="first",
        reason="expired",
        code="",
        message="",
        dead_at="",
    )


@pytest.mark.parametrize(
    ("count", "listed"), [(0, 0), (2_500, 2_500), (MOST_LETTERS + 1, MOST_LETTERS)]
)
async def test_every_page_is_in_it_once(count: int, listed: int) -> None:
    text = await csv_of(cast("Reports", ManyReports(count)), DeadFilter())
    header, *rows = text.removeprefix("\ufeff").splitlines()
    assert header == ",".join(HEADER)
    assert [row.split(",")[3] for row in rows] == [f"order-{number}" for number in range(listed)]
