"""Choices for what the platforms' documents leave open.

If public sources disagree about an answer's shape, a sender has to cope with all of them: the
emulator uses the likeliest by default, and the others on demand. The published rate limits can be
changed as well.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Positive = Annotated[int, Meta(ge=1, le=10**9)]


class Style(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the emulator answers if several shapes are known."""

    pinterest_mixed: Literal[200, 422] = 200
    """HTTP status if some events of a request are refused."""
    pinterest_failed: Literal[200, 422] = 422
    """HTTP status if all of them are."""
    pinterest_place: Literal["top", "details"] = "details"
    """Where a 422 lists the results: at the top level, or under `details` of a DetailedError."""
    pinterest_blank: Literal["empty", "null", "absent"] = "empty"
    """How an absent error or warning is written: `""`, `null`, or no key at all."""
    pinterest_requests_per_minute: Positive = 5_000
    """Per ad account; further requests get 429."""
    pinterest_test_requests_per_s: Positive = 10
    """In test mode; further requests get 429."""
    tiktok_index: Literal["data", "batch", "none"] = "data"
    """How a refusal names the event: `data.3.event_id`, `Batch.3.event_id`, or just `event_id`."""
    tiktok_requests_per_s: Positive = 1_000
    """Per event source; further requests get code 40100."""
