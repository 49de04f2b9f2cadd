"""`make bench`: relay, baseline and chain by turns, some rounds of all cases, tables and verdicts.

Ends with 1 when a promised bound is missed, unless that is not asked, or when a trial failed. A
figure counts only on a machine that has at least two cores free and a real disk under the folder.
The figures and a plot of them are always written.
"""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench.case import BASELINE, CASES, CHAIN, RELAY, Case, smaller
from tests.bench.child import BenchError, available_cores
from tests.bench.machine import Machine, machine
from tests.bench.plot import plot
from tests.bench.report import Result, Verdict, table, verdicts
from tests.bench.stage import Stage

CONTENDERS = (RELAY, BASELINE, CHAIN)
NAMES = [case.name for case in CASES]
FIGURES_FILE, PLOT_FILE = "figures.json", "figures.svg"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is written as JSON."""

    machine: Machine
    rounds: int
    is_quick: bool
    results: list[Result]
    verdicts: list[Verdict]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    cases: Sequence[Case]
    contenders: Sequence[str]
    rounds: int
    folder: Path
    is_quick: bool

    def steps(self) -> Iterator[tuple[int, Case, str]]:
        """Yield each trial, round by round, so that all of a round meet the same machine."""
        for number in range(1, self.rounds + 1):
            for case in self.cases:
                for contender in self.contenders:
                    if takes_part(case, contender):
                        yield number, case, contender


def takes_part(case: Case, contender: str) -> bool:
    """Return whether a case measures a contender."""
    if contender == BASELINE:
        return case.baseline is not None
    return contender == RELAY or case.has_chain


def run(plan: Plan, stage: Stage, progress: Progress) -> list[Result]:
    """Do all trials."""
    steps = list(plan.steps())
    task = progress.add_task("", total=len(steps))
    results = {
        case.name: Result(case=case, trials={name: [] for name in CONTENDERS})
        for case in plan.cases
    }
    for number, case, contender in steps:
        label = f"round {number} of {plan.rounds}, {case.name}, {contender}"
        progress.update(task, description=label)
        attempt(stage, case, contender, results)
        progress.advance(task)
    return list(results.values())


def attempt(stage: Stage, case: Case, contender: str, results: Mapping[str, Result]) -> None:
    """Do a trial. A case in which one failed has no figures at all; the others go on."""
    result = results[case.name]
    if result.failure:
        return
    try:
        rate = stage.rate(case, results)
        result.trials[contender].append(stage.trial(case, contender, rate))
    except BenchError as error:
        result.failure = f"{contender}: {error}"
        for trials in result.trials.values():
            trials.clear()


def tell(console: Console, report: Report) -> None:
    """Print the tables, and what became of each promise."""
    console.print(str(report.machine), highlight=False, soft_wrap=True)
    for result in report.results:
        if not result.failure:
            console.print(table(result))
    for verdict in report.verdicts:
        word = "[green]kept[/]" if verdict.is_kept else "[red]missed[/]"
        console.print(f"{word}: {verdict.case}: {verdict.text}", highlight=False, soft_wrap=True)
    if not report.verdicts:
        console.print("No verdict: that takes a whole run of what is compared.")


def measure(plan: Plan, console: Console) -> Report:
    """Run the plan under a progress bar, which only a terminal sees."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    cores = available_cores()
    with (
        Stage(plan.folder, cores) as stage,
        Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress,
    ):
        found = machine(plan.folder)
        cores.leave()
        results = run(plan, stage, progress)
    return Report(
        machine=found,
        rounds=plan.rounds,
        is_quick=plan.is_quick,
        results=results,
        verdicts=verdicts(results, found),
    )


def selected(names: Sequence[str], *, is_all: bool, is_quick: bool) -> list[Case]:
    """Return the named cases and what they are paced by; else those of the run."""
    named = [case for case in CASES if case.name in names]
    wanted = {*names, *(case.pace.of for case in named if case.pace)}
    runs = {"bench", "bench-all"} if is_all else {"bench"}
    cases = [case for case in CASES if case.name in wanted or (not names and case.run_by in runs)]
    return [smaller(case) for case in cases] if is_quick else cases


def write(report: Report, json_path: Path) -> None:
    """Write the figures, and the plot beside them."""
    json_path.parent.mkdir(parents=True, exist_ok=True)
    json_path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    json_path.with_name(PLOT_FILE).write_text(plot(report.results, _subtitle(report)))


def _subtitle(report: Report) -> str:
    if report.is_quick:
        return "A quick run, to see that everything runs: no figure of it means anything."
    rounds = "one round" if report.rounds == 1 else f"{report.rounds} rounds"
    return f"{report.machine.at:%Y-%m-%d}, {rounds}. {report.machine}"


@click.command()
@click.option("--case", "names", multiple=True, type=click.Choice(NAMES))
@click.option("--all", "is_all", is_flag=True, help="What takes long as well.")
@click.option("--only", type=click.Choice(CONTENDERS), help="Leave the others out.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="One small round, to see that everything runs.")
@click.option("--no-gate", is_flag=True, help="End with 0 even if a bound is missed.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Where figures go.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("build/bench"))
def main(
    *,
    names: Sequence[str],
    is_all: bool,
    only: str | None,
    rounds: int,
    quick: bool,
    no_gate: bool,
    json_path: Path | None,
    folder: Path,
) -> None:
    """Measure the relay against the baseline, the promised cases unless some are named."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the children are ended too
    plan = Plan(
        cases=selected(names, is_all=is_all, is_quick=quick),
        contenders=[name for name in CONTENDERS if only in (None, name)],
        rounds=1 if quick else rounds,
        folder=folder.resolve(),
        is_quick=quick,
    )
    console = Console()
    report = measure(plan, console)
    tell(console, report)
    write(report, json_path or plan.folder / FIGURES_FILE)
    failed = any(result.failure for result in report.results)
    if failed or not (no_gate or all(verdict.is_kept for verdict in report.verdicts)):
        sys.exit(1)


if __name__ == "__main__":
    main()
