"""One inbound user becomes one hashed identity; here the raw values end.

Called once per event, before anything is stored, so it is the relay's hottest path: values that
many people share are looked up (`relay.identity.memo`), the rest is normalised and hashed. It never
raises for any text. A value that cannot be used is left out and warned about; the warning never
quotes it. Values in one field never change another, except that a plain country is where a national
phone number belongs and whether a postal code is one of the United States.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from relay.event import User
from relay.identity import Identity
from relay.identity.address import COUNTRIES, Zip, city, postal_code, state
from relay.identity.device import ip, mobile_ad_id, opaque, ttclid
from relay.identity.email import email
from relay.identity.memo import Memo
from relay.identity.person import birth_date, external_id, gender, name
from relay.identity.phone import phone
from relay.identity.value import BLANK_VALUE, NO_PAIR, Pair

F = TypeVar("F")

Digests = tuple[str, ...]
_Listed = str | int | Sequence[str | int | None] | None


class IdentityWarning(msgspec.Struct, frozen=True, gc=False):
    """A value that is not sent, or not to every platform. `message` never quotes it."""

    path: str
    """Relative to the event: `user.email[1]`."""
    message: str
    code: str = "invalid_value"


_name: Final = Memo(name).__getitem__
_gender: Final = Memo(gender).__getitem__
_birth_date: Final = Memo(birth_date).__getitem__
_city: Final = Memo(city).__getitem__
_state: Final = Memo(state).__getitem__
_country: Final = COUNTRIES.__getitem__
_postal_code: Final = Memo(postal_code).__getitem__

_NO_ZIP: Final = Zip()
_NO_DIGESTS: Final[tuple[Digests, Digests]] = ((), ())


def identify(user: User, default_country: str | None) -> tuple[Identity, list[IdentityWarning]]:
    """Return every form of `user` that a platform takes, and what was wrong with the rest.

    `default_country` is the ISO 3166-1 code under which a national phone number is read when the
    user has no plain country of its own.
    """
    warnings: list[IdentityWarning] = []
    nation = _one("country", user.country, _country, NO_PAIR, warnings)
    region = nation[1] if nation[1] is not None else default_country
    emails = _listed("email", user.email, email, warnings)
    phones = _phones(user.phone, region, warnings)
    first_name = _one("first_name", user.first_name, _name, NO_PAIR, warnings)
    last_name = _one("last_name", user.last_name, _name, NO_PAIR, warnings)
    town = _one("city", user.city, _city, NO_PAIR, warnings)
    region_code = _one("state", user.state, _state, NO_PAIR, warnings)
    zip_code = _one("zip", user.zip, _postal_code, _NO_ZIP, warnings)
    ad_id = _one("mobile_ad_id", user.mobile_ad_id, mobile_ad_id, NO_PAIR, warnings)
    identity = Identity(
        emails[0],
        emails[1],
        phones[0],
        phones[1],
        _listed("external_id", user.external_id, external_id, warnings)[0],
        first_name[0],
        first_name[1],
        last_name[0],
        last_name[1],
        _one("gender", user.gender, _gender, None, warnings),
        _one("birth_date", user.birth_date, _birth_date, None, warnings),
        town[0],
        town[1],
        region_code[0],
        region_code[1],
        zip_code.digits,
        zip_code.compact_us if nation[1] == "us" else zip_code.compact,
        nation[0],
        nation[1],
        ad_id[0],
        ad_id[1],
        _one("ip", user.ip, ip, None, warnings),
        _one("user_agent", user.user_agent, opaque, None, warnings),
        _one("locale", user.locale, opaque, None, warnings),
        _one("epik", user.epik, opaque, None, warnings),
        _one("ttclid", user.ttclid, ttclid, None, warnings),
        _one("ttp", user.ttp, opaque, None, warnings),
        user.att_status,
        user.customer_type,
    )
    return identity, warnings


def _one(
    field: str,
    value: str | None,
    rule: Callable[[str], tuple[F, str | None]],
    nothing: F,
    warnings: list[IdentityWarning],
) -> F:
    if value is None:
        return nothing
    forms, problem = rule(value)
    if problem is not None:
        warnings.append(IdentityWarning(f"user.{field}", problem))
    return forms


def _phones(
    value: _Listed, region: str | None, warnings: list[IdentityWarning]
) -> tuple[Digests, Digests]:
    if value is None:
        return _NO_DIGESTS
    return _listed("phone", value, lambda raw: phone(raw, region), warnings)


def _listed(
    field: str,
    value: _Listed,
    rule: Callable[[str], tuple[Pair, str | None]],
    warnings: list[IdentityWarning],
) -> tuple[Digests, Digests]:
    """Return both forms of a field that may hold several values, without repetitions."""
    if value is None:
        return _NO_DIGESTS
    if not isinstance(value, str | int):
        return _each(field, value, rule, warnings)
    (first, second), problem = rule(str(value))
    if problem is not None:
        warnings.append(IdentityWarning(f"user.{field}", problem))
    return () if first is None else (first,), () if second is None else (second,)


def _each(
    field: str,
    values: Sequence[str | int | None],
    rule: Callable[[str], tuple[Pair, str | None]],
    warnings: list[IdentityWarning],
) -> tuple[Digests, Digests]:
    """Do the same for an array, whose blank and null elements mean nothing at all."""
    first: dict[str | None, None] = {}
    second: dict[str | None, None] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        (one, other), problem = rule(str(value))
        first[one] = second[other] = None
        if problem is not None and problem is not BLANK_VALUE:
            warnings.append(IdentityWarning(f"user.{field}[{index}]", problem))
    return tuple(filter(None, first)), tuple(filter(None, second))
