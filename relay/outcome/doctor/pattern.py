"""What the doctor looks for, as data: a count, the share at which it matters, and the words.

The gain of an identifier follows the platforms' own advice on match quality (Pinterest business
help, "Enhanced match"; TikTok, "Event Match Quality", both 2026).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from relay.event_name import MONEY_NAMES
from relay.outcome.doctor.counts import GroupCounts
from relay.outcome.doctor.finding import Advice

KNOWN_BY_NAME: Final = MONEY_NAMES | {"add_payment_info", "initiate_checkout", "submit_application"}
"""Events in which people say who they are, unlike those who only look around."""


class Pattern(NamedTuple):
    """A count, its whole, and the highest or lowest share that is normal.

    The whole may be only the events that carry what is counted.
    """

    count: Callable[[GroupCounts], int]
    of: Callable[[GroupCounts], int]
    share: float
    advice: Advice


PATTERNS: Final[Sequence[Pattern]] = (
    Pattern(
        lambda it: it.people.most,
        lambda it: it.people.total,
        0.3,
        Advice(
            "one_person",
            1.0,
            "One e-mail address stands on {share} of these events: no customer buys so often.",
            "Send the address of the person who ordered, not the shop's own or a test account's.",
        ),
    ),
    Pattern(
        lambda it: it.addresses.most,
        lambda it: it.addresses.total,
        0.3,
        Advice(
            "own_address",
            0.7,
            "One IP address stands on {share} of these events: probably the server's own.",
            "Send the visitor's address, from X-Forwarded-For or the like.",
        ),
    ),
    Pattern(
        lambda it: it.browsers.most,
        lambda it: it.browsers.total,
        0.9,
        Advice(
            "one_browser",
            0.5,
            "The same browser stands on {share} of these events.",
            "Send the visitor's User-Agent header as it came to the shop.",
        ),
    ),
    Pattern(
        lambda it: it.libraries,
        lambda it: it.browsers.total,
        0.02,
        Advice(
            "server_agent",
            0.5,
            "{share} of these events name a program in place of the visitor's browser.",
            "Send the visitor's User-Agent header, not that of the shop's own request.",
        ),
    ),
    Pattern(
        lambda it: it.worthless,
        lambda it: it.events,
        0.02,
        Advice(
            "no_value",
            0.9,
            "{share} of these purchases have no value, or zero.",
            "Send order.value: the total before tax and shipping.",
        ),
    ),
    Pattern(
        lambda it: it.without_currency,
        lambda it: it.events,
        0.02,
        Advice(
            "no_currency",
            0.6,
            "{share} of these events have a value without a currency.",
            "Send order.currency, such as EUR.",
        ),
    ),
    Pattern(
        lambda it: it.in_rare_currency,
        lambda it: it.events,
        0.02,
        Advice(
            "rare_currency",
            0.3,
            "{share} of these events have a value in a currency that TikTok does not list.",
            "Look in Events Manager whether the value arrives, or send it in a listed currency.",
        ),
    ),
    Pattern(
        lambda it: max((n for shift, n in it.shifts.items() if shift), default=0),
        lambda it: it.events,
        0.5,
        Advice(
            "time_zone",
            0.8,
            "{share} of these events come late by the same half hours: a time zone is missing.",
            "Send event_time with its offset, or as Unix seconds.",
        ),
    ),
)
"""Counts that are suspicious above a share."""

OF_PERSONS: Final[Sequence[Pattern]] = (
    Pattern(
        lambda it: it.quality.carried()["email"],
        lambda it: it.events,
        0.5,
        Advice(
            "no_email",
            1.0,
            "{few} of these events carry an e-mail address, by which most people are recognised.",
            "Send user.email of everybody who is logged in or has typed it.",
        ),
    ),
    Pattern(
        lambda it: it.quality.carried()["phone"],
        lambda it: it.events,
        0.1,
        Advice(
            "no_phone",
            0.4,
            "{few} of these events carry a phone number.",
            "Send user.phone with its country code where the shop knows it.",
        ),
    ),
    Pattern(
        lambda it: it.quality.carried()["external_id"],
        lambda it: it.events,
        0.1,
        Advice(
            "no_external_id",
            0.3,
            "{few} of these events carry the shop's own customer number.",
            "Send user.external_id, the same that the browser's tag sends.",
        ),
    ),
)
"""Counts that are suspicious below a share, in events in which people say who they are."""

OF_VISITS: Final[Sequence[Pattern]] = (
    Pattern(
        lambda it: it.seen,
        lambda it: it.visits,
        0.5,
        Advice(
            "no_browser",
            0.6,
            "{few} of these events from the web carry both the visitor's IP address and browser.",
            "Send user.ip and user.user_agent as they came to the shop.",
        ),
    ),
    Pattern(
        lambda it: it.clicks,
        lambda it: it.visits,
        0.1,
        Advice(
            "no_click_id",
            0.5,
            "{few} of these events from the web carry a click id, which says which ad led there.",
            "Keep epik and ttclid from the page's address, and send them with the event.",
        ),
    ),
)
"""Counts that are suspicious below a share, in web events."""

REUSED: Final = Advice(
    "reused_event_id",
    1.0,
    "Events with the id of another order: {count}; all but the first are skipped.",
    "Give every order an event_id of its own, such as its number.",
)
HASHED_OTHERWISE: Final = Advice(
    "hashed_otherwise",
    0.8,
    "{share} of the hashed e-mail addresses differ from the plain ones of the same customers.",
    "Trim the address and write it in lower case before hashing it, or send it plain.",
)
HASHED_FORM: Final[Mapping[str, Advice]] = {
    name: Advice("hashed_form", weight, sentence, f"Send user.{name} plain; it is hashed here.")
    for name, weight, sentence in (
        (
            "phone",
            0.3,
            "{share} of the phone numbers come hashed, and each platform hashes another form.",
        ),
        (
            "mobile_ad_id",
            0.2,
            "{share} of the advertising ids come hashed, and each platform hashes another form.",
        ),
        ("city", 0.05, "{share} of the cities come hashed, which TikTok takes plain only."),
        ("state", 0.05, "{share} of the states come hashed, which TikTok takes plain only."),
        ("country", 0.05, "{share} of the countries come hashed, which TikTok takes plain only."),
    )
}
"""Identifiers that have to be sent in plain text, since one platform needs another form of them."""
