"""Explains in words what is sent for a value, to answer "why does this not match?".

It runs the same rules as intake, so it cannot disagree with what is sent. The result contains the
value only in the forms that platforms take in plain text.
"""

from typing import Final, Literal, get_args

import msgspec

from relay.event import CustomerType, User
from relay.identity import Identity
from relay.identity.digest import is_digest
from relay.identity.text import clean
from relay.identity.user import IdentityWarning, identify

Kind = Literal["raw", "hashed"]

RULES: Final = {
    "email": "Trimmed and lower-cased, dots and plus tags kept, then SHA-256.",
    "phone": "Country code and number, digits only (TikTok: with a leading plus), then SHA-256.",
    "external_id": "Trimmed, its case kept, then SHA-256: the browser tag must hash the same text.",
    "first_name": "Trimmed and lower-cased (TikTok: without punctuation), then SHA-256.",
    "last_name": "Trimmed and lower-cased (TikTok: without punctuation), then SHA-256.",
    "gender": "Reduced to f, m or n, then SHA-256.",
    "birth_date": "Written as YYYYMMDD, then SHA-256.",
    "city": "Lower-cased, without spaces and punctuation; SHA-256 for Pinterest, plain for TikTok.",
    "state": "Lower-cased; SHA-256 of the two-letter code for Pinterest, plain for TikTok.",
    "zip": "Digits only for Pinterest; without spaces and hyphens for TikTok, in the United States "
    "the first five. Then SHA-256.",
    "country": "Two-letter ISO 3166-1 code, lower-cased; SHA-256 for Pinterest, plain for TikTok.",
    "mobile_ad_id": "SHA-256 of the lower-cased id; TikTok takes Apple's id upper-cased.",
    "ip": "Sent as it is: the first public address, in its canonical form.",
    "user_agent": "Sent as it is.",
    "locale": "Sent to TikTok as it is; to Pinterest only its language, as two letters.",
    "epik": "Sent as it is, its case kept.",
    "ttclid": "Sent as it is, its case kept.",
    "ttp": "Sent as it is, its case kept.",
    "att_status": "Sent in Apple's own spelling.",
    "customer_type": "Sent as it is.",
}
"""What is done to a usable value of each field of `user`."""

ALREADY_HASHED: Final = "Already SHA-256: passed on in lower case."
PLAIN_ELSEWHERE: Final = (
    "Already SHA-256: passed on to Pinterest in lower case; TikTok takes this one plain only."
)
NO_CODE: Final = "Not sent to Pinterest: no two-letter code is known for it."
LETTERS_IN_ZIP: Final = "Not sent to Pinterest: it takes digits only, and this contains a letter."

_PLAIN_FOR_ONE: Final = frozenset({"city", "state", "country"})
_AS_IS: Final = frozenset(
    {"ip", "user_agent", "locale", "epik", "ttclid", "ttp", "att_status", "customer_type"}
)
_CHOICES: Final = {"customer_type": get_args(CustomerType)}
_NOTHING: Final = Identity()


class Explanation(msgspec.Struct, frozen=True):
    """What is sent for one value; `identity` holds the forms of this field only."""

    kind: Kind
    """Whether the value came in raw or as a SHA-256 digest."""
    identity: Identity
    note: str
    """One or two sentences: what was done to the value, or why it is not sent."""


def explain(
    field: str, value: str, country: str | None = None, default_country: str | None = None
) -> Explanation:
    """Return what the relay sends for `value` in the field `field` of `user`.

    `country` is the plain `user.country` of the same event, `default_country` the configured one.

    Raises:
        KeyError: There is no such field; `RULES` lists them.
    """
    rule = RULES[field]
    kind: Kind = "hashed" if field not in _AS_IS and is_digest(clean(value)) else "raw"
    if value not in _CHOICES.get(field, (value,)):
        return Explanation(kind, _NOTHING, f"Left out: not one of {', '.join(_CHOICES[field])}.")
    identity, warnings = identify(_user(field, value, country), default_country)
    identity = _only(field, identity)
    return Explanation(kind, identity, _note(field, kind, identity, warnings) or rule)


def _user(field: str, value: str, country: str | None) -> User:
    user = User(country=country)
    setattr(user, field, value)
    return user


def _only(field: str, identity: Identity) -> Identity:
    if field == "country":
        return identity
    return msgspec.structs.replace(identity, country=None, country_plain=None)


def _note(
    field: str, kind: Kind, identity: Identity, warnings: list[IdentityWarning]
) -> str | None:
    """Return what is special about this value, or None if its field's rule covers it."""
    problems = [warning.message for warning in warnings if warning.path == f"user.{field}"]
    if problems:
        return f"{problems[0][0].upper()}{problems[0][1:]}."
    if kind == "hashed" and identity != _NOTHING:
        return PLAIN_ELSEWHERE if field in _PLAIN_FOR_ONE else ALREADY_HASHED
    if field == "state" and identity.state is None:
        return NO_CODE
    if field == "zip" and identity.zip_digits is None:
        return LETTERS_IN_ZIP
    return None
