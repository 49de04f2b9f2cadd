"""`relay dead replay` and `relay dead drop`: send dead letters again, or drop them.

Nobody acts on all letters by accident: ids or a filter are required, and on a terminal the command
first says how many letters match, and asks.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from relay.admin.api import DropResult, ReplayResult
from relay.admin.selection import MAX_IDS, Drop, Replay
from relay.cli.dead.selection import Filter, filter_options
from relay.cli.option import Command, available_config, config_option, json_option
from relay.cli.output import confirm, counted, print_json
from relay.cli.running.client import LONG_S, AdminClient, admin_client, read
from relay.outcome.acting.dead_letters import MAX_NOTE


def action_options(command: Command) -> Command:
    """Add the options of commands that change something."""
    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Only show what would be done."),
        click.option("--id", "ids", multiple=True, metavar="ID", help="This one; may be repeated."),
    ):
        command = option(command)
    return command


@click.command(short_help="Send dead letters again.")
@filter_options
@action_options
@config_option
def replay(
    where: Filter,
    ids: tuple[str, ...],
    config_file: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send dead letters again; those that are too old for their platform stay dead."""
    wanted = Replay(dry_run=dry_run, **selected(where, ids))
    body = _act(wanted, config_file, question=None if yes else "Send {} again?")
    if as_json:
        print_json(body)
        return
    done = read(body, ReplayResult)
    will = "would be" if dry_run else "will be"
    click.echo(f"{counted(done.matched, 'dead letter')} matched; {done.replayed:,} {will} sent.")
    for line in _remarks(done):
        click.echo(line)


@click.command(short_help="Drop dead letters: they are not sent.")
@filter_options
@action_options
@click.option("--note", help="The reason, kept with the letters; asked for on a terminal.")
@config_option
def drop(
    where: Filter,
    ids: tuple[str, ...],
    note: str | None,
    config_file: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Drop dead letters: they will not be sent, and need no attention any more."""
    if note is not None and len(note) > MAX_NOTE:
        raise click.BadParameter(f"at most {MAX_NOTE} characters", param_hint="--note")
    wanted = Drop(dry_run=dry_run, note=note, **selected(where, ids))
    if note is None and not dry_run and not yes and sys.stdin.isatty():
        wanted.note = click.prompt("Why", err=True)[:MAX_NOTE]
    body = _act(wanted, config_file, question=None if yes else "Drop {}?")
    if as_json:
        print_json(body)
        return
    done = read(body, DropResult)
    would = "would be " if dry_run else ""
    click.echo(f"{counted(done.matched, 'dead letter')} matched; {done.dropped:,} {would}dropped.")


def _remarks(done: ReplayResult) -> Iterator[str]:
    """Yield remarks on a replay: what was not sent, and what may count twice."""
    if done.expired:
        why = "too old for the platform, or no longer on record"
        yield f"{done.expired:,} {why}: they stay as they are."
    if done.barred:
        yield f"{done.barred:,} kept back by the settings of today: they stay as they are."
    if done.outside_deduplication:
        yield (
            f"{done.outside_deduplication:,} of those sent may count twice: the platform does not "
            "compare them any more with what it got under the same event id, such as from the "
            "browser."
        )


def selected(where: Filter, ids: tuple[str, ...]) -> dict[str, Any]:
    """Return the conditions of a `Selection`. Raises `UsageError` for none, or too many ids."""
    if not ids and where == Filter():
        raise click.UsageError(
            "say which: --id, --destination, --reason, --event, --since or --until"
        )
    if len(ids) > MAX_IDS:
        raise click.UsageError(f"at most {MAX_IDS:,} times --id; use a filter for more")
    return {"ids": list(ids) or None, **msgspec.structs.asdict(where)}


def _act(wanted: Replay | Drop, config_file: Path | None, question: str | None) -> bytes:
    """Act and return the answer; on a terminal, ask first unless it is a dry run."""
    path = f"/api/v1/dead-letters/{'replay' if isinstance(wanted, Replay) else 'drop'}"
    with admin_client(available_config(config_file), timeout_s=LONG_S) as client:
        if question is not None and not wanted.dry_run and sys.stdin.isatty():
            _confirm(client, path, wanted, question)
        return client.tell(path, wanted)


def _confirm(client: AdminClient, path: str, wanted: Replay | Drop, question: str) -> None:
    """Ask for confirmation, with the number of letters that match."""
    trial = msgspec.structs.replace(wanted, dry_run=True)
    matched = read(client.tell(path, trial), _Matched).matched
    confirm(question.format(counted(matched, "dead letter")))


class _Matched(msgspec.Struct):
    matched: int
