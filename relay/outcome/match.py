"""Match data: which share of the events carries what a platform recognises people by.

The figure that a shop can improve. Only whether something is there is counted, never what it is.
"""

from collections.abc import Mapping
from typing import Final

import msgspec


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier: how many of the events carry it, and what more of it would do."""

    name: str
    count: int
    events: int
    gain: str


_GAINS: Final[Mapping[str, tuple[str, str]]] = {
    "email": (
        "E-mail",
        (
            "The strongest sign: most people are known to the platform by it. Ask for it at "
            "checkout, and send it with events of people who are logged in."
        ),
    ),
    "phone": (
        "Phone",
        (
            "Recognises people who use another e-mail address at the platform. Send it with the "
            "country, or with +1 and the like in front."
        ),
    ),
    "epik": (
        "Click id",
        (
            "Says which ad led to the visit. Keep the value of epik from the page's address, and "
            "send it with the order."
        ),
    ),
    "ttclid": (
        "Click id",
        (
            "Says which ad led to the visit. Keep the value of ttclid from the page's address, and "
            "send it with the order."
        ),
    ),
    "external_id": (
        "Customer number",
        "Ties the visits of one customer together, also over several devices.",
    ),
    "ip": (
        "IP address",
        "Together with the browser it recognises people without an account in the shop.",
    ),
    "user_agent": (
        "Browser",
        "Together with the IP address it recognises people without an account in the shop.",
    ),
    "mobile_ad_id": ("Advertising id", "What an app is recognised by; only apps have it."),
}


def match_data(
    identifiers: Mapping[str, str], events: int, carried: Mapping[str, int]
) -> list[Match]:
    """Return a row for each identifier that a destination takes and that is worth a word."""
    return [
        Match(name=name, count=carried.get(key, 0), events=events, gain=gain)
        for key, (name, gain) in _GAINS.items()
        if key in identifiers
    ]
