"""From the trials of all cases to tables and verdicts: median [min..max], bounds.

What is relative is taken round by round, because all trials of a round met the same machine; of
those values the median is held against the bound.
"""

from collections.abc import Sequence

import msgspec
from rich.markup import escape
from rich.table import Table

from tests.bench.case import BASELINE, CHAIN, RELAY, Bound, Case
from tests.bench.contender import linger_ms
from tests.bench.figure import FIGURES, Spread, values
from tests.bench.machine import Machine
from tests.bench.measurement import Measurement


class Result(msgspec.Struct, kw_only=True):
    """All trials of a case by contender, in the order of the rounds; some may be left out."""

    case: Case
    trials: dict[str, list[Measurement]]
    failure: str = ""
    """Why there are none."""

    def of(self, contender: str) -> list[Measurement]:
        """Return the trials of a contender, none if it was left out."""
        return self.trials.get(contender, [])

    def ratios(self, figure: str, contender: str) -> list[float]:
        """Return the relay's figure as a multiple of the other's, round by round."""
        return _ratios(self.of(RELAY), self.of(contender), figure)


class Verdict(msgspec.Struct, frozen=True):
    """One promise and whether it was kept."""

    case: str
    text: str
    is_kept: bool


def table(result: Result) -> Table:
    """Return the figures of a case, a line each."""
    shown = Table(escape("median [min..max]"), title=_title(result.case))
    names = [name for name, trials in result.trials.items() if trials]
    for name in names:
        shown.add_column(name, justify="right")
    for name, figure in FIGURES.items():
        found = [values(result.of(contender), name) for contender in names]
        if any(found):
            shown.add_row(figure.title, *(_cell(each, figure.digits) for each in found))
    for figure_name, contender in (("events_per_s", BASELINE), ("cpu_us_per_event", CHAIN)):
        if ratios := result.ratios(figure_name, contender):
            title = FIGURES[figure_name].title
            shown.add_row(f"times the {contender}'s {title}", _cell(ratios, 1))
    return shown


def _title(case: Case) -> str:
    parts = [
        f"{case.body_events} events a {'message' if case.source == 'kafka' else 'body'}",
        f"{case.destinations} destinations",
        f"sink after {case.sink_latency_ms} ms",
    ]
    if case.source == "http":
        parts.insert(1, f"{case.connections} connections")
    if case.pace:
        parts.append(f"{case.pace.share:.0%} of the events/s of {case.pace.of}")
    if case.workers != 1:
        parts.append(f"{case.workers} workers")
    if case.stored_events:
        parts.append(f"{case.stored_events:,} events stored")
    if case.waiting_events:
        parts.append(f"{case.waiting_events:,} events waiting")
    return f"{case.name}: {', '.join(parts)}"


def verdicts(results: Sequence[Result], machine: Machine) -> list[Verdict]:
    """Return what became of the promises; nothing of one whose comparison was left out.

    A trial that failed is a promise that was broken.
    """
    judge = _Judge(results, machine)
    failed = [
        Verdict(each.case.name, f"a trial failed: {each.failure}", is_kept=False)
        for each in results
        if each.failure
    ]
    found = (judge.verdict(each.case, bound) for each in results for bound in each.case.bounds)
    return [*failed, *(verdict for verdict in found if verdict is not None)]


class _Judge:
    """Holds the figures of a run against bounds."""

    def __init__(self, results: Sequence[Result], machine: Machine) -> None:
        self._results = {result.case.name: result for result in results}
        self._machine = machine

    def verdict(self, case: Case, bound: Bound) -> Verdict | None:
        """Return None if what the bound needs was not measured."""
        found = self._values(case, bound)
        if not found:
            return None
        limit, value = self._limit(case, bound), Spread.of(found).median
        is_kept = value >= limit if bound.at_least is not None else value <= limit
        verdict = Verdict(case.name, _text(bound, value, limit), is_kept)
        other = self.verdict(case, bound.otherwise) if bound.otherwise else None
        return verdict if other is None else _either(verdict, other)

    def _values(self, case: Case, bound: Bound) -> list[float]:
        own = self._results[case.name].of(RELAY)
        if bound.times:
            return _ratios(own, self._other(case, bound.times), bound.figure)
        if bound.beyond:
            pairs = _pairs(own, self._other(case, bound.beyond), bound.figure)
            return [(ours - theirs) / bound.per for ours, theirs in pairs]
        return values(own, bound.figure)

    def _other(self, case: Case, name: str) -> list[Measurement]:
        """Return the trials of another contender in this case, or of the relay in another one."""
        if name in (BASELINE, CHAIN):
            return self._results[case.name].of(name)
        return self._results[name].of(RELAY) if name in self._results else []

    def _limit(self, case: Case, bound: Bound) -> float:
        limit = bound.at_most if bound.at_least is None else bound.at_least
        assert limit is not None
        more = {
            "sync_p99_ms": self._machine.sync_p99_ms,
            "linger_ms": linger_ms(case) if bound.plus == "linger_ms" else 0,
        }
        return limit + more.get(bound.plus, 0)


def _either(one: Verdict, other: Verdict) -> Verdict:
    return Verdict(one.case, f"{one.text}, or {other.text}", one.is_kept or other.is_kept)


def _text(bound: Bound, value: float, limit: float) -> str:
    title = FIGURES[bound.figure].title
    word = "at least" if bound.at_least is not None else "at most"
    if bound.times:
        return f"{title}: {value:.2f} times that of {bound.times}, promised {word} {limit:g}"
    more = f" more than {bound.beyond}, for each of {bound.per}" if bound.beyond else ""
    return f"{title}: {value:,.1f}{more}, promised {word} {limit:,.4g}"


def _pairs(
    ours: Sequence[Measurement], theirs: Sequence[Measurement], figure: str
) -> list[tuple[float, float]]:
    return list(zip(values(ours, figure), values(theirs, figure), strict=False))


def _ratios(ours: Sequence[Measurement], theirs: Sequence[Measurement], figure: str) -> list[float]:
    return [our / their for our, their in _pairs(ours, theirs, figure)]


def _cell(found: Sequence[float], digits: int) -> str:
    return escape(Spread.of(found).text(digits)) if found else ""
