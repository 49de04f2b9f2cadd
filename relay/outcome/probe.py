"""The result of a trial request; `relay.probe.probe` sends them."""

from typing import Literal

import msgspec

from relay.delivery import PauseReason

Verdict = Literal["ok", "wrong", "unknown"]


class Probe(msgspec.Struct, frozen=True):
    """What one trial request to a destination showed."""

    destination: str
    source: str
    """The event source that it tried, such as `web`."""
    verdict: Verdict
    reason: PauseReason | None
    message: str
