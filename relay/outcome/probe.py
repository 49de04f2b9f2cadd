"""What a request that was only a trial showed; `relay.probe.probe` makes them."""

from typing import Literal

import msgspec

from relay.delivery import PauseReason

Verdict = Literal["ok", "wrong", "unknown"]


class Probe(msgspec.Struct, frozen=True):
    """What one request to a destination showed."""

    destination: str
    source: str
    """The kind of events that it was about, such as `web`."""
    verdict: Verdict
    reason: PauseReason | None
    message: str
