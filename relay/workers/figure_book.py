"""Adds the metrics of the workers to those of the main process, which serves `/metrics`.

A worker sends what it counted since the last time, within a moment; so once traffic pauses, the
main process's figures are exact. What a worker had not sent when it crashed is lost: these figures
begin at zero with a process anyway.
"""

from collections.abc import Sequence
from typing import Final

from relay.instrument import Histogram, Tally
from relay.metrics import Metrics
from relay.workers.message import Figures, Observations

INTERVAL_S: Final = 0.1
"""Time between two reports of a worker."""
QUIET_TIMES: Final = 50
"""After so many times without figures, it says that it is alive."""


class FigureBook:
    """The figures of one process: drained in a worker, added to in the main process."""

    def __init__(self, metrics: Metrics) -> None:
        self._tallies: Sequence[Tally] = (metrics.answers, metrics.passed_over)
        self._histograms: Sequence[Histogram] = (
            metrics.ingest_seconds,
            metrics.journal_append_seconds,
        )

    def drain(self) -> Figures | None:
        """Return what was counted since the last time, None if nothing was."""
        tallies = [list(each.drain().items()) for each in self._tallies]
        histograms = [
            [(labels, Observations(*told)) for labels, told in each.drain().items()]
            for each in self._histograms
        ]
        return Figures(tallies, histograms) if any(tallies) or any(histograms) else None

    def add(self, figures: Figures) -> None:
        """Add what another process counted."""
        for tally, counts in zip(self._tallies, figures.tallies, strict=True):
            for labels, count in counts:
                tally.add(*labels, count=count)
        for histogram, observed in zip(self._histograms, figures.histograms, strict=True):
            for labels, told in observed:
                histogram.merge(labels, told.counts, told.sum)
