"""Parses times as people type them: `2026-01-31T12:00:00Z`, `2026-01-31`, or `2h` and `7d` ago."""

import time
from datetime import UTC, datetime, timedelta

import click

from relay.config import Duration
from relay.errors import ConfigError


def instant(text: str, now: datetime) -> datetime:
    """Return the time that `text` means at `now`; without an offset it is in UTC.

    Raises ValueError if it is not a time.
    """
    try:
        return now - timedelta(seconds=Duration(text))
    except ConfigError:
        found = datetime.fromisoformat(text)
    except OverflowError:
        raise ValueError from None
    return found.replace(tzinfo=found.tzinfo or UTC)


class Moment(click.ParamType[datetime]):
    """The type of an option that takes a time."""

    name = "when"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time, or fail with examples of what can be typed."""
        try:
            return instant(value, datetime.fromtimestamp(time.time(), UTC))
        except ValueError:
            self.fail("give a time like 2026-01-31T12:00:00Z, or 2h or 7d ago", param, ctx)
