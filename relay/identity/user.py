"""Turns an inbound user into a hashed identity; raw values go no further than this.

It runs once per event, before anything is stored, and is the relay's hottest path: values that
recur are looked up (`relay.identity.memo`), the others are normalised and hashed. No text makes it
raise. A value that cannot be used is left out, with a warning that never quotes it. Fields do not
influence one another, with one exception: a plain country decides how a national phone number is
read, and whether a postal code is one of the United States.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from relay.event import User
from relay.identity import Identity
from relay.identity.address import COUNTRIES, Zip, city, postal_code, state
from relay.identity.device import att_status, ip, mobile_ad_id, opaque, ttclid
from relay.identity.email import email
from relay.identity.memo import Memo
from relay.identity.person import birth_date, external_id, gender, name
from relay.identity.phone import phone
from relay.identity.value import BLANK_VALUE, HASHED, NO_PAIR, Pair

Digests = tuple[str, ...]
_Listed = str | int | Sequence[str | int | None] | None
_Text = str | None
_SixForms = tuple[_Text, _Text, _Text, _Text, _Text, _Text]
_EightForms = tuple[_Text, _Text, _Text, _Text, _Text, _Text, _Text, _Text]
_Flaw = str | Mapping[int, str] | None
"""What is wrong with a field: one sentence, or one per bad element of an array, by index."""
_Found = tuple[Digests, Digests, _Flaw]


class IdentityWarning(msgspec.Struct, frozen=True, gc=False):
    """Warns of a value that is not sent, or not to every platform. `message` never quotes it.

    `examine` also returns one, with the message `HASHED`, for each value that came as a digest.
    """

    path: str
    """Path within the event, such as `user.email[1]`."""
    message: str


_CAME_HASHED: Final = {
    field: IdentityWarning(f"user.{field}", HASHED) for field in User.__struct_fields__
}
_NAMES: Final = Memo(name)
_GENDERS: Final = Memo(gender)
_BIRTH_DATES: Final = Memo(birth_date)
_CITIES: Final = Memo(city)
_STATES: Final = Memo(state)
_ZIPS: Final = Memo(postal_code)

_NO_TEXT: Final = (None, None)
_NO_FORMS: Final = (NO_PAIR, None)
_NO_ZIP: Final = (Zip(), None)
_NO_DIGESTS: Final[_Found] = ((), (), None)


def identify(user: User, default_country: str | None) -> tuple[Identity, list[IdentityWarning]]:
    """Return every form of `user` that a platform takes, and warnings about unusable values.

    `default_country` is the ISO 3166-1 code of the country in which a national phone number is read
    if the user has no plain country.
    """
    identity, remarks = examine(user, default_country)
    return identity, [each for each in remarks if each.message != HASHED]


def examine(user: User, default_country: str | None) -> tuple[Identity, list[IdentityWarning]]:
    """Do the same, and also note the values that came as a digest."""
    warnings: list[IdentityWarning] = []
    country, flaw = _NO_FORMS if user.country is None else COUNTRIES[user.country]
    status, status_flaw = _NO_TEXT if user.att_status is None else att_status(user.att_status)
    if flaw or status_flaw:
        _warn(warnings, country=flaw, att_status=status_flaw)
    identity = Identity(
        *_contact(user, country[1] or default_country, warnings),
        *_person(user, warnings),
        *_place(user, country, warnings),
        *_device(user, warnings),
        status,
        user.customer_type,
    )
    return identity, warnings


def _contact(
    user: User, region: str | None, warnings: list[IdentityWarning]
) -> tuple[Digests, Digests, Digests, Digests, Digests]:
    compact, trimmed, email_flaw = _listed(user.email, email)
    digits, e164, phone_flaw = _phones(user.phone, region)
    ids, _, id_flaw = _listed(user.external_id, external_id)
    if email_flaw or phone_flaw or id_flaw:
        _warn(warnings, email=email_flaw, phone=phone_flaw, external_id=id_flaw)
    return compact, trimmed, digits, e164, ids


def _person(user: User, warnings: list[IdentityWarning]) -> _SixForms:
    first, first_flaw = _NO_FORMS if user.first_name is None else _NAMES[user.first_name]
    last, last_flaw = _NO_FORMS if user.last_name is None else _NAMES[user.last_name]
    letter, gender_flaw = _NO_TEXT if user.gender is None else _GENDERS[user.gender]
    day, day_flaw = _NO_TEXT if user.birth_date is None else _BIRTH_DATES[user.birth_date]
    if first_flaw or last_flaw or gender_flaw or day_flaw:
        _warn(
            warnings,
            first_name=first_flaw,
            last_name=last_flaw,
            gender=gender_flaw,
            birth_date=day_flaw,
        )
    return first[0], first[1], last[0], last[1], letter, day


def _place(user: User, country: Pair, warnings: list[IdentityWarning]) -> _EightForms:
    town, town_flaw = _NO_FORMS if user.city is None else _CITIES[user.city]
    region, region_flaw = _NO_FORMS if user.state is None else _STATES[user.state]
    code, code_flaw = _NO_ZIP if user.zip is None else _ZIPS[user.zip]
    if town_flaw or region_flaw or code_flaw:
        _warn(warnings, city=town_flaw, state=region_flaw, zip=code_flaw)
    compact = code.compact_us if country[1] == "us" else code.compact
    return town[0], town[1], region[0], region[1], code.digits, compact, country[0], country[1]


def _device(user: User, warnings: list[IdentityWarning]) -> _EightForms:
    ad_id, ad_id_flaw = _NO_FORMS if user.mobile_ad_id is None else mobile_ad_id(user.mobile_ad_id)
    address, ip_flaw = _NO_TEXT if user.ip is None else ip(user.ip)
    agent, agent_flaw = _NO_TEXT if user.user_agent is None else opaque(user.user_agent)
    locale, locale_flaw = _NO_TEXT if user.locale is None else opaque(user.locale)
    epik, epik_flaw = _NO_TEXT if user.epik is None else opaque(user.epik)
    click, click_flaw = _NO_TEXT if user.ttclid is None else ttclid(user.ttclid)
    ttp, ttp_flaw = _NO_TEXT if user.ttp is None else opaque(user.ttp)
    if ad_id_flaw or ip_flaw or agent_flaw or locale_flaw or epik_flaw or click_flaw or ttp_flaw:
        _warn(
            warnings,
            mobile_ad_id=ad_id_flaw,
            ip=ip_flaw,
            user_agent=agent_flaw,
            locale=locale_flaw,
            epik=epik_flaw,
            ttclid=click_flaw,
            ttp=ttp_flaw,
        )
    return ad_id[0], ad_id[1], address, agent, locale, epik, click, ttp


def _warn(warnings: list[IdentityWarning], **flaws: _Flaw) -> None:
    for field, flaw in flaws.items():
        if flaw is HASHED:
            warnings.append(_CAME_HASHED[field])
        elif isinstance(flaw, str):
            warnings.append(IdentityWarning(f"user.{field}", flaw))
        elif flaw is not None:
            warnings += [IdentityWarning(f"user.{field}[{at}]", text) for at, text in flaw.items()]


def _phones(value: _Listed, region: str | None) -> _Found:
    if isinstance(value, str):
        (digits, e164), flaw = phone(value, region)
        return () if digits is None else (digits,), () if e164 is None else (e164,), flaw
    return _listed(value, lambda raw: phone(raw, region))


def _listed(value: _Listed, rule: Callable[[str], tuple[Pair, str | None]]) -> _Found:
    """Return both forms of a field that may hold several values, without duplicates."""
    if not isinstance(value, str):
        if value is None:
            return _NO_DIGESTS
        if not isinstance(value, int):
            return _each(value, rule)
        value = str(value)
    (first, second), flaw = rule(value)
    one = () if first is None else (first,)
    return one, one if second is first else () if second is None else (second,), flaw


def _each(
    values: Sequence[str | int | None], rule: Callable[[str], tuple[Pair, str | None]]
) -> _Found:
    """Do the same for an array, of which blank and null elements are ignored."""
    first: dict[str | None, None] = {}
    second: dict[str | None, None] = {}
    flaws: dict[int, str] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        (one, other), flaw = rule(str(value))
        first[one] = second[other] = None
        if flaw is not None and flaw is not BLANK_VALUE:
            flaws[index] = flaw
    return tuple(filter(None, first)), tuple(filter(None, second)), flaws
