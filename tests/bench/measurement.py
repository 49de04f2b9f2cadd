"""What a trial found, computed from what its processes reported.

The clock runs from the first byte that is sent to the moment when the sink has counted the last
event at the last destination, so that an answer given early earns nothing. Delivery is measured
for each event and destination: from the moment its body was sent, or was due, to its arrival.
"""

from array import array
from collections.abc import Iterator, Sequence

import msgspec

from tests.bench.load import Summary, quantile
from tests.bench.sink import NUMBERS, Arrival, Count
from tests.bench.usage import Usage


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one trial; None for what a contender has not."""

    events: int
    wall_s: float
    events_per_s: float
    cpu_us_per_event: float
    memory_mb: float | None = None
    """The peak of all its processes, added up, in millions of bytes."""
    written_bytes_per_event: float | None = None
    answer_p50_ms: float | None = None
    answer_p99_ms: float | None = None
    delivery_p50_ms: float | None = None
    delivery_p99_ms: float | None = None
    events_per_post: float | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """What the contender has used and the sink has counted since they were started."""

    at_s: float
    usage: Usage
    count: Count


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The work between two snapshots."""

    load: Summary
    before: Snapshot
    after: Snapshot
    began_at_s: float
    destinations: int
    latencies_s: Sequence[float]
    """From sent to arrived; empty if that is not known."""


def measurement(span: Span) -> Measurement:
    """Return the figures of the work that was done between two snapshots."""
    before, after, latencies_s = span.before, span.after, span.latencies_s
    sent = after.count.events - before.count.events
    events, wall_s = sent // span.destinations, after.count.last_at_s - span.began_at_s
    cpu_s = after.usage.cpu_s - before.usage.cpu_s
    written_bytes = after.usage.written_bytes - before.usage.written_bytes
    return Measurement(
        events=events,
        wall_s=wall_s,
        events_per_s=events / wall_s,
        cpu_us_per_event=cpu_s / events * 1e6,
        memory_mb=after.usage.rss_peak_bytes / 1e6,
        written_bytes_per_event=written_bytes / events,
        answer_p50_ms=span.load.answer_p50_ms,
        answer_p99_ms=span.load.answer_p99_ms,
        delivery_p50_ms=quantile(latencies_s, 0.50) * 1_000 if latencies_s else None,
        delivery_p99_ms=quantile(latencies_s, 0.99) * 1_000 if latencies_s else None,
        events_per_post=sent / (after.count.requests - before.count.requests),
    )


def latencies_s(
    arrivals: Sequence[Arrival], sent_at_s: Sequence[float], first: int, body_events: int
) -> Iterator[float]:
    """Yield how long each event took to each destination; numbers below `first` are left out."""
    for arrival in arrivals:
        numbers = array(NUMBERS)
        numbers.frombytes(arrival.numbers)
        for number in numbers:
            if number >= first:
                yield arrival.at_s - sent_at_s[(number - first) // body_events]
