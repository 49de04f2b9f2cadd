"""The body of a replay or a drop: which dead letters it means, and whether it is a dry run."""

from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from relay.admin.answer import BadRequest
from relay.admin.query import Moment, milliseconds_of
from relay.delivery import DeadReason
from relay.journal.letter import DeadFilter
from relay.outcome.acting.dead_letters import MAX_NOTE

MAX_IDS: Final = 10_000


class Selection(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ids, or at least one of the other conditions; a letter must meet all of them."""

    dry_run: Annotated[bool, Meta(description="Whether only to report what would be done.")]
    ids: Annotated[
        Annotated[list[str], Meta(max_length=MAX_IDS)] | None,
        Meta(description="The ids of dead letters; unknown ids match nothing."),
    ] = None
    destination: Annotated[str | None, Meta(description="The name of a destination.")] = None
    reason: Annotated[DeadReason | None, Meta(description="The reason why the event is dead.")] = (
        None
    )
    event: Annotated[str | None, Meta(description="The standard or custom name of the event.")] = (
        None
    )
    since: Annotated[
        Moment | None, Meta(description="Only events that died at this time or later.")
    ] = None
    until: Annotated[Moment | None, Meta(description="Only events that died before this time.")] = (
        None
    )

    def where(self) -> DeadFilter:
        """Return the filter. Raises `BadRequest` if it would match every letter."""
        filters = (self.destination, self.reason, self.event, self.since, self.until)
        if self.ids is None and all(each is None for each in filters):
            raise BadRequest(
                "Name `ids`, or at least one of destination, reason, event, since and until."
            )
        return DeadFilter(
            ids=None if self.ids is None else frozenset(self.ids),
            destination=self.destination,
            reason=self.reason,
            event=self.event,
            since_ms=milliseconds_of(self.since),
            until_ms=milliseconds_of(self.until),
        )


class Replay(Selection):
    """Dead letters to send again."""


class Drop(Selection):
    """Dead letters to drop."""

    note: Annotated[
        Annotated[str, Meta(max_length=MAX_NOTE)] | None,
        Meta(description="Why, for people who look at the letters later."),
    ] = None


S = TypeVar("S", bound=msgspec.Struct)
EXAMPLE: Final = '{"dry_run": true, "ids": […]}'


async def read(request: web.Request, kind: type[S], example: str = EXAMPLE) -> S:
    """Return the body as `kind`. Raises `BadRequest` if it does not fit."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as problem:
        raise BadRequest(f"The body is not as expected: {problem}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(f"The body is not valid JSON; send {example}.") from None
