"""What is measured, as data: one `Case` a line of the report, and the bounds that are promised.

A case fixes the work and not the time: so many events, all of them delivered to every
destination. The baseline gets fewer events, because it takes so much longer over each.
"""

import msgspec


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What the relay must reach in a case, in the median of the rounds."""

    min_ratio: float
    """Events a second, as a multiple of the baseline's in the same round."""
    max_cpu_us: float
    """CPU time of all its processes for an event, in µs."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """How many events one contender gets; those of the warm-up are not measured."""

    warm_up_events: int
    events: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One set of circumstances under which the relay and the baseline are measured."""

    name: str
    body_events: int
    connections: int
    """Producers that post at the same time, each one body after the other."""
    destinations: int
    """Pinterest and TikTok by turns."""
    sink_latency_ms: int = 0
    relay: Work
    baseline: Work
    bound: Bound | None = None


CASES = (
    Case(
        name="bodies-of-100",
        body_events=100,
        connections=8,
        destinations=2,
        relay=Work(warm_up_events=20_000, events=120_000),
        baseline=Work(warm_up_events=500, events=3_000),
        bound=Bound(min_ratio=20, max_cpu_us=40),
    ),
)


def smaller(case: Case) -> Case:
    """Return the case with just enough events to see that everything runs; it promises nothing."""
    return msgspec.structs.replace(
        case,
        relay=Work(warm_up_events=1_000, events=5_000),
        baseline=Work(warm_up_events=100, events=300),
        bound=None,
    )
