"""Findings about events that were refused on arrival, from the rejections that are kept anyway."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from relay.outcome.doctor.finding import Finding
from relay.outcome.wording import REJECTED, UNKNOWN

MAX_LISTED: Final = 20
"""How many kinds of refusals are reported, the most frequent ones."""

_INDEX: Final = re.compile(r"\[\d+\]")


class Refusal(NamedTuple):
    """Why an event was refused, and the key that sent it."""

    key: str
    path: str
    code: str


def refusals(refused: Iterable[Refusal], events: int) -> Iterator[Finding]:
    """Yield a finding per kind of refusal, whatever its index in a list.

    `events` is the number of accepted events.
    """
    kinds = Counter(each._replace(path=_INDEX.sub("[]", each.path)) for each in refused)
    for (key, path, code), count in kinds.most_common(MAX_LISTED):
        words = REJECTED.get(code, UNKNOWN)
        yield Finding(
            code="rejected",
            event="",
            key=key,
            count=count,
            events=events + count,
            sentence=f"{_refused(count, path)}: {words.sentence}",
            fix=f"{words.fix} The relay lists the last 1,000, each with what is expected.",
            gain=round(count / (events + count), 4),
        )


def _refused(count: int, path: str) -> str:
    events = "event was" if count == 1 else "events were"
    return f"{count:,} {events} refused" + (f" at `{path}`" if path else "")
