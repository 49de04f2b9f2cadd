"""The result of a verification: one finding per check, or one per problem.

A finding holds counts, names of destinations and positions in the log; never anything of an event.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

Check = Literal["file", "pages", "log", "destination", "rows"]
"""What a finding is about, in the order of the checks."""

Watch = Callable[[str, int, int | None], None]
"""Called with the current step, how much of it is done, and how much there is (None if unknown)."""

LISTED: Final = 10
"""How many problems of a check are listed one by one; further ones are only counted."""

RESTORE: Final = "stop the relay and restore a backup, or move the file away to begin a new journal"
LEAVE: Final = (
    "check its disk; the relay goes on without them, so restore a backup only if they matter more"
    " than what came since"
)
"""What to do about single events: nobody should give up a journal for them."""
REPORT: Final = "please report it with these lines; a backup from before has the right ones"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check: one line and, if something is wrong, what to do."""

    check: Check
    fine: bool
    message: str
    fix: str | None = None


class Problems:
    """Collects the problems that one check finds, at most `LISTED` findings."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._listed: list[Finding] = []
        self._more = 0

    def add(self, message: str, fix: str = RESTORE) -> None:
        """Add a problem."""
        if len(self._listed) < LISTED:
            self._listed.append(problem(self._check, message, fix))
        else:
            self._more += 1

    def or_fine(self, message: str) -> list[Finding]:
        """Return the problems or, if there are none, a finding that all is well."""
        if not self._listed:
            return [fine(self._check, message)]
        if self._more:
            fix = self._listed[-1].fix or RESTORE
            more = problem(self._check, f"{self._more:,} more problems like these", fix)
            return [*self._listed, more]
        return self._listed


def fine(check: Check, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check=check, fine=True, message=message)


def problem(check: Check, message: str, fix: str) -> Finding:
    """Return a finding with a problem and its fix."""
    return Finding(check=check, fine=False, message=message, fix=fix)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 event`, `2,000 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
