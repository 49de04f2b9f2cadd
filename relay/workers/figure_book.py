"""Adds the metrics of the workers to those of the main process, which serves `/metrics`.

A worker sends its new counts every `INTERVAL_S`, so as soon as traffic pauses, the main process's
figures are exact. Counts that a worker had not sent when it crashed are lost; these figures start
at zero with a process anyway.
"""

from collections.abc import Sequence
from typing import Final

from relay.instrument import Histogram, Tally
from relay.metrics import Metrics
from relay.workers.message import Figures, Observations

INTERVAL_S: Final = 0.1
"""Time between two reports of a worker."""
QUIET_TIMES: Final = 50
"""After this many intervals without figures, it reports that it is alive."""


class FigureBook:
    """The figures of one process: drained in a worker, added to in the main process."""

    def __init__(self, metrics: Metrics) -> None:
        self._tallies: Sequence[Tally] = (metrics.answers, metrics.passed_over)
        self._histograms: Sequence[Histogram] = (
            metrics.ingest_seconds,
            metrics.journal_append_seconds,
        )

    def drain(self) -> Figures | None:
        """Return what was counted since the last call, or None if nothing was."""
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
