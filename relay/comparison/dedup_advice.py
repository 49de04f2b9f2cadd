"""Puts a result into words: advice for each cause, and one sentence for each destination."""

from collections.abc import Mapping
from typing import Final

from relay.comparison.dedup_result import Checked
from relay.comparison.twin import Cause, Judge

CAUSES: Final[Mapping[Cause, str]] = {
    "id_differs": "the browser sends another id for the same sale",
    "name_differs": "the browser uses another name for it",
    "window_passed": "the two came too far apart",
    "never_compared": "the platform never compares events of this source",
    "filed_offline": "it was sent so late that it may be filed as an offline event",
}


ADVICES: Final[Mapping[Cause, str]] = {
    "id_differs": (
        "Give both sides the same id, to the letter: make it from the order number, and hand it"
        " to the page and to the backend."
    ),
    "name_differs": (
        "Have the browser use the platform's own name, in its spelling, as the examples show."
    ),
    "window_passed": (
        "The platform compares for {window_h:g} h only. Find out what the server's event waited for"
        " (relay event EVENT_ID), and have the shop post it at once."
    ),
    "never_compared": (
        "The platform never compares {sources} events. Post what happens on the site with"
        " action_source web, or have only one side send it."
    ),
    "filed_offline": (
        "Sent more than {wall_h:g} h after it happened, it may count as an offline event, which is"
        " never compared. Post it at once; if it waited here, relay event EVENT_ID says why."
    ),
}


def advice(cause: Cause, judge: Judge) -> str:
    """Return what to do about a cause of double counting at a destination."""
    limits = judge.limits
    return ADVICES[cause].format(
        window_h=limits.deduplication_window_s / 3600,
        wall_h=limits.online_wall_s / 3600,
        sources=" and ".join(sorted(limits.undeduplicated)) or "such",
    )


def sentence(checked: Checked) -> str:
    """Return the result for one destination as a sentence."""
    whole = checked.once + checked.server_only + checked.twice
    if not whole:
        return f"{checked.destination}: no event was sent in the time that the file covers."
    parts = [_twice(checked.twice, whole)]
    parts += [f"{each.events:,}: {CAUSES[each.cause]}" for each in checked.doubts]
    if checked.server_only:
        parts.append(f"{checked.server_only:,} came from the server alone, which is fine")
    if checked.test:
        parts.append("it is in test mode, in which the platform counts nothing")
    return f"{checked.destination}: {'; '.join(parts)}."


def _twice(count: int, whole: int) -> str:
    if whole == 1:
        return f"the only event {'is counted twice, or may be' if count else 'counts once'}"
    if not count:
        return f"none of {whole:,} events is counted twice"
    return f"{count:,} of {whole:,} events {'is' if count == 1 else 'are'} counted twice, or may be"
