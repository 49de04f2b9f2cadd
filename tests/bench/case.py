"""What is measured, as data: one `Case` a table of the report, and the bounds that are promised.

A case fixes the work and not the time: so many events, all of them delivered to every
destination. The baseline gets fewer events, because it takes so much longer over each. All cases
but the first two differ from one of these in one thing only.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

RELAY, BASELINE, CHAIN = "relay", "baseline", "chain"
"""Who takes part. A bound can be relative to the latter two, besides other cases."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What the relay must reach in a case, in the median of the rounds; one of the limits is set.

    With `times`, the figure is a multiple of the same figure of the baseline, the chain or another
    case in the same round; with `beyond`, it is what comes on top of another case's, divided by
    `per`.
    """

    figure: str
    """A name in `tests.bench.figure.FIGURES`."""
    at_least: float | None = None
    at_most: float | None = None
    times: str = ""
    beyond: str = ""
    per: int = 1
    plus: Literal["", "sync_p99_ms", "linger_ms"] = ""
    """What is added to the limit: the disk's own time, or the time that a request waits."""
    otherwise: "Bound | None" = None
    """What must be reached where the machine does not allow this one; both are told."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """How many events one contender gets; those of the warm-up are not measured."""

    warm_up_events: int
    events: int


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Post at a share of the events a second that another case reached in the same round."""

    share: float
    of: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One set of circumstances under which the relay and the baseline are measured."""

    name: str
    body_events: int
    connections: int
    """Producers that post at the same time, each one body after the other."""
    destinations: int
    """Pinterest and TikTok by turns."""
    source: Literal["http", "kafka"] = "http"
    """From Kafka, a body is a message."""
    sink_latency_ms: int = 0
    workers: int = 1
    """With more than one, the relay has all cores."""
    pace: Pace | None = None
    """An open loop: bodies are due at fixed times, whatever the relay does."""
    stored_events: int = 0
    """Events of the past in the journal, delivered before it starts."""
    waiting_events: int = 0
    """Events in the journal that wait for every destination; delivering them is measured too."""
    relay: Work
    baseline: Work | None = None
    has_chain: bool = False
    """Whether the stages of an event are measured alone as well."""
    bounds: tuple[Bound, ...] = ()
    run_by: Literal["bench", "bench-all", "name"] = "bench"
    """`make bench-all` does what `make bench` does and more; `name` is only on demand."""


BODIES_OF_100 = Case(
    name="bodies-of-100",
    body_events=100,
    connections=8,
    destinations=2,
    relay=Work(warm_up_events=20_000, events=120_000),
    baseline=Work(warm_up_events=500, events=3_000),
    has_chain=True,
    bounds=(
        Bound(figure="events_per_s", at_least=20, times=BASELINE),
        Bound(figure="events_per_s", at_least=30, times=BASELINE),
        Bound(figure="cpu_us_per_event", at_most=40),
        Bound(figure="cpu_us_per_event", at_most=25),
        Bound(figure="cpu_us_per_event", at_most=2.2, times=CHAIN),
    ),
)
BODIES_OF_1 = Case(
    name="bodies-of-1",
    body_events=1,
    connections=64,
    destinations=2,
    relay=Work(warm_up_events=8_000, events=50_000),
    baseline=Work(warm_up_events=500, events=3_000),
    has_chain=True,
    bounds=(
        Bound(figure="cpu_us_per_event", at_most=70),
        Bound(figure="events_per_s", at_least=10, times=BASELINE),
    ),
)


def _many(name: str, *bounds: Bound, **changes: object) -> Case:
    """Return the case of bodies of 100 with other circumstances; the relay alone."""
    return _other(BODIES_OF_100, name, bounds, changes)


def _single(name: str, *bounds: Bound, **changes: object) -> Case:
    """Return the case of single events with other circumstances; the relay alone."""
    return _other(BODIES_OF_1, name, bounds, changes)


def _other(case: Case, name: str, bounds: tuple[Bound, ...], changes: dict[str, object]) -> Case:
    alone = replace(case, name=name, bounds=bounds, baseline=None, has_chain=False)
    return replace(alone, **changes)


PACED_BOUNDS = (
    Bound(figure="answer_p99_ms", at_most=10, plus="sync_p99_ms"),
    Bound(figure="delivery_p50_ms", at_most=50, plus="linger_ms"),
)
PER_DESTINATION = Bound(figure="cpu_us_per_event", at_most=5, beyond=BODIES_OF_100.name)

CASES = (
    BODIES_OF_100,
    BODIES_OF_1,
    _single(
        "connections-1500",
        Bound(figure="events_per_s", at_least=0.8, times=BODIES_OF_1.name),
        Bound(figure="answer_p99_ms", at_most=1_000),
        connections=1_500,
    ),
    _single(
        "single-at-30-percent",
        *PACED_BOUNDS,
        pace=Pace(share=0.3, of=BODIES_OF_1.name),
        relay=Work(warm_up_events=2_000, events=15_000),
    ),
    _many(
        "hundreds-at-30-percent",
        *PACED_BOUNDS,
        pace=Pace(share=0.3, of=BODIES_OF_100.name),
        relay=Work(warm_up_events=10_000, events=50_000),
    ),
    _many(
        "sink-300ms",
        Bound(figure="events_per_s", at_least=0.9, times=BODIES_OF_100.name),
        sink_latency_ms=300,
    ),
    _many("destinations-1", destinations=1),
    _many("destinations-4", replace(PER_DESTINATION, per=2), destinations=4),
    # How much faster two are depends on what the generator and the sinks leave of the cores.
    _many(
        "workers-2",
        Bound(
            figure="events_per_s",
            at_least=1.6,
            times=BODIES_OF_100.name,
            otherwise=Bound(figure="cpu_us_per_event", at_most=1.15, times=BODIES_OF_100.name),
        ),
        workers=2,
    ),
    _many("bodies-of-10", body_events=10, run_by="bench-all"),
    _many("bodies-of-1000", body_events=1_000, run_by="bench-all"),
    _many("sink-100ms", sink_latency_ms=100, run_by="bench-all"),
    _many("destinations-8", replace(PER_DESTINATION, per=6), destinations=8, run_by="bench-all"),
    _many("stored-10-thousand", stored_events=10_000, run_by="bench-all"),
    _many(
        "stored-1-million",
        Bound(figure="cpu_us_per_event", at_most=1.1, times="stored-10-thousand"),
        stored_events=1_000_000,
        run_by="bench-all",
    ),
    _many(
        "stored-10-million",
        Bound(figure="cpu_us_per_event", at_most=1.1, times="stored-10-thousand"),
        stored_events=10_000_000,
        run_by="name",
    ),
    _many("kafka-bodies-of-100", source="kafka", run_by="bench-all"),
    _many("kafka-single", source="kafka", body_events=1, run_by="bench-all"),
    _many(
        "tens-at-10-percent",
        body_events=10,
        pace=Pace(share=0.1, of=BODIES_OF_100.name),
        relay=Work(warm_up_events=10_000, events=20_000),
        run_by="bench-all",
    ),
    _many(
        "1-million-waiting",
        Bound(figure="events_per_s", at_least=0.8, times=BODIES_OF_100.name),
        Bound(figure="memory_mb", at_most=250),
        Bound(figure="answer_p99_ms", at_most=2, times="tens-at-10-percent"),
        body_events=10,
        waiting_events=1_000_000,
        pace=Pace(share=0.1, of=BODIES_OF_100.name),
        relay=Work(warm_up_events=0, events=30_000),  # few enough to end before the backlog does
        run_by="bench-all",
    ),
)


def smaller(case: Case) -> Case:
    """Return the case with just enough events to see that everything runs; it promises nothing."""
    return replace(
        case,
        connections=min(case.connections, 200),
        stored_events=min(case.stored_events, 5_000),
        waiting_events=min(case.waiting_events, 5_000),
        relay=Work(warm_up_events=min(case.relay.warm_up_events, 1_000), events=3_000),
        baseline=case.baseline and Work(warm_up_events=100, events=300),
        bounds=(),
    )
