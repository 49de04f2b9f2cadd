"""`make profile`: where the running relay spends its time while it is under the load of a case.

py-spy looks at it from outside, without stopping it, so the relay runs as it always does; samples
of threads that wait are left out. It writes a flame graph, or prints the functions that took most.
To look into another process takes root, or the right to trace it (`SYS_PTRACE` in a container).
"""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.bench.case import CASES, RELAY, smaller
from tests.bench.child import BenchError, available_cores
from tests.bench.stage import Stage
from tests.bench.usage import tree

RATE_PER_S = 250
WRITE_S = 60.0
"""How long py-spy may take to write what it has seen."""
SHOWN = 30
NAMES = [case.name for case in CASES if case.pace is None]


@contextmanager
def watched(pid: int, path: Path, form: str) -> Iterator[None]:
    """Record what the relay under process `pid` does meanwhile. Raises `BenchError` if it fails."""
    spy = Path(sys.executable).with_name("py-spy")
    if not spy.exists():
        raise BenchError("py-spy is not installed; it is among the developers' tools")
    options = [f"--rate={RATE_PER_S}", "--nonblocking", "--subprocesses", "--threads", "--function"]
    target = [f"--pid={relay_under(pid)}", f"--format={form}", f"--output={path}"]
    process = subprocess.Popen([spy, "record", *options, *target], stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # it writes its file then
        _, said = process.communicate(timeout=WRITE_S)
    if process.returncode:
        raise BenchError(f"py-spy failed: {said.decode().strip()[-500:]}")


def relay_under(pid: int) -> int:
    """Return the first process below `pid`, which only keeps its time."""
    return tree(pid)[1]


def own_shares(stacks: Iterable[str]) -> list[tuple[str, float]]:
    """Return the share of samples in which each function itself was at work, greatest first.

    A line of `stacks` has the frames from the outermost on, by `;`, and how often it was seen.
    """
    seen: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        seen[frames.rpartition(";")[2]] += int(count)
    return [(name, count / seen.total()) for name, count in seen.most_common()]


def show(path: Path) -> None:
    """Print the functions that took most."""
    shown = Table("of the samples", "in the function itself")
    for name, share in own_shares(path.read_text().splitlines())[:SHOWN]:
        shown.add_row(f"{share:.1%}", name)
    Console().print(shown)


@click.command()
@click.option("--case", "name", type=click.Choice(NAMES), default=NAMES[0], show_default=True)
@click.option("--text", "is_text", is_flag=True, help="Print a table instead of a flame graph.")
@click.option("--quick", is_flag=True, help="A little of the work, to see that it runs.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("build/bench"))
def main(*, name: str, is_text: bool, quick: bool, folder: Path) -> None:
    """Run one trial of the relay and record where its time goes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the children are ended too
    [case] = [case for case in CASES if case.name == name]
    path = folder.resolve() / f"profile-{name}.{'txt' if is_text else 'svg'}"
    observer = partial(watched, path=path, form="raw" if is_text else "flamegraph")
    cores = available_cores()
    try:
        with Stage(folder.resolve(), cores) as stage:
            cores.leave()
            stage.trial(smaller(case) if quick else case, RELAY, observer=observer)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    if is_text:
        show(path)
    click.echo(f"Written to {path}.")


if __name__ == "__main__":
    main()
