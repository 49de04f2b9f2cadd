"""The situation of a destination: its figures of a range, with what a range does not tell.

What waits is counted as of now, in all: it waits whether or not somebody looks at the hour in which
it came. Of what is dead, what somebody decided on is told apart: that is no failure.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.delivery import PauseReason
from relay.outcome.views.api import DestinationView

DELAYED_S: Final = 300.0
"""An event that has waited for longer is late."""
MANY: Final = 100
"""One failure in this many is no longer an exception."""
BY_HAND: Final = "paused_by_operator"

Trouble = Literal["paused", "degraded", "late"]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """See the module docstring; the counts of `view` are those of the range."""

    view: DestinationView
    fixes: Mapping[PauseReason, str] = {}
    """The platform's own advice on pauses."""
    waiting: int = 0
    purchases: int = 0
    """Of what waits."""
    since_ms: int | None = None
    """Since when it is paused, or else since when the oldest event waits."""
    settled: int = 0
    """Of the dead of the range."""
    ever_delivered: bool = True

    @property
    def worth(self) -> Mapping[str, Decimal]:
        """What the purchases that wait are worth, by currency."""
        return {code: Decimal(value) for code, value in self.view.money_at_risk.items()}

    @property
    def failed(self) -> int:
        """What was not delivered though somebody wanted it to be."""
        return max(0, self.view.dead - self.settled)

    @property
    def tried(self) -> int:
        """What of the range was delivered or failed."""
        return self.view.delivered + self.failed

    @property
    def is_short(self) -> bool:
        """Whether what failed is more than an exception."""
        return bool(self.failed) and self.failed * MANY >= self.tried

    @property
    def is_late(self) -> bool:
        """Whether anything has waited for too long."""
        return self.view.oldest_pending_seconds > DELAYED_S

    @property
    def trouble(self) -> Trouble | None:
        """What keeps events from going out, the most pressing, or None."""
        if self.view.state in ("paused", "degraded"):
            return self.view.state
        return "late" if self.is_late else None
