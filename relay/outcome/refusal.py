"""What was refused on arrival or left out of events, from counts that are kept anyway."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from relay.outcome.symptom import Finding


class Refused(msgspec.Struct, frozen=True):
    """What was refused on arrival, or left out of events that were taken."""

    what: str
    """A path of the event, or an identifier."""
    reason: str
    count: int


def refusals(
    rejected: Mapping[tuple[str, str], int], unusable: Iterable[Refused], events: int
) -> Iterator[Finding]:
    """Return what was refused and left out; `events` are those that were looked at."""
    for (path, code), count in rejected.items():
        yield Finding(
            code="rejected",
            event="",
            key="",
            count=count,
            events=events + count,
            sentence=f"{_counted(count, 'event')} refused: {code} {path}".rstrip() + ".",
            fix="Each refusal says what is expected; the relay lists the last 1,000.",
            gain=round(count / (events + count), 4),
        )
    for each in unusable:
        yield Finding(
            code="unusable",
            event="",
            key="",
            count=each.count,
            events=max(events, each.count),
            sentence=f"{_counted(each.count, 'value')} of {each.what} {_left_out(each.reason)}.",
            fix="Send it as the person entered it, or leave it out.",
            gain=round(0.5 * each.count / max(events, each.count), 4),
        )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _left_out(reason: str) -> str:
    """Return a reason so that it begins with what was done."""
    done = "left out: "
    return f"{done}{reason.removeprefix(done)}"
