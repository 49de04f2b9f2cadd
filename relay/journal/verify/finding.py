"""What a verification of the journal says: one finding per check, or one per thing that is wrong.

A finding holds counts, names of destinations and places in the log; never anything of an event.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

Check = Literal["file", "pages", "log", "destination", "rows"]
"""What a finding is about, in the order in which it is looked at."""

Watch = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and how much there is (None: nobody knows)."""

LISTED: Final = 10
"""Problems of one check that are told one by one; of the others, how many there are."""

RESTORE: Final = "stop the relay and restore a backup, or move the file away to begin a new journal"
REPORT: Final = "please report it with these lines; a backup from before has the right ones"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check: one line, and where something is wrong, what to do."""

    check: Check
    fine: bool
    message: str
    fix: str | None = None


class Problems:
    """Collects what one check finds wrong, `LISTED` findings at most."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._listed: list[Finding] = []
        self._more = 0

    def add(self, message: str, fix: str = RESTORE) -> None:
        """Note one thing that is wrong."""
        if len(self._listed) < LISTED:
            self._listed.append(problem(self._check, message, fix))
        else:
            self._more += 1

    def or_fine(self, message: str) -> list[Finding]:
        """Return what was found, or that all is well."""
        if not self._listed:
            return [fine(self._check, message)]
        if self._more:
            more = problem(self._check, f"{self._more:,} more problems like these", RESTORE)
            return [*self._listed, more]
        return self._listed


def fine(check: Check, message: str) -> Finding:
    """Return a finding without a fault."""
    return Finding(check=check, fine=True, message=message)


def problem(check: Check, message: str, fix: str) -> Finding:
    """Return a fault and its fix."""
    return Finding(check=check, fine=False, message=message, fix=fix)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 event`, `2,000 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
