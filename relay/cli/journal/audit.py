"""`relay audit`: who paused, resumed, replayed, dropped, forgot, or made and revoked keys."""

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from relay.cli.journal.place import settings
from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import console, moment, plain, print_json, table
from relay.config.sandbox import sandbox_path
from relay.errors import RelayError, system_reason
from relay.outcome.acting.audit import Act, Action, Trail
from relay.outcome.notation import utc

MAX_SHOWN: Final = 100_000


class ActView(msgspec.Struct, frozen=True, kw_only=True):
    """An act as `--json` prints it; `at` is RFC 3339 in UTC."""

    at: str
    actor: str
    origin: str
    action: Action
    target: str
    details: str


@click.command(short_help="Show who did what, when, from where.")
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_SHOWN),
    default=100,
    show_default=True,
    help="How many at most.",
)
@click.option("--sandbox", "emulated", is_flag=True, help="What was done to `serve --sandbox`.")
@json_option
@config_option
def audit(config_file: Path | None, limit: int, *, emulated: bool, as_json: bool) -> None:
    """Show the latest operator actions, oldest first.

    A sandbox has no producer keys of its own, so changes to keys are listed without --sandbox.
    """
    path = available_config(config_file).journal.path
    acts = _latest(Trail.beside(sandbox_path(path) if emulated else path, time.time), limit)
    if not acts:
        settings(config_file, emulated=emulated)  # fails in the wrong folder, instead of no acts
    if as_json:
        print_json(msgspec.json.encode({"acts": acts}))
    elif acts:
        _show(acts)
    else:
        click.echo("Nobody has done anything yet.")


def _latest(trail: Trail, limit: int) -> list[ActView]:
    try:
        return [_view(act) for act in deque(trail.acts(), maxlen=limit)]
    except OSError as error:
        reason = f"the audit cannot be read ({system_reason(error)})"
        raise RelayError(f"{reason}; run this as the relay's user") from None


def _show(acts: Sequence[ActView]) -> None:
    rows = table("When (UTC)", "Who", "From", "Did", "To", "With")
    for act in acts:
        rows.add_row(
            moment(act.at),
            plain(act.actor or "-"),
            plain(act.origin),
            act.action,
            plain(act.target),
            plain(act.details),
        )
    console().print(rows)


def _view(act: Act) -> ActView:
    return ActView(
        at=utc(act.at_ms / 1000),
        actor=act.actor,
        origin=act.origin,
        action=act.action,
        target=act.target,
        details=act.details,
    )
