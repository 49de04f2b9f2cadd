"""What was refused on arrival, from the rejections that are kept anyway."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from relay.outcome.doctor.finding import Finding

MAX_LISTED: Final = 20
"""Kinds of refusals that are told, the most frequent ones."""

_INDEX: Final = re.compile(r"\[\d+\]")


class Refusal(NamedTuple):
    """Why an event was refused, and of whose key."""

    key: str
    path: str
    code: str


def refusals(refused: Iterable[Refusal], events: int) -> Iterator[Finding]:
    """Return what was refused, place in a list aside; `events` are those that were taken."""
    kinds = Counter(each._replace(path=_INDEX.sub("[]", each.path)) for each in refused)
    for (key, path, code), count in kinds.most_common(MAX_LISTED):
        yield Finding(
            code="rejected",
            event="",
            key=key,
            count=count,
            events=events + count,
            sentence=f"{_counted(count)} refused: {code} {path}".rstrip() + ".",
            fix="Each refusal says what is expected; the relay lists the last 1,000.",
            gain=round(count / (events + count), 4),
        )


def _counted(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
