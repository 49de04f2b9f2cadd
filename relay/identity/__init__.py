"""Identity: every digest form that a built-in destination needs, so the raw value can be forgotten.

The platforms want different digests of the same value (a phone number with or without its plus, a
city hashed or plain). All forms are computed here, once, before the first write.
"""

import msgspec

from relay.event import AttStatus, CustomerType


class Identity(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Who did it, hashed; what is plain here is plain because a platform needs it plain."""

    email_compact: tuple[str, ...] = ()
    """Digests of the address without any blank, inner ones too."""
    email_trimmed: tuple[str, ...] = ()
    """Digests of the trimmed address; one with an inner blank is left out."""
    phone_digits: tuple[str, ...] = ()
    phone_e164: tuple[str, ...] = ()
    """Digests of the number with its leading plus."""
    external_id: tuple[str, ...] = ()
    first_name: str | None = None
    first_name_letters: str | None = None
    """Digest without punctuation."""
    last_name: str | None = None
    last_name_letters: str | None = None
    gender: str | None = None
    birth_date: str | None = None
    city: str | None = None
    city_plain: str | None = None
    state: str | None = None
    state_plain: str | None = None
    zip_digits: str | None = None
    zip_compact: str | None = None
    country: str | None = None
    country_plain: str | None = None
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
