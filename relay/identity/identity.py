"""The stored identity: each form that a destination needs, so that raw values can be discarded.

The platforms want different forms of the same value (a phone number with or without its plus, a
city hashed or plain). `relay.identity.user.identify` computes all of them once, before the first
write; this module only defines the struct.
"""

import msgspec

from relay.event import AttStatus, CustomerType


class Identity(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The person, hashed. A field holds plain text only if a platform needs it in plain text.

    Forms that are empty or None are not sent. The journal stores the fields in this order.
    """

    email_compact: tuple[str, ...] = ()
    """Digests of the address without any whitespace."""
    email_trimmed: tuple[str, ...] = ()
    """Digests of the trimmed address; an address with inner whitespace has none."""
    phone_digits: tuple[str, ...] = ()
    """Digests of country code and number; if the country is unknown, of the digits as they are."""
    phone_e164: tuple[str, ...] = ()
    """Digests of the number with its leading plus."""
    external_id: tuple[str, ...] = ()
    """Digests of the trimmed id, its case kept."""
    first_name: str | None = None
    first_name_letters: str | None = None
    """Digest without punctuation."""
    last_name: str | None = None
    last_name_letters: str | None = None
    gender: str | None = None
    """Digest of `f`, `m` or `n`."""
    birth_date: str | None = None
    """Digest of `YYYYMMDD`."""
    city: str | None = None
    city_plain: str | None = None
    state: str | None = None
    """Digest of the two-letter code; None for a region without one."""
    state_plain: str | None = None
    zip_digits: str | None = None
    """Digest of the digits; None for a postal code with letters."""
    zip_compact: str | None = None
    """Digest without spaces and hyphens; in the United States, of the first five characters."""
    country: str | None = None
    country_plain: str | None = None
    """ISO 3166-1, two letters, lower case."""
    mobile_ad_id_lower: str | None = None
    mobile_ad_id_upper: str | None = None
    ip: str | None = None
    """Canonical text of a public address."""
    user_agent: str | None = None
    locale: str | None = None
    epik: str | None = None
    ttclid: str | None = None
    ttp: str | None = None
    att_status: AttStatus | None = None
    customer_type: CustomerType | None = None


def has_identifier(identity: Identity) -> bool:
    """Return whether anything points at a single person, device, address or click.

    That is an e-mail address, phone number, external id, name, advertising id, IP address, `epik`,
    `ttclid` or `ttp`. Values that thousands share do not count: gender, birth date, place, user
    agent, locale, tracking status, customer type. Platforms may have stricter rules of their own
    (Pinterest wants a user agent with an IP address).
    """
    return bool(
        identity.email_compact
        or identity.external_id
        or identity.phone_digits
        or identity.mobile_ad_id_lower
        or identity.ip
        or identity.epik
        or identity.ttclid
        or identity.ttp
        or identity.first_name
        or identity.last_name
    )
