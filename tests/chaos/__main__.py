"""A run on the terminal, with a bar, and one line per event class at the end.

`make chaos`, or `python -m tests.chaos [--seed N] [--seconds N]`. Ends with 1 if anything was
broken, and says how to try again.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.chaos import disk
from tests.chaos.event import KINDS
from tests.chaos.producer import of_kind
from tests.chaos.record import PLATFORMS
from tests.chaos.run import Report, Settings, run

SECONDS: Final = 300.0
SEEDS: Final = 10**6


def main(arguments: Sequence[str]) -> int:
    """Run once; return the exit code."""
    asked = _asked(arguments)
    console = Console()
    console.print(f"chaos: seed {asked.seed}, {asked.seconds:g} s (--seed, --seconds)")
    with tempfile.TemporaryDirectory(prefix="relay-chaos-") as folder, _bar(asked.seconds) as tick:
        settings = Settings(
            seed=asked.seed,
            seconds=asked.seconds,
            folder=Path(folder),
            may_mount=disk.may_mount(),
        )
        report = asyncio.run(run(settings, tick))
    console.print(_table(report))
    console.print(_figures(report))
    for problem in report.problems:
        console.print(f"[red]✗[/red] {problem}", highlight=False)
    if report.problems:
        console.print(f"[red]broken[/red]; again with: make chaos SEED={asked.seed}")
    return 1 if report.problems else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(SEEDS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    return parser.parse_args(arguments)


@contextmanager
def _bar(seconds: float) -> Iterator[Callable[[float, Report], None]]:
    """Hand out what moves the bar; off a terminal there is none."""
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=seconds)

        def tick(passed_s: float, report: Report) -> None:
            text = f"{len(report.acknowledged)} events, {report.happened.total()} troubles"
            if report.problems:
                text += f", {len(report.problems)} problems"
            progress.update(task, completed=passed_s, description=text)

        yield tick


def _table(report: Report) -> Table:
    """Return one line per event class."""
    table = Table("events", "acknowledged", "rejected", *(f"at {name}" for name in PLATFORMS))
    acknowledged = report.acknowledged
    rejected = set().union(*(each.rejected for each in report.producers))
    for kind in KINDS:
        reached = report.verdict.reached if report.verdict else {}
        counts = [len(of_kind(acknowledged, kind)), len(of_kind(rejected, kind))]
        counts += [reached.get((name, kind), 0) for name in PLATFORMS]
        table.add_row(kind, *map(str, counts))
    return table


def _figures(report: Report) -> str:
    """Return what happened, and the figures that are bounded."""
    troubles = ", ".join(f"{count} {name}" for name, count in sorted(report.happened.items()))
    lines = [troubles, f"{report.samples} samples of the sums, {len(report.problems)} problems"]
    if report.verdict is not None:
        lines.append(
            f"{report.verdict.duplicates} duplicates; {report.verdict.in_flight} events were in "
            "flight at kills and resets"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
