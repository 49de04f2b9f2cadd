"""Identity: every digest form that a built-in destination needs, so the raw value can be forgotten.

The platforms want different digests of the same value (a phone number with or without its plus, a
city hashed or plain). All forms are computed once, before the first write, by
`relay.identity.user.identify`; this module holds only their shape.
"""

import msgspec

from relay.event import AttStatus, CustomerType


class Identity(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Who did it, hashed; what is plain here is plain because a platform needs it plain.

    A form that is empty or None is not sent. The order of the fields is the stored form.
    """

    email_compact: tuple[str, ...] = ()
    """Digests of the address without any blank, inner ones too."""
    email_trimmed: tuple[str, ...] = ()
    """Digests of the trimmed address; one with an inner blank is left out."""
    phone_digits: tuple[str, ...] = ()
    """Digests of country code and number; without a known country, of the digits as they are."""
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
    """Digest of the code of two letters; None for a region without one."""
    state_plain: str | None = None
    zip_digits: str | None = None
    """Digest of the digits; None for a postal code with letters."""
    zip_compact: str | None = None
    """Digest without blanks and hyphens; of the first five characters in the United States."""
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
    """Tell whether anything is left that points at one person, device, address or click.

    That is an e-mail address, phone number, external id, name, advertising id, IP address, `epik`,
    `ttclid` or `ttp`. What thousands share says nothing alone: gender, birth date, place, user
    agent, locale, tracking status, customer type. Whether the rest is enough for a platform is that
    platform's own rule (Pinterest wants a user agent beside an IP address).
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
