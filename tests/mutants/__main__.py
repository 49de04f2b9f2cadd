"""`make mutants`, or `python -m tests.mutants [WORD]`: every promise is broken, and must be missed.

With a word, only the pairs that speak of it. `--list` prints the table of CONTRIBUTING.md. Ends
with 1 if a mutant survives, or if a pair does not fit the code any more.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tests.mutants.pair import Pair, pairs, table
from tests.mutants.trial import Copy, Result

AT_ONCE: Final = 2
SIGNS: Final = {"found": "[green]found[/green]", "survived": "[red]SURVIVED[/red]"}


def main(arguments: Sequence[str]) -> int:
    """Run the trials; return the exit code."""
    if "--list" in arguments:
        sys.stdout.write(table(pairs()) + "\n")
        return 0
    console = Console(highlight=False)
    chosen = [each for each in pairs() if all(word in f"{each}" for word in arguments)]
    with tempfile.TemporaryDirectory(prefix="relay-mutants-") as folder:
        copies = [Copy(Path(folder) / str(at)) for at in range(min(AT_ONCE, len(chosen)))]
        if not copies:
            console.print("no pair speaks of that")
            return 1
        console.print(f"{len(chosen)} mutants; first, their tests on the code as it is")
        if words := copies[0].without_mutant(chosen):
            console.print(f"a test fails without a mutant\n{words}", markup=False, style="red")
            return 1
        results = list(_told(console, _trials(copies, chosen), len(chosen)))
    return _end(console, results)


def _trials(copies: Sequence[Copy], chosen: Sequence[Pair]) -> Iterator[Result]:
    """Try all pairs, as many at once as there are copies, in order of the pairs."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def trial(pair: Pair) -> Result:
        copy = free.get()
        try:
            return copy.trial(pair)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(trial, chosen)


def _told(console: Console, results: Iterator[Result], total: int) -> Iterator[Result]:
    """Show a bar on a terminal, and one line a mutant everywhere."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=total)
        for result in results:
            sign = SIGNS.get(result.fate, "[red]ERROR[/red]")
            progress.console.print(f"{sign}  {result.pair.breaks}  ({result.seconds:.1f} s)")
            progress.update(task, advance=1, description=result.pair.promise)
            yield result


def _end(console: Console, results: Sequence[Result]) -> int:
    wrong = [each for each in results if each.fate != "found"]
    for each in wrong:
        console.print(f"\n{each.fate}: {each.pair.breaks}\n  {each.pair.test}", style="red")
        if each.fate == "error":
            console.print(each.words, markup=False)
    console.print(f"{len(results) - len(wrong)} of {len(results)} mutants found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
