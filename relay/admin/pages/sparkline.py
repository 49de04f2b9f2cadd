"""Turns a trend into the points of an SVG polyline, so that a card needs no script."""

from collections.abc import Sequence
from typing import Final

from relay.journal.report import Slice

WIDTH: Final = 120
HEIGHT: Final = 28
_MARGIN: Final = 2


def points(trend: Sequence[Slice]) -> str:
    """Return the delivered events of each step as `x,y` pairs, from left to right."""
    figures = [each.delivered for each in trend]
    if not any(figures) or len(figures) == 1:
        return ""
    highest, last = max(figures), len(figures) - 1
    room = HEIGHT - 2 * _MARGIN
    return " ".join(
        f"{WIDTH * at / last:.1f},{HEIGHT - _MARGIN - room * figure / highest:.1f}"
        for at, figure in enumerate(figures)
    )
