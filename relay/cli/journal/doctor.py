"""`relay doctor`: what to fix in the events that a shop sends, the greatest gain first."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from relay.cli.journal.place import journal_path, sandbox_option
from relay.cli.journal.progress import progress
from relay.cli.option import config_option, json_option, read_option
from relay.cli.output import console, counted, number, plain, print_json, table
from relay.config.quantity import Duration
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.find.sample import recent_events, rejected
from relay.journal.verify.finding import Watch
from relay.outcome.doctor.doctor import Diagnosis, Doctor
from relay.outcome.doctor.finding import percent
from relay.outcome.doctor.quality import GroupQuality, IdentifierQuality
from relay.outcome.views.refusal import Refusal, refusals

MAX_EVENTS: Final = 1_000_000
STEP: Final = 5_000
SHOWN_GROUPS: Final = 20
"""How many groups of name and key are shown; `--json` has all."""


@click.command(short_help="Show what to fix in incoming events.")
@click.option("--since", default="24h", show_default=True, help="How far to look back.")
@sandbox_option
@json_option
@config_option
def doctor(config_file: Path | None, since: str, *, emulated: bool, as_json: bool) -> None:
    """Examine the latest events: what they carry, and what to fix, the biggest gain first.

    For each event name and key it shows which identifiers came, and how many of them were hashed by
    the shop or unusable. It shows no value of any event. Exits with 1 if there is anything to fix.
    """
    since_ms = round((time.time() - read_option("--since", since, Duration)) * 1000)
    found = _diagnose(journal_path(config_file, emulated=emulated), since_ms)
    if as_json:
        print_json(msgspec.json.encode(found))
    else:
        _show(found)
    if found.findings:
        raise click.exceptions.Exit(1)


def _diagnose(path: Path, since_ms: int) -> Diagnosis:
    with progress() as watch:
        return at_one_moment(path, lambda journal: _looked(journal, since_ms, watch))


def _looked(journal: sqlite3.Connection, since_ms: int, watch: Watch) -> Diagnosis:
    seen = Doctor()
    total = journal.execute("SELECT coalesce(sum(count), 0) FROM log").fetchone()[0]
    for at, event in enumerate(recent_events(journal, since_ms, MAX_EVENTS)):
        seen.look(event)
        if at % STEP == 0:
            watch("Looking at events", at, min(total, MAX_EVENTS))
    refused = [Refusal(*each) for each in rejected(journal, since_ms)]
    return seen.diagnosis(refusals(refused, seen.events))


def _show(found: Diagnosis) -> None:
    looked = f"{counted(found.events, 'event')} looked at"
    if found.match:
        _show_match(found.match)
    if not found.findings:
        click.echo(f"{looked}: nothing to fix." if found.events else "No event came in that time.")
        return
    rows = table("Events", "Key", "What", "How to fix it")
    for each in found.findings:
        rows.add_row(
            plain(each.event or "all"), plain(each.key or "-"), plain(each.sentence), each.fix
        )
    console().print(rows)
    click.echo(f"\n{looked}; the greatest gain stands first.")


def _show_match(groups: Sequence[GroupQuality]) -> None:
    """Print a line for each of the most frequent groups."""
    rows = table("Events", "Key", "Count", "What they carry", numbers=("Count",))
    for each in groups[:SHOWN_GROUPS]:
        carried = ", ".join(_carried(it, each.events) for it in each.identifiers)
        rows.add_row(plain(each.event), plain(each.key or "-"), number(each.events), plain(carried))
    console().print(rows)
    click.echo()


def _carried(it: IdentifierQuality, events: int) -> str:
    """Return one identifier in a few words, such as `email 98 % (5 % hashed, 1 % unusable)`."""
    partly = sum(each.count for each in it.unusable if each.reason.startswith("sent to "))
    lost = sum(each.count for each in it.unusable) - partly
    shares = {
        "hashed": it.hashed / max(it.carried, 1),
        "for one platform only": partly / max(it.carried, 1),
        "unusable": min(lost, events) / events,  # one event may count for several reasons
    }
    asides = ", ".join(f"{percent(share)} {what}" for what, share in shares.items() if share)
    return f"{it.identifier} {percent(it.carried / events)}" + (f" ({asides})" if asides else "")
