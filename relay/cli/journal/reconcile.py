"""`relay reconcile`: compares a shop's orders with the journal, in words for finance."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import click
import msgspec
from rich.console import Console

from relay.cli.journal.place import journal_path, sandbox_option
from relay.cli.journal.progress import interruptible, progress
from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import console, counted, number, plain, print_json, table
from relay.cli.sending.send import size_of
from relay.comparison.listing import LISTED, Fault, Unusable
from relay.comparison.order_file import OrderFile, currency_of
from relay.comparison.reconciliation import Question, Reconciliation, reconciliation
from relay.comparison.result_file import is_own_output
from relay.comparison.sentence import REASONS
from relay.comparison.verdict import STATES, OrderState
from relay.config import Config
from relay.errors import ConfigError
from relay.journal.verify.finding import Watch

HEADERS: Final[dict[OrderState, str]] = {
    "delivered": "Delivered",
    "pending": "Waiting",
    "dead": "Not delivered",
    "skipped": "Skipped",
    "unknown": "Unknown",
}
STDOUT: Final = Path("/dev/stdout")
"""What `-` stands for."""
WATCHED_BYTES: Final = 64 * 1024
"""How many bytes of the file are read between two updates of the progress bar."""


@click.command(short_help="Compare a shop's orders with what was delivered.")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--out",
    "result",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="CSV",
    help="Write a line for each order and destination; an older file is replaced. - for stdout.",
)
@click.option(
    "--destination",
    "destinations",
    multiple=True,
    metavar="NAME",
    help="Only this destination, configured or not any more; may be repeated.",
)
@click.option(
    "--currency", default="", metavar="CODE", help="The currency of lines that name none."
)
@sandbox_option
@json_option
@config_option
def reconcile(
    file: BinaryIO,
    result: Path | None,
    destinations: tuple[str, ...],
    currency: str,
    config_file: Path | None,
    *,
    emulated: bool,
    as_json: bool,
) -> None:
    """Show which orders of FILE (CSV; - for stdin) have arrived at each platform, and why not.

    The first line names the columns: order_id, and optionally time, value and currency. Ids are
    compared to the letter; a time without an offset is UTC. The relay may run meanwhile: its
    journal is only read. Exits with 1 unless all orders have arrived.
    """
    path = journal_path(config_file, emulated=emulated)
    if result is not None:
        result = STDOUT if result == Path("-") else result
        _refuse_own_input(file, path, result)
    question = Question(path, destinations, _in_test(available_config(config_file)), result)
    with interruptible(), progress() as watch:
        orders = OrderFile(file, _currency(currency), reading(file, "Reading the orders", watch))
        found = reconciliation(question, orders, watch)
    if as_json:
        print_json(msgspec.json.encode(found))
    else:
        _show(found, result)
    if not found.complete:
        raise click.exceptions.Exit(1)


def reading(file: BinaryIO, step: str, watch: Watch) -> Callable[[int], None]:
    """Return a function that adds up the bytes of lines and updates the progress bar at times."""
    total, done, told = size_of(file), 0, 0

    def read(size: int) -> None:
        nonlocal done, told
        done += size
        if done - told >= WATCHED_BYTES:
            told = done
            watch(step, done, total)

    return read


def tell_faults(faults: Sequence[Fault], count: int) -> None:
    """Print which lines of a file could not be read."""
    screen = console(sys.stderr)
    for each in faults:
        screen.print(plain(f"line {each.line}: {each.problem}"))
    if count > len(faults):
        screen.print(
            f"… and {number(count - len(faults))} more lines; the first {LISTED} are shown"
        )


def tell_unreadable(events: int) -> None:
    """Print how many events of the journal the result leaves out, if any."""
    if events:
        told = f"{counted(events, 'event')} of the journal that cannot be read"
        console(sys.stderr).print(f"left out: {told}; relay journal check says more")


def _refuse_own_input(file: BinaryIO, journal: Path, result: Path) -> None:
    """Raise `ConfigError` if the result would replace the orders, or the journal."""
    if not result.exists():
        return
    if os.path.samestat(os.fstat(file.fileno()), result.stat()):
        raise ConfigError(f"{result}: holds the orders themselves; choose another --out")
    if journal.exists() and journal.samefile(result):
        raise ConfigError(f"{result}: is the journal itself; choose another --out")


def _in_test(config: Config) -> frozenset[str]:
    """Return the destinations that send in the platform's test mode."""
    return frozenset(name for name, each in config.destinations.items() if each.test)


def _currency(text: str) -> str:
    try:
        return currency_of(text.strip())
    except Unusable:
        raise ConfigError("--currency is no ISO 4217 code; write EUR or the like") from None


def _show(found: Reconciliation, result: Path | None) -> None:
    """Print the result, to stderr if the result file goes to stdout."""
    tell_faults(found.faults, found.unreadable)
    tell_unreadable(found.events_unreadable)
    screen = console(sys.stderr if result is not None and is_own_output(result) else None)
    rows = table("Destination", *HEADERS.values(), numbers=tuple(HEADERS.values()))
    for each in found.destinations:
        counts = [number(each.count(state)) for state in STATES]
        rows.add_row(plain(each.destination), *counts)
    screen.print(rows)
    screen.print()
    for each in found.destinations:
        screen.print(plain(each.sentence))
    _show_examples(screen, found)
    screen.print()
    screen.print(plain(_counts(found)))
    if result is not None:
        screen.print(plain(f"{result}: a line for each order and destination"))
    elif not found.complete:
        screen.print("With --out result.csv, every order is listed.")


def _show_examples(screen: Console, found: Reconciliation) -> None:
    if not found.examples:
        return
    rows = table("Order", "Destination", "State", "Why")
    for each in found.examples:
        why = REASONS.get(each.reason or "", "")
        rows.add_row(plain(each.order_id), plain(each.destination), HEADERS[each.state], why)
    screen.print("\nThe first that have not arrived:")
    screen.print(rows)


def _counts(found: Reconciliation) -> str:
    parts = [counted(found.orders, "order")]
    if found.repeated:
        parts.append(f"{counted(found.repeated, 'line')} naming one of them again")
    if found.unreadable:
        parts.append(f"{counted(found.unreadable, 'line')} that could not be read")
    taken = ", ".join(f"{name} from {header}" for name, header in found.columns.items())
    return f"{'; '.join(parts)} (columns: {taken})."
