"""`relay dedup`: which events the platforms count twice, from the browser and from the relay."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import click
import msgspec

from relay.cli.journal.place import journal_path, sandbox_option, settings
from relay.cli.journal.progress import interruptible, progress
from relay.cli.journal.reconcile import reading, tell_faults, tell_unreadable
from relay.cli.option import config_option, json_option
from relay.cli.output import console, counted, number, plain, print_json, table
from relay.comparison.dedup import check
from relay.comparison.dedup_advice import CAUSES
from relay.comparison.dedup_result import Checked, DedupResult, Example
from relay.comparison.pixel_file import TEMPLATE, PixelFile
from relay.config.sandbox import destinations_of
from relay.delivery import Destination
from relay.destinations import build, discover
from relay.errors import ConfigError

EVIDENCE: Final = {
    "order": "same order",
    "spelling": "ids alike",
    "time": "same second",
}


@click.command(short_help="Find events that browser and server count twice.")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--template", is_flag=True, help="Print a file to start from, and exit.")
@sandbox_option
@json_option
@config_option
def dedup(
    file: BinaryIO | None,
    config_file: Path | None,
    *,
    template: bool,
    emulated: bool,
    as_json: bool,
) -> None:
    """Show which events the platforms count twice, given those of the browser pixel.

    FILE (CSV; - for stdin) has the columns event_id and event_name, and optionally time, order_id
    and platform. The relay may run meanwhile. Exits with 1 if anything is counted twice.
    """
    if template:
        click.echo(TEMPLATE, nl=False)
        return
    if file is None:
        raise ConfigError("name the file of the browser's events; --template prints one")
    config = settings(config_file, emulated=emulated)
    destinations = destinations_of(config) if emulated else config.destinations
    served = [build(name, each) for name, each in destinations.items()]
    found = _checked(file, journal_path(config_file, emulated=emulated), served)
    if as_json:
        print_json(msgspec.json.encode(found))
    else:
        _show(found)
    if not found.sound:
        raise click.exceptions.Exit(1)


def _checked(file: BinaryIO, journal: Path, served: Sequence[Destination]) -> DedupResult:
    platforms = list(dict.fromkeys([*discover(), *(each.name for each in served)]))
    with interruptible(), progress() as watch:
        pixel = PixelFile(file, platforms, reading(file, "Reading the browser's events", watch))
        return check(journal, served, pixel, time.time(), watch)


def _show(found: DedupResult) -> None:
    tell_faults(found.faults, found.unreadable)
    tell_unreadable(found.events_unreadable)
    screen = console()
    numbers = ("Once", "Server only", "Twice", "Outside")
    rows = table("Destination", *numbers, numbers=numbers)
    for each in found.destinations:
        counts = (each.once, each.server_only, each.twice, each.outside)
        rows.add_row(plain(each.destination), *map(number, counts))
    screen.print(rows)
    for each in found.destinations:
        screen.print()
        screen.print(plain(each.sentence))
        _show_doubts(each)
    _show_browser_only(found)
    click.echo(f"\n{counted(found.browser_events, 'event')} of the browser looked at.")


def _show_doubts(checked: Checked) -> None:
    screen = console()
    for doubt in checked.doubts:
        screen.print(plain(f"  {number(doubt.events)}: {CAUSES[doubt.cause]}. {doubt.advice}"))
        for example in doubt.examples:
            screen.print(plain(f"    {_told(example)}"))


def _told(example: Example) -> str:
    server = f"{example.platform_event or example.event} {example.event_id}"
    parts = [f"{server} here, {example.browser_event} {example.browser_id} in the browser"]
    if example.evidence is not None:
        parts.append(EVIDENCE[example.evidence])
    if example.hours_apart is not None:
        parts.append(f"{example.hours_apart:,g} h apart")
    return ", ".join(parts)


def _show_browser_only(found: DedupResult) -> None:
    if not found.browser_only:
        return
    screen = console()
    screen.print("\nOnly the browser has sent:")
    rows = table("Event", "Events", "Why", numbers=("Events",))
    for each in found.browser_only:
        why = (
            "not on record here" if each.server_sends else "no event of this name is on record here"
        )
        if each.forgotten:
            why += f"; {number(each.forgotten)} from before what the relay keeps"
        rows.add_row(plain(each.event), number(each.events), why)
    screen.print(rows)
