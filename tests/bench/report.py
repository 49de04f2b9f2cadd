"""From the trials of a case to figures and verdicts: median [min..max], ratio, bounds.

The ratio is taken round by round, because both contenders of a round met the same machine; of
those ratios and of the CPU times the median is held against the bound.
"""

from collections.abc import Callable, Sequence
from statistics import median

import msgspec
from rich.markup import escape
from rich.table import Table

from tests.bench.case import Bound, Case
from tests.bench.trial import Measurement


class Spread(msgspec.Struct, frozen=True):
    """A figure over all rounds."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All trials of a case; a contender that was left out has none."""

    case: Case
    relay: list[Measurement]
    baseline: list[Measurement]

    @property
    def ratio(self) -> Spread | None:
        """Events a second of the relay over those of the baseline, round by round."""
        pairs = zip(self.relay, self.baseline, strict=False)
        ratios = [ours.events_per_s / theirs.events_per_s for ours, theirs in pairs]
        return Spread.of(ratios) if ratios else None


class Verdict(msgspec.Struct, frozen=True):
    """One promise and whether it was kept."""

    text: str
    is_kept: bool


class Line(msgspec.Struct, frozen=True):
    """One line of the table."""

    title: str
    figure: Callable[[Measurement], float]
    digits: int = 0


LINES = (
    Line("events/s, delivered to all", lambda trial: trial.events_per_s),
    Line("CPU µs an event", lambda trial: trial.cpu_us_per_event, 1),
    Line("answer p50, ms", lambda trial: trial.answer_p50_ms, 1),
    Line("answer p99, ms", lambda trial: trial.answer_p99_ms, 1),
    Line("peak memory, MiB", lambda trial: trial.rss_peak_bytes / 2**20),
    Line("written to disk an event, bytes", lambda trial: trial.written_bytes_per_event),
    Line("events a POST to a destination", lambda trial: trial.events_per_post, 1),
)


def table(result: Result) -> Table:
    """Return the figures of a case, a line each."""
    case = result.case
    title = f"{case.name}: {case.body_events} events a body, {case.destinations} destinations"
    shown = Table(
        escape("median [min..max]"), title=f"{title}, sink after {case.sink_latency_ms} ms"
    )
    for name in ("relay", "baseline"):
        shown.add_column(name, justify="right")
    for line in LINES:
        shown.add_row(line.title, _cell(line, result.relay), _cell(line, result.baseline))
    if result.ratio:
        shown.add_row("times the baseline's events/s", _text(result.ratio, 1), "")
    return shown


def verdicts(result: Result) -> list[Verdict]:
    """Return what became of the case's promises; none if a contender was left out."""
    bound, ratio = result.case.bound, result.ratio
    if bound is None or ratio is None:
        return []
    cpu = Spread.of([trial.cpu_us_per_event for trial in result.relay])
    return [_on_ratio(bound, ratio.median), _on_cpu(bound, cpu.median)]


def _on_ratio(bound: Bound, ratio: float) -> Verdict:
    text = f"{ratio:.1f} times the events a second of the baseline, promised {bound.min_ratio:g}"
    return Verdict(text, ratio >= bound.min_ratio)


def _on_cpu(bound: Bound, cpu_us: float) -> Verdict:
    text = f"{cpu_us:.1f} µs of CPU an event, promised at most {bound.max_cpu_us:g}"
    return Verdict(text, cpu_us <= bound.max_cpu_us)


def _cell(line: Line, trials: Sequence[Measurement]) -> str:
    return _text(Spread.of([line.figure(each) for each in trials]), line.digits) if trials else ""


def _text(spread: Spread, digits: int) -> str:
    middle, low, high = (
        f"{figure:,.{digits}f}" for figure in (spread.median, spread.min, spread.max)
    )
    return escape(f"{middle} [{low}..{high}]")
