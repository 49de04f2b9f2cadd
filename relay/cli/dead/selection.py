"""The options that select dead letters."""

from datetime import datetime
from functools import wraps
from typing import Any, get_args

import click
import msgspec

from relay.cli.option import Command
from relay.cli.when import Moment
from relay.delivery import DeadReason


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which dead letters a command is about; a condition that is None does not matter."""

    destination: str | None = None
    reason: DeadReason | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def query(self) -> dict[str, str | None]:
        """Return the filter as query parameters."""
        return {
            "destination": self.destination,
            "reason": self.reason,
            "event": self.event,
            "since": _text(self.since),
            "until": _text(self.until),
        }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def filter_options(command: Command) -> Command:
    """Add the options of a `Filter`, which the command gets as `where`."""

    @click.option("--destination", metavar="NAME", help="Only those of one destination.")
    @click.option("--reason", type=click.Choice(get_args(DeadReason)), help="Only one reason.")
    @click.option("--event", metavar="NAME", help="Only one kind of event, such as purchase.")
    @click.option("--since", type=Moment(), help="Dead since then: a time, or an age like 2h, 7d.")
    @click.option("--until", type=Moment(), help="Dead before then.")
    @wraps(command)
    def with_filter(**given: Any) -> None:
        where = Filter(**{name: given.pop(name) for name in Filter.__struct_fields__})
        command(where=where, **given)

    return with_filter
