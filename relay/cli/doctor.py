"""`relay doctor`: what to mend in the events that a shop sends, the greatest gain first."""

import time
from contextlib import closing
from pathlib import Path
from typing import Final

import click
import msgspec

from relay.cli.journal import journal_path, progress
from relay.cli.option import config_option, json_option
from relay.cli.output import console, counted, plain, print_json, table
from relay.config.quantity import Duration
from relay.errors import ConfigError
from relay.journal.sample import open_beside, recent_events, rejected
from relay.outcome.doctor import Diagnosis, Doctor
from relay.outcome.refusal import refusals

MAX_EVENTS: Final = 1_000_000
STEP: Final = 5_000


@click.command(short_help="Say what to mend in the events that come in.")
@click.option("--since", default="24h", show_default=True, help="How far to look back.")
@click.option("--sandbox", "emulated", is_flag=True, help="The journal of `serve --sandbox`.")
@json_option
@config_option
def doctor(config_file: Path | None, since: str, *, emulated: bool, as_json: bool) -> None:
    """Look at the events of the last day, and list what to mend, the greatest gain first.

    Nothing is sent anywhere, and no value of any event is shown.
    """
    since_ms = round((time.time() - _duration(since)) * 1000)
    found = _diagnose(journal_path(config_file, emulated=emulated), since_ms)
    if as_json:
        print_json(msgspec.json.encode(found))
    else:
        _show(found)
    if found.findings:
        raise click.exceptions.Exit(1)


def _duration(text: str) -> float:
    try:
        return Duration(text)
    except ConfigError as error:
        raise ConfigError(f"--since {error}") from None


def _diagnose(path: Path, since_ms: int) -> Diagnosis:
    seen = Doctor()
    with closing(open_beside(path)) as connection, progress() as watch:
        total = connection.execute("SELECT coalesce(sum(count), 0) FROM log").fetchone()[0]
        for number, event in enumerate(recent_events(connection, since_ms, MAX_EVENTS)):
            seen.look(event)
            if number % STEP == 0:
                watch("Looking at events", number, min(total, MAX_EVENTS))
        refused = rejected(connection, since_ms)
    return seen.diagnosis(refusals(refused, (), seen.events))


def _show(found: Diagnosis) -> None:
    if not found.findings:
        click.echo(f"{counted(found.events, 'event')} looked at: nothing to mend.")
        return
    rows = table("Events", "Key", "What", "How to mend it")
    for each in found.findings:
        rows.add_row(
            plain(each.event or "all"), plain(each.key or "-"), plain(each.sentence), each.fix
        )
    console().print(rows)
    click.echo(f"\n{counted(found.events, 'event')} looked at; the greatest gain stands first.")
