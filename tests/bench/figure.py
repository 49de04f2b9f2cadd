"""The figures of a trial by name, for tables, bounds and plots; and what several rounds come to."""

from collections.abc import Sequence
from statistics import median

import msgspec

from tests.bench.measurement import Measurement


class Spread(msgspec.Struct, frozen=True):
    """A figure over all rounds."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def text(self, digits: int) -> str:
        """Return median [min..max]."""
        middle, low, high = (
            f"{figure:,.{digits}f}" for figure in (self.median, self.min, self.max)
        )
        return f"{middle} [{low}..{high}]"


class Figure(msgspec.Struct, frozen=True):
    """How a field of a measurement is called and written."""

    title: str
    digits: int = 0


FIGURES = {
    "events_per_s": Figure("events/s, delivered to all"),
    "cpu_us_per_event": Figure("CPU µs an event", 1),
    "answer_p50_ms": Figure("answer p50, ms", 1),
    "answer_p99_ms": Figure("answer p99, ms", 1),
    "delivery_p50_ms": Figure("sent to delivered p50, ms", 1),
    "delivery_p99_ms": Figure("sent to delivered p99, ms", 1),
    "memory_mb": Figure("peak memory, MB"),
    "written_bytes_per_event": Figure("written to disk an event, bytes"),
    "events_per_post": Figure("events a POST to a destination", 1),
}


def values(trials: Sequence[Measurement], name: str) -> list[float]:
    """Return the figure of each trial, as far as it has one."""
    found = (getattr(trial, name) for trial in trials)
    return [value for value in found if value is not None]
