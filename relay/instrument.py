"""A histogram and a counter for `/metrics` that are cheap to update by the batch.

The Prometheus library's own take one observation per call, and also export creation times. These
are not thread-safe: updates and collection must share one event loop. The caller must bound the
labels.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import add
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600)


class Histogram(Collector):
    """A histogram that takes many equal observations in one call, which the library's does not."""

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        help_text: str,
        *,
        bounds: Sequence[float] = SECONDS,
        labels: Sequence[str] = ("destination",),
    ) -> None:
        self._family = (name, help_text, labels)
        self._bounds = bounds
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        registry.register(self)

    def observe(self, value: float, *labels: str, count: int = 1) -> None:
        """Add `count` observations of `value`; a count of 0 makes the series start at zero."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
            self._sums[labels] = 0.0
        counts[bisect_left(self._bounds, value)] += count
        self._sums[labels] += value * count

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the family for an exposition."""
        family = HistogramMetricFamily(*self._family[:2], labels=self._family[2])
        for labels, counts in self._counts.items():
            family.add_metric(labels, self._buckets(counts), self._sums[labels])
        yield family

    def drain(self) -> Mapping[tuple[str, ...], tuple[list[int], float]]:
        """Return counts and sum by labels, and reset them: another process adds them up."""
        told = {labels: (counts, self._sums[labels]) for labels, counts in self._counts.items()}
        self._counts, self._sums = {}, {}
        return told

    def merge(self, labels: tuple[str, ...], counts: Sequence[int], total: float) -> None:
        """Add what another process drained."""
        self.observe(0, *labels, count=0)
        self._counts[labels] = [*map(add, self._counts[labels], counts)]
        self._sums[labels] += total

    def quantile(self, share: float, *labels: str) -> float | None:
        """Return an upper bound of the `share` quantile, or None if there are no observations.

        It is the upper bound of a bucket, so it is never better than the real value.
        """
        counts = self._counts.get(labels, [0])
        wanted, seen = share * sum(counts), 0
        if not wanted:
            return None
        for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
            seen += count
            if seen >= wanted:
                return bound
        return math.inf

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Yield the empty family, so that registering collects nothing."""
        return [HistogramMetricFamily(*self._family[:2], labels=self._family[2])]

    def _buckets(self, counts: Sequence[int]) -> list[tuple[str, float]]:
        total, buckets = 0, []
        for bound, count in zip((*map(str, map(float, self._bounds)), "+Inf"), counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


class Tally(Collector):
    """A counter by labels, without the library's creation times, which are series of their own."""

    def __init__(
        self, registry: CollectorRegistry, name: str, help_text: str, labels: Sequence[str]
    ) -> None:
        self._family = (name, help_text, labels)
        self._counts: dict[tuple[str, ...], int] = {}
        registry.register(self)

    def add(self, *labels: str, count: int = 1) -> None:
        """Add `count`; 0 makes the series start at zero."""
        self._counts[labels] = self._counts.get(labels, 0) + count

    def drain(self) -> Mapping[tuple[str, ...], int]:
        """Return the counts by labels, and reset them: another process adds them up."""
        told, self._counts = self._counts, {}
        return told

    def counts(self) -> Mapping[tuple[str, ...], int]:
        """Return the counts by labels."""
        return self._counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the family for an exposition."""
        family = CounterMetricFamily(*self._family[:2], labels=self._family[2])
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Yield the empty family, so that registering collects nothing."""
        return [CounterMetricFamily(*self._family[:2], labels=self._family[2])]
