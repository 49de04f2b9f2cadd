"""Tells which identifiers an identity carries, and nothing of their values."""

from collections.abc import Sequence
from itertools import compress
from typing import Final

from msgspec.structs import astuple

from relay.identity.identity import Identity
from relay.metrics import Presence

FIELDS: Final = (
    *("email_compact", "phone_digits", "external_id", "first_name", "last_name", "gender"),
    *("birth_date", "city", "city_plain", "state", "state_plain", "zip_digits", "zip_compact"),
    *("country", "country_plain", "mobile_ad_id_lower", "ip", "user_agent", "locale"),
    *("epik", "ttclid", "ttp"),
    *("email_trimmed", "phone_e164", "first_name_letters", "last_name_letters"),
)
"""The field behind each of `relay.metrics.FORMS`, in their order."""

_BITS: Final = tuple(
    1 << FIELDS.index(field) if field in FIELDS else 0 for field in Identity.__struct_fields__
)


def forms_of(fields: Sequence[str]) -> Presence:
    """Return the forms behind these fields of an identity."""
    return sum(1 << at for at, field in enumerate(FIELDS) if field in fields)


def presence_of(identity: Identity) -> Presence:
    """Return which forms are present."""
    return sum(compress(_BITS, astuple(identity)))
