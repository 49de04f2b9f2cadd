"""Whom a request for erasure concerns: every digest under which the relay may have stored a person.

Made from raw values beside the caller, so that only digests travel any further. A phone number that
a shop sent without its country was stored as its digits alone, so that form belongs to the person
as well. What a shop hashed by itself, by rules of its own, can only be found by that very digest.
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
    """The digests of one person, 64 hexadecimal digits in lower case each; one is enough."""

    email: frozenset[str] = frozenset()
    phone: frozenset[str] = frozenset()
    external_id: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: User, default_country: str | None) -> tuple[Self, list[IdentityWarning]]:
        """Return every stored form of the contact fields of `user`, and what was unusable.

        `default_country` is the one that the relay was configured with, an ISO 3166-1 code.
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
        """All of them."""
        return self.email | self.phone | self.external_id

    def concerns(self, identity: Identity) -> bool:
        """Tell whether an event is this person's: any one of its identifiers is among these."""
        return not (
            self.email.isdisjoint(identity.email_compact)
            and self.email.isdisjoint(identity.email_trimmed)
            and self.phone.isdisjoint(identity.phone_digits)
            and self.phone.isdisjoint(identity.phone_e164)
            and self.external_id.isdisjoint(identity.external_id)
        )

    def __repr__(self) -> str:
        """Count them: a digest of an address is as good as the address."""
        return f"<Subject of {len(self.digests)} digests>"


def _without_country(numbers: Iterable[str], country: str | None) -> Iterator[str]:
    """Return the digests that the numbers have where nobody knew their country."""
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
"""The identity of an event that was erased; no accepted event has it."""
