"""The subject of an erasure: every digest under which the relay may have stored a person.

It is made from raw values on the caller's side, so that only digests travel further. A phone number
that a shop sent without its country was stored as the digest of its digits, so that form belongs to
the person, too. A value that a shop hashed by rules of its own is found only by that same digest.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Self

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from relay.event import User
from relay.identity import Identity
from relay.identity.phone import phone
from relay.identity.user import IdentityWarning, identify


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The digests of one person, each 64 lower-case hexadecimal digits; at least one is needed."""

    email: frozenset[str] = frozenset()
    phone: frozenset[str] = frozenset()
    external_id: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: User, default_country: str | None) -> tuple[Self, list[IdentityWarning]]:
        """Return every form in which the contact fields of `user` may be stored, and warnings.

        `default_country` is the relay's configured country, an ISO 3166-1 code.
        """
        identity, warnings = identify(user, default_country)
        numbers = [user.phone] if isinstance(user.phone, str) else user.phone or ()
        subject = cls(
            email=frozenset((*identity.email_compact, *identity.email_trimmed)),
            phone=frozenset(
                (
                    *identity.phone_digits,
                    *identity.phone_e164,
                    *_without_country(filter(None, numbers), default_country),
                )
            ),
            external_id=frozenset(identity.external_id),
        )
        return subject, warnings

    @property
    def digests(self) -> frozenset[str]:
        """All digests of the person."""
        return self.email | self.phone | self.external_id

    def concerns(self, identity: Identity) -> bool:
        """Return whether an event is this person's: one of its identifiers is among these."""
        return not (
            self.email.isdisjoint(identity.email_compact)
            and self.email.isdisjoint(identity.email_trimmed)
            and self.phone.isdisjoint(identity.phone_digits)
            and self.phone.isdisjoint(identity.phone_e164)
            and self.external_id.isdisjoint(identity.external_id)
        )

    def __repr__(self) -> str:
        """Show only their number: the digest of an address is as sensitive as the address."""
        return f"<Subject of {len(self.digests)} digests>"


def _without_country(numbers: Iterable[str], country: str | None) -> Iterator[str]:
    """Yield the digests under which the numbers were stored if their country was unknown."""
    for number in numbers:
        for spelling in (number, *_national_spellings(number, country)):
            (digits, e164), _ = phone(spelling, None)
            yield from filter(None, (digits, e164))


def _national_spellings(number: str, country: str | None) -> Iterator[str]:
    try:
        parsed = phonenumbers.parse(number, country)
    except NumberParseException:
        return
    yield phonenumbers.national_significant_number(parsed)
    yield phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)


NOBODY: Final = Identity()
"""The identity of an erased event; no accepted event has it."""
