"""`make bench`: relay and baseline by turns, some rounds of each case, a table and the verdicts.

Ends with 1 when a promised bound is missed, unless that is not asked. A figure counts only on a
machine that has at least two cores free and a real disk under the folder.
"""

import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import corpus
from tests.bench.case import CASES, Case, Work, smaller
from tests.bench.child import BenchError, available_cores
from tests.bench.contender import BASELINE, RELAY, Contender
from tests.bench.machine import Machine, machine
from tests.bench.report import Result, Verdict, table, verdicts
from tests.bench.trial import Bodies, Measurement, Trial

SEED = 20_260_101
CONTENDERS = {"relay": RELAY, "baseline": BASELINE}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` writes."""

    machine: Machine
    results: list[Result]
    verdicts: list[Verdict]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    cases: Sequence[Case]
    contenders: Sequence[Contender]
    rounds: int
    folder: Path


def prepare(case: Case, work: Work, folder: Path) -> Bodies:
    """Write the bodies of one contender; all their events are distinct."""
    events = corpus.Shop(SEED, datetime.now(UTC)).events(work.warm_up_events + work.events)
    bodies = Bodies(folder / "warm-up.ndjson", folder / "measured.ndjson")
    warm_up = islice(events, work.warm_up_events)
    corpus.write(bodies.warm_up, corpus.bodies(warm_up, case.body_events))
    corpus.write(bodies.measured, corpus.bodies(events, case.body_events))
    return bodies


def trial(case: Case, contender: Contender, folder: Path) -> Measurement:
    """Do one trial in a folder of its own, which is empty before and gone after it."""
    with TemporaryDirectory(dir=folder, prefix=f"{contender.name}-") as name:
        own_folder = Path(name)
        bodies = prepare(case, contender.work(case), own_folder)
        return Trial(case, contender, available_cores(), own_folder).measure(bodies)


def run(plan: Plan, progress: Progress) -> list[Result]:
    """Run all cases, the contenders by turns, so that both meet the same noise of the machine."""
    task = progress.add_task("", total=len(plan.cases) * plan.rounds * len(plan.contenders))
    results = []
    for case in plan.cases:
        found: dict[str, list[Measurement]] = {name: [] for name in CONTENDERS}
        for number in range(1, plan.rounds + 1):
            for contender in plan.contenders:
                label = f"{case.name}, round {number} of {plan.rounds}, {contender.name}"
                progress.update(task, description=label)
                found[contender.name].append(trial(case, contender, plan.folder))
                progress.advance(task)
        results.append(Result(case=case, relay=found["relay"], baseline=found["baseline"]))
    return results


def tell(console: Console, report: Report) -> None:
    """Print the tables, and what became of each promise."""
    console.print(str(report.machine), highlight=False, soft_wrap=True)
    for result in report.results:
        console.print(table(result))
    for verdict in report.verdicts:
        word = "[green]kept[/]" if verdict.is_kept else "[red]missed[/]"
        console.print(f"{word}: {verdict.text}", highlight=False)
    if not report.verdicts:
        console.print("No verdict: that takes a whole run of both contenders.")


def measure(plan: Plan, console: Console) -> Report:
    """Run the plan under a progress bar, which only a terminal sees."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    plan.folder.mkdir(parents=True, exist_ok=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        found = machine(plan.folder)
        results = run(plan, progress)
    judged = [verdict for result in results for verdict in verdicts(result)]
    return Report(machine=found, results=results, verdicts=judged)


def selected(names: Sequence[str], *, is_quick: bool) -> list[Case]:
    """Return the named cases, or all."""
    cases = [case for case in CASES if case.name in names or not names]
    return [smaller(case) for case in cases] if is_quick else cases


@click.command()
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CASES]))
@click.option("--only", type=click.Choice(list(CONTENDERS)), help="Leave the other one out.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="One small round, to see that everything runs.")
@click.option("--no-gate", is_flag=True, help="End with 0 even if a bound is missed.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Also write figures.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("build/bench"))
def main(
    *,
    names: Sequence[str],
    only: str | None,
    rounds: int,
    quick: bool,
    no_gate: bool,
    json_path: Path | None,
    folder: Path,
) -> None:
    """Measure the relay against the baseline, every case unless some are named."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the children are ended too
    plan = Plan(
        cases=selected(names, is_quick=quick),
        contenders=[CONTENDERS[name] for name in CONTENDERS if only in (None, name)],
        rounds=1 if quick else rounds,
        folder=folder.resolve(),
    )
    console = Console()
    try:
        report = measure(plan, console)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    tell(console, report)
    if json_path:
        json_path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    if not no_gate and not all(verdict.is_kept for verdict in report.verdicts):
        sys.exit(1)


if __name__ == "__main__":
    main()
