"""One record of `relay.outcomes`: how an event ended at a destination.

Data teams build on it: `schemas/outcome.schema.json` is generated from this struct.
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from relay.delivery import DeadReason, SkipReason
from relay.journal.outbox import EndState, Waiting

Reason = SkipReason | DeadReason


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """How an event ended at a destination; the record's key is the UTF-8 of `event_id`.

    There is one record for each event and destination, once the event has ended there. After a
    replay there is another one, and the later one counts. An event that is posted again is skipped
    as `duplicate`, which says nothing about the first. Records are repeated only if the relay or
    the cluster crashed.
    """

    event_id: Annotated[str, Meta(description="The producer's own id of the event.")]
    event: Annotated[str, Meta(description="A standard name, or the custom one.")]
    destination: Annotated[str, Meta(description="As configured.")]
    state: Annotated[EndState, Meta(description="`delivered` only if the platform said so.")]
    reason: Annotated[
        Reason | None, Meta(description="Why it was not delivered, see `reasons.json`.")
    ]
    code: Annotated[str, Meta(description="The platform's own code, empty if it gave none.")]
    request_id: Annotated[
        str, Meta(description="The platform's id of the request, empty if there is none.")
    ]
    received_at: Annotated[datetime, Meta(description="When the relay stored it.", tz=True)]
    at: Annotated[datetime, Meta(description="When it reached this end.", tz=True)]


def records(waiting: Waiting) -> list[tuple[bytes, bytes]]:
    """Return the keys and values of the records in one row of the journal."""
    end = waiting.end
    at = _moment(end.at_ms)
    # The journal's own closed sets; checking each again would cost more than publishing it.
    reason: Reason | None = end.reason  # type: ignore[assignment]
    return [
        (
            event_id.encode(),
            _ENCODER.encode(
                Outcome(
                    event_id=event_id,
                    event=event,
                    destination=end.destination,
                    state=end.state,
                    reason=reason,
                    code=end.code,
                    request_id=end.request_id,
                    received_at=_moment(received_ms),
                    at=at,
                )
            ),
        )
        for event_id, event, received_ms in waiting.events
    ]


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


_ENCODER = msgspec.json.Encoder()
