"""The situation of a destination: its figures for a range, and those that no range shows.

Waiting events are counted as of now, whatever the range: they wait, no matter when they came. Dead
events that somebody decided on (dropped, erased) are counted separately, since they are no failure.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from relay.delivery import PauseReason
from relay.outcome.views.api import DestinationView

DELAYED_S: Final = 300.0
"""An event that has waited for more than this many seconds is late."""
MANY: Final = 100
"""One failure in this many events is more than an exception."""
BY_HAND: Final = "paused_by_operator"

Trouble = Literal["paused", "degraded", "late"]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """See the module docstring; the counts in `view` are those of the range."""

    view: DestinationView
    fixes: Mapping[PauseReason, str]
    """The platform's own advice on pauses."""
    waiting: int
    purchases: int
    """How many of the waiting events are purchases."""
    since_ms: int
    """Unix milliseconds since when it is paused or, if it is not, the oldest event waits."""
    settled: int
    """How many of the range's dead events were dropped or erased."""
    ever_delivered: bool

    @property
    def worth(self) -> Mapping[str, Decimal]:
        """What the waiting purchases are worth, by currency."""
        return {code: Decimal(value) for code, value in self.view.money_at_risk.items()}

    @property
    def failed(self) -> int:
        """How many events of the range died without anybody's decision."""
        return max(0, self.view.dead - self.settled)

    @property
    def tried(self) -> int:
        """How many events of the range were delivered or failed."""
        return self.view.delivered + self.failed

    @property
    def is_short(self) -> bool:
        """Whether failures are more than an exception."""
        return bool(self.failed) and self.failed * MANY >= self.tried

    @property
    def is_late(self) -> bool:
        """Whether an event has waited for too long."""
        return self.view.oldest_pending_seconds > DELAYED_S

    @property
    def trouble(self) -> Trouble | None:
        """The most urgent thing that keeps events from being sent, None if there is none."""
        if self.view.state in ("paused", "degraded"):
            return self.view.state
        return "late" if self.is_late else None
