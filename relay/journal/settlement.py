"""What a request to a platform did to the events that it covered, and what delays the next one."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from relay.delivery import DeadReason, Outcome, PauseReason
from relay.journal.entry import Pending

SPAN_OFFSETS: Final = 1_000
"""The most offsets in a span of a receipt, so that the spans around an offset can be found by their
first offset; a wider one is split."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a platform and how it ended; `message` is already scrubbed and shortened."""

    at_ms: int
    duration_ms: int
    outcome: Outcome
    http_status: int | None = None
    code: str = ""
    message: str = ""
    request_id: str = ""


class Dead(msgspec.Struct, frozen=True):
    """An event that ends without delivery; the text is already scrubbed and shortened."""

    pending: Pending
    reason: DeadReason
    code: str = ""
    message: str = ""


class Retry(msgspec.Struct, frozen=True):
    """An event whose own verdict was transient: due again at `due_ms`."""

    pending: Pending
    due_ms: int
    code: str = ""
    message: str = ""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What one request (or an age wall) did to the events it covered, as one transaction.

    `waiting` are events that the request covered but did not settle (throttled, an outage, a
    refused batch that is taken apart): they get the receipt and nothing else.
    """

    receipt: Receipt | None = None
    delivered: Sequence[Pending] = ()
    dead: Sequence[Dead] = ()
    retry: Sequence[Retry] = ()
    waiting: Sequence[Pending] = ()


class Pause(msgspec.Struct, frozen=True):
    """A pause that survives restarts."""

    reason: PauseReason
    since_ms: int
    message: str = ""


WaitState = Literal["throttled", "degraded"]


class Wait(msgspec.Struct, frozen=True):
    """A wait that the platform asked for; a restart does not shorten it."""

    state: WaitState
    """The destination's state during the wait."""
    since_ms: int
    until_ms: int
