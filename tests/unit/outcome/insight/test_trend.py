"""A chart has a step for every moment, and nothing where nothing came."""

from typing import get_args

import pytest

from relay.journal.figures.rollup import HOUR_S, MINUTE_S
from relay.journal.report import Slice
from relay.outcome.insight.trend import STEPS_S, filled
from relay.outcome.views.api import RANGES_S, RangeName
from tests.given.event.builders import NOW_S


@pytest.mark.parametrize("later_s", [0, 17.5, 50_000])
@pytest.mark.parametrize("name", get_args(RangeName))
def test_a_range_has_a_step_for_each_moment_that_is_over(name: RangeName, later_s: float) -> None:
    now_s = NOW_S + later_s
    steps = filled([], name, now_s)

    starts = [each.start_s for each in steps]
    assert starts == list(range(starts[0], starts[-1] + 1, STEPS_S[name]))
    assert starts[0] <= now_s - RANGES_S[name] < starts[1]
    assert starts[-1] + STEPS_S[name] <= now_s < starts[-1] + 2 * STEPS_S[name]
    assert not any(each.received + each.skipped + each.delivered + each.dead for each in steps)
    assert 48 <= len(steps) <= 62
    assert STEPS_S[name] % (MINUTE_S if RANGES_S[name] <= 48 * HOUR_S else HOUR_S) == 0


def test_what_was_found_stands_where_it_was() -> None:
    found = Slice(start_s=NOW_S, received=9, skipped=1, delivered=4, dead=2)

    steps = filled([found], "1h", NOW_S)

    assert steps[-1] == found
    assert sum(each.received for each in steps) == 9
    assert found.pending == 2
