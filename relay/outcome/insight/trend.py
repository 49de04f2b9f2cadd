"""Figures over time in steps without gaps, as a chart needs them."""

from collections.abc import Sequence
from typing import Final

from relay.journal.report import Slice
from relay.outcome.views.api import RANGES_S, RangeName

STEPS_S: Final[dict[RangeName, int]] = {
    "1h": 60,
    "24h": 1_800,
    "7d": 3 * 3_600,
    "30d": 12 * 3_600,
}
"""Seconds of a step: each range has 48 to 60 steps, each a whole number of roll-up rows."""


def filled(found: Sequence[Slice], range_name: RangeName, now_s: float) -> Sequence[Slice]:
    """Return a slice for every step of a range up to now, an empty one if nothing came.

    The current step is left out until something comes in it: it would look like a drop.
    """
    step_s = STEPS_S[range_name]
    by_start = {each.start_s: each for each in found}
    first_s, last_s = (_start(moment, step_s) for moment in (now_s - RANGES_S[range_name], now_s))
    end_s = last_s + 1 if last_s in by_start else last_s
    return [by_start.get(at_s, Slice(start_s=at_s)) for at_s in range(first_s, end_s, step_s)]


def _start(moment_s: float, step_s: int) -> int:
    return int(moment_s) - int(moment_s) % step_s
