"""The report of the bench: medians, verdicts and the plot."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import msgspec

from tests.bench import corpus
from tests.bench.case import BASELINE, CASES, CHAIN, PACED_BOUNDS, RELAY, Bound, Case
from tests.bench.child import BenchError
from tests.bench.figure import FIGURES
from tests.bench.machine import Machine
from tests.bench.measurement import Measurement
from tests.bench.plot import plot
from tests.bench.report import Result, Verdict, verdicts
from tests.bench.run import attempt
from tests.bench.stage import Stage

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def bodies(count: int, body_events: int) -> list[bytes]:
    return list(corpus.bodies(corpus.Shop(7, NOW).events(count), body_events))


def trial(events_per_s: float, cpu_us: float, answer_p99_ms: float = 1.0) -> Measurement:
    return Measurement(
        events=1_000,
        wall_s=1_000 / events_per_s,
        events_per_s=events_per_s,
        cpu_us_per_event=cpu_us,
        answer_p99_ms=answer_p99_ms,
        delivery_p50_ms=249.0,
    )


MACHINE = Machine(
    at=NOW,
    python="3.11",
    system="Linux",
    processor="a processor",
    core_count=2,
    sync_p50_ms=0.3,
    sync_p99_ms=4.0,
)


def case_with(name: str, *bounds: Bound) -> Case:
    return msgspec.structs.replace(CASES[0], name=name, bounds=bounds)


def judged(*results: Result) -> list[Verdict]:
    return verdicts(results, MACHINE)


def test_verdicts_are_on_the_median_of_the_rounds() -> None:
    """One bad round of three misses no bound; a median beyond it does."""
    case = case_with(
        "bodies",
        Bound(figure="events_per_s", at_least=20, times=BASELINE),
        Bound(figure="cpu_us_per_event", at_most=40),
    )
    baseline = [trial(1_000, 900)] * 3
    kept = [trial(30_000, 30), trial(5_000, 90), trial(25_000, 39)]
    missed = [trial(30_000, 41), trial(19_000, 41), trial(18_000, 30)]
    found = judged(Result(case=case, trials={RELAY: kept, BASELINE: baseline}))
    assert [each.is_kept for each in found] == [True, True]
    found = judged(Result(case=case, trials={RELAY: missed, BASELINE: baseline}))
    assert [each.text for each in found if not each.is_kept] == [
        "events/s, delivered to all: 19.00 times that of baseline, promised at least 20",
        "CPU µs an event: 41.0, promised at most 40",
    ]


def test_cases_are_compared_round_by_round() -> None:
    """A machine that was slow in one round was so for both."""
    two = case_with("two")
    four = case_with("four", Bound(figure="cpu_us_per_event", at_most=5, beyond="two", per=2))
    results = (
        Result(case=two, trials={RELAY: [trial(1, 30), trial(1, 60), trial(1, 30)]}),
        Result(case=four, trials={RELAY: [trial(1, 41), trial(1, 69), trial(1, 38)]}),
    )
    [verdict] = judged(*results)
    assert verdict.is_kept
    assert verdict.text.startswith("CPU µs an event: 4.5 more than two, for each of 2")


def test_the_disk_and_the_linger_are_added_to_a_limit() -> None:
    """What the disk takes and what a request waits by its settings is not the relay's fault."""
    case = case_with("paced", *PACED_BOUNDS)
    kept = judged(Result(case=case, trials={RELAY: [trial(1, 1, answer_p99_ms=13.9)]}))
    missed = judged(Result(case=case, trials={RELAY: [trial(1, 1, answer_p99_ms=14.1)]}))
    assert [each.is_kept for each in kept] == [True, True]
    assert [each.is_kept for each in missed] == [False, True]


def test_a_promise_that_the_machine_may_not_allow_is_kept_by_the_other_one() -> None:
    """Both are told, whichever is kept."""
    otherwise = Bound(figure="cpu_us_per_event", at_most=1.15, times="one")
    faster = Bound(figure="events_per_s", at_least=1.6, times="one", otherwise=otherwise)
    one, two = case_with("one"), case_with("two", faster)
    alone = Result(case=one, trials={RELAY: [trial(10, 100)]})
    for figures, is_kept in (((17, 200), True), ((12, 110), True), ((12, 120), False)):
        [verdict] = judged(alone, Result(case=two, trials={RELAY: [trial(*figures)]}))
        assert verdict.is_kept == is_kept
        assert "promised at least 1.6, or CPU µs an event" in verdict.text


def test_what_was_not_compared_has_no_verdict() -> None:
    case = case_with("bodies", Bound(figure="events_per_s", at_least=20, times=BASELINE))
    assert judged(Result(case=case, trials={RELAY: [trial(30_000, 30)], BASELINE: []})) == []


def test_a_case_that_failed_has_no_figures_and_the_others_go_on() -> None:
    """A whole run is not lost by one trial; what failed counts as a broken promise."""

    class Broken(Stage):
        def __init__(self) -> None:
            """Have no folder: no trial begins."""

        def trial(self, case: Case, contender: str, *_: object, **__: object) -> Measurement:
            if (case.name, contender) == ("two", BASELINE):
                raise BenchError("it did not start")
            return trial(1_000, 10)

    results = {
        name: Result(case=case_with(name), trials={RELAY: [], BASELINE: []})
        for name in ("one", "two")
    }
    for case in ("one", "two", "one", "two"):
        for contender in (RELAY, BASELINE):
            attempt(Broken(), results[case].case, contender, results)
    assert [len(results["one"].of(each)) for each in (RELAY, BASELINE)] == [2, 2]
    assert [len(results["two"].of(each)) for each in (RELAY, BASELINE)] == [0, 0]
    [verdict] = judged(*results.values())
    assert (verdict.case, verdict.is_kept) == ("two", False)
    assert verdict.text == "a trial failed: baseline: it did not start"


def test_every_bound_refers_to_what_is_measured() -> None:
    """Figures, cases and contenders exist, and what a pace refers to is measured before."""
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for number, case in enumerate(CASES):
        assert case.pace is None or case.pace.of in names[:number]
        for bound in case.bounds:
            assert bound.figure in FIGURES
            assert (bound.at_least is None) != (bound.at_most is None)
            assert bound.beyond in ("", *names)
            assert bound.times in ("", BASELINE, CHAIN, *names)
            assert bound.times != BASELINE or case.baseline is not None
            assert bound.times != CHAIN or case.has_chain


def test_a_plot_is_well_formed_and_says_its_figures_in_words() -> None:
    """It is XML; each mark has a title, and whoever cannot see them has a description."""
    case = case_with("<bodies>")
    trials = {RELAY: [trial(30_000, 30), trial(20_000, 50)], BASELINE: [trial(1_000, 900)]}
    text = plot([Result(case=case, trials=trials)], "2026 & later")
    drawn = ET.fromstring(text)  # noqa: S314 - the text is our own
    name = "{http://www.w3.org/2000/svg}"
    titles = [each.text for each in drawn.iter(f"{name}title")]
    assert "relay, CPU µs an event: 40.0 [30.0..50.0]" in titles
    assert "baseline, events/s, delivered to all: 1,000 [1,000..1,000]" in titles
    description = drawn.findtext(f"{name}desc")
    assert description is not None
    assert "<bodies>: CPU µs an event 40.0." in description
