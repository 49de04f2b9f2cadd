"""`relay dead`: the events that a platform will not get unless somebody acts.

This module shows them; `relay.cli.dead.action` acts on them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.table import Table
from rich.text import Text

from relay.admin.query import MAX_LIMIT
from relay.cli.dead.action import drop, replay
from relay.cli.dead.selection import Filter, filter_options
from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import console, counted, moment, plain, print_json, table
from relay.cli.running.client import AdminClient, NotFound, admin_client, read
from relay.cli.running.event import find, timeline
from relay.errors import RelayError
from relay.outcome.views.api import DeadLetterList, DeadLetterView, EventList
from relay.outcome.wording import dead_wording

LIST: Final = "/api/v1/dead-letters"


@click.group(short_help="List, replay or drop what was not delivered.")
def dead() -> None:
    """Look at events that were not delivered, send them again, or drop them."""


@dead.command("list")
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_LIMIT),
    default=100,
    show_default=True,
    help="How many at most.",
)
@click.option("--cursor", metavar="NEXT", help="Continue where a page ended.")
@json_option
@config_option
def list_(
    where: Filter, limit: int, cursor: str | None, config_file: Path | None, *, as_json: bool
) -> None:
    """List dead letters, the latest first."""
    with admin_client(available_config(config_file)) as client:
        body = client.ask(LIST, **where.query(), limit=limit, cursor=cursor)
    if as_json:
        print_json(body)
        return
    screen, found = console(), read(body, DeadLetterList)
    if not found.dead_letters:
        screen.print("No dead letter matches." if where != Filter() else "No dead letters.")
        return
    screen.print(letters(found))
    screen.print(_rest(found))


def letters(found: DeadLetterList) -> Table:
    """Return a page of dead letters as a table."""
    result = table("Id", "Since (UTC)", "Destination", "Event", "Event id", "Reason", "Message")
    for letter in found.dead_letters:
        result.add_row(
            plain(letter.id),
            moment(letter.dead_at),
            plain(letter.destination),
            plain(letter.event),
            plain(letter.event_id),
            letter.reason,
            plain(letter.message),
        )
    return result


def _rest(found: DeadLetterList) -> str:
    shown, total = len(found.dead_letters), counted(found.total, "dead letter")
    if found.next is None:
        return f"\n{total}."
    return f"\n{shown:,} of {total} shown. Go on with --cursor {found.next}, or narrow it down."


@dead.command(short_help="Show a dead letter, or those of an event.")
@click.argument("identity", metavar="ID")
@json_option
@config_option
def show(identity: str, config_file: Path | None, *, as_json: bool) -> None:
    """Show the dead letter ID, or those of the event ID: why, what to do, and what was tried."""
    with admin_client(available_config(config_file)) as client:
        found = lookup(client, identity)
        if as_json:
            page = DeadLetterList(found, None, len(found))
            print_json(msgspec.json.encode(page))
            return
        story = tried(client, found[0].event_id)
    screen = console()
    for letter in found:
        for text in _told(letter):
            screen.print(plain(text))
        screen.print()
    for line in story:
        screen.print(line)


def _told(letter: DeadLetterView) -> Iterator[str]:
    wording = dead_wording(letter.reason, letter.message)
    yield f"{letter.id}: {letter.event} {letter.event_id}"
    yield f"{letter.destination}: {letter.reason}. {wording.sentence}"
    yield f"To do: {wording.fix}"
    if letter.note:
        yield f"Note: {letter.note}"


def tried(client: AdminClient, event_id: str) -> Iterable[Text]:
    """Return the lines of an event's timeline: a dead letter may outlive its event by a year."""
    try:
        return timeline(read(find(client, event_id=event_id), EventList))
    except NotFound:
        return [plain("What was tried is no longer on record.")]


def lookup(client: AdminClient, identity: str) -> list[DeadLetterView]:
    """Return the dead letter with this id, or the latest letters of the event with this id."""
    for name in ("id", "event_id"):
        body = client.ask(LIST, **{name: identity}, limit=MAX_LIMIT)
        if found := read(body, DeadLetterList).dead_letters:
            return list(found)
    raise RelayError("no dead letter has this id; `relay dead list` shows them")


dead.add_command(replay)
dead.add_command(drop)
