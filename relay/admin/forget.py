"""The request and the answer of an erasure: digests in, counts and ids out.

Only digests cross this port, and only in the body: a raw address or number could end up in a log.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Self

import msgspec
from msgspec import Meta

from relay.admin.answer import BadRequest
from relay.identity.subject import Subject
from relay.journal.report import Erased

MAX_DIGESTS: Final = 1_000

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Digests = Annotated[list[Digest], Meta(min_length=1, max_length=MAX_DIGESTS)]
EXAMPLE: Final = '{"email": ["<SHA-256 of the normalised address>"]}'
_Count = Annotated[int, Meta(ge=0)]


class Forget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom to forget: at least one lower-case SHA-256 digest, as the relay stores them.

    An event is this person's if any of its identifiers is among them.
    """

    email: Annotated[Digests, Meta(description="Digests of the normalised e-mail addresses.")] = []
    phone: Annotated[
        Digests,
        Meta(description="Digests of the phone numbers as digits, and as E.164 with the plus."),
    ] = []
    external_id: Annotated[
        Digests, Meta(description="Digests of the shop's ids for the person.")
    ] = []

    @classmethod
    def about(cls, subject: Subject) -> Self:
        """Return the request that erases a person."""
        return cls(
            email=sorted(subject.email),
            phone=sorted(subject.phone),
            external_id=sorted(subject.external_id),
        )

    def subject(self) -> Subject:
        """Return the person. Raises `BadRequest` if the request has no digest."""
        found = Subject(
            email=frozenset(self.email),
            phone=frozenset(self.phone),
            external_id=frozenset(self.external_id),
        )
        if not found.digests:
            raise BadRequest(f"Name at least one digest: {EXAMPLE}.")
        return found


class ForgottenAt(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure found at one destination.

    `erased` events were waiting, and will not be sent. `dead` ones can no longer be replayed.
    `delivered` ones can only be deleted by the platform; up to 1,000 of their ids are listed.
    """

    destination: str
    erased: _Count
    dead: _Count
    delivered: _Count
    delivered_event_ids: Sequence[str]


class ForgetResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did. If it is not `complete`, something is left in the journal: ask again.

    `damaged` events cannot be read, and may be this person's: they are never sent, and stay until
    retention deletes them. Without any, only bytes of deleted data are left.
    """

    events: _Count
    damaged: _Count
    complete: bool
    destinations: Sequence[ForgottenAt]

    @classmethod
    def of(cls, done: Erased) -> Self:
        """Return the answer for an erasure."""
        return cls(
            events=done.events,
            damaged=done.damaged,
            complete=done.emptied and not done.damaged,
            destinations=[
                ForgottenAt(
                    destination=name,
                    erased=each.erased,
                    dead=each.dead,
                    delivered=each.delivered,
                    delivered_event_ids=each.delivered_event_ids,
                )
                for name, each in done.destinations.items()
            ],
        )
