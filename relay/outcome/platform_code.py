"""What the platforms' own codes mean: for each one a sentence, a fix, and who can do it.

The verdicts come from the tables of the destinations, which have no words for people; a test checks
that both list the same codes. For any other code, people are shown the platform's own words.
Sources: as in `relay.destinations.*`, the platforms' pages on answers (2026).
"""

from typing import Final

import msgspec

from relay.outcome.health import UNREACHED
from relay.outcome.wording import PAUSED, Wording

WAITS: Final = "Nothing to do: it is sent again by itself, and nothing is lost."
_SETTINGS: Final = "Check this destination's settings and the relay's version."
_FIELD: Final = (
    "Read the platform's message, and fix that field in the shop. Have the shop post the event"
    " corrected, with an event id of its own: sent again from here, it goes out as it was."
)


class Codes(msgspec.Struct, frozen=True):
    """The codes `first` to `last` of a platform, and what they mean."""

    first: int
    last: int
    wording: Wording


def _engineer(sentence: str) -> Wording:
    return Wording(sentence, _SETTINGS, "engineer")


def _access(sentence: str, fix: str) -> Wording:
    return Wording(sentence, fix, "marketing")


_TOKEN: Final = (
    "Make a new access token in TikTok Events Manager, and have whoever runs this relay put it in"  # noqa: S105 - advice
    " the place of the old one."
)
_ROLE: Final = "Let an admin of the ad account make the token, or give its user a role there."
_LISTED: Final = "Ask TikTok's sales for a place on that list: app events need one."
_BUSY: Final = Wording("TikTok asks for fewer requests.", WAITS)
_TROUBLE: Final = Wording("TikTok has trouble of its own.", WAITS)
_PARAMETER: Final = Wording("A field of the event is not as TikTok wants it.", _FIELD, "shop")
_LARGE: Final = Wording("The request was too large for TikTok.", WAITS)
_PARTNER: Final = _engineer("TikTok does not know the partner name.")
_STRANGE: Final = _engineer("TikTok's answer is not about events.")

TIKTOK: Final = (
    Codes(0, 0, Wording("TikTok took the event.", "Nothing to do.")),
    Codes(20001, 20001, Wording("TikTok took a part of the events.", "Nothing to do.")),
    Codes(40000, 40000, _PARAMETER),
    Codes(40001, 40001, _access("The access token may not be used for this pixel.", _ROLE)),
    Codes(40002, 40002, _PARAMETER),
    Codes(40003, 40003, _access("TikTok does not allow this.", _ROLE)),
    Codes(40006, 40006, _engineer("TikTok does not know this version of its interface.")),
    Codes(
        40007,
        40007,
        _access(
            "TikTok knows no pixel or event set with this code.",
            "Compare the code in the settings with TikTok Events Manager → Data sources; whoever"
            " runs this relay changes it.",
        ),
    ),
    Codes(40008, 40010, _engineer("TikTok does not offer this.")),
    Codes(40011, 40014, _engineer("TikTok refuses this for the ad account.")),
    Codes(40016, 40016, _BUSY),
    Codes(40050, 40050, Wording("TikTok had taken the event before.", "Nothing to do.")),
    Codes(40051, 40051, _engineer("TikTok has ended this version of its interface.")),
    Codes(40052, 40053, _STRANGE),
    Codes(40061, 40061, _LARGE),
    Codes(
        40062,
        40062,
        Wording(
            "TikTok wants an identifier of this event in hashed form.",
            "Check what the shop puts into the field that the message names.",
            "shop",
        ),
    ),
    Codes(40063, 40063, _PARTNER),
    Codes(40100, 40100, _BUSY),
    Codes(40101, 40101, _PARTNER),
    Codes(40102, 40103, _access("The access token has expired.", _TOKEN)),
    Codes(40104, 40104, _access("No access token reached TikTok.", _TOKEN)),
    Codes(40105, 40105, _access("The access token is wrong, replaced or revoked.", _TOKEN)),
    Codes(40106, 40112, _access("TikTok refuses the login behind the token.", _TOKEN)),
    Codes(40113, 40113, _access("TikTok has forbidden the app behind the token.", _ROLE)),
    Codes(40114, 40114, _access("The advertiser behind the token has logged out.", _TOKEN)),
    Codes(40115, 40116, _access("TikTok refuses time or signature of the login.", _TOKEN)),
    Codes(40117, 40117, _access("The app behind the token may not report events.", _ROLE)),
    Codes(40118, 40118, _access("The account is not on TikTok's list for this.", _LISTED)),
    Codes(40119, 40131, _access("The login behind the token lacks a permission.", _ROLE)),
    Codes(40132, 40133, _BUSY),
    Codes(40200, 40202, _TROUBLE),
    Codes(40300, 40300, _access("TikTok knows no such advertiser.", _ROLE)),
    Codes(40301, 40301, _access("The token's user has the wrong role.", _ROLE)),
    Codes(40302, 40302, _access("TikTok knows no such customer.", _ROLE)),
    Codes(40309, 40309, _access("TikTok wants a new login.", _TOKEN)),
    Codes(40400, 40400, _engineer("TikTok has nothing at this address.")),
    Codes(40502, 40502, _STRANGE),
    Codes(40700, 40700, _PARAMETER),
    Codes(40900, 40900, _access("TikTok refuses the signature of the login.", _TOKEN)),
    Codes(40901, 40916, _STRANGE),
    Codes(41000, 41000, _access("TikTok has blocked the account.", "Ask TikTok's support why.")),
    Codes(41001, 41002, _engineer("TikTok has switched this interface off.")),
    Codes(41013, 41013, _STRANGE),
    Codes(50000, 51020, _TROUBLE),
    Codes(51021, 51021, _BUSY),
    Codes(51022, 53101, _TROUBLE),
    Codes(53102, 53103, Wording("TikTok could not read the event.", _FIELD, "shop")),
    Codes(60001, 60001, Wording("TikTok is being maintained.", WAITS)),
    Codes(61000, 61000, Wording("TikTok blocks for a while after too many requests.", WAITS)),
    Codes(70001, 70001, _access("TikTok does not accept this kind of login.", _TOKEN)),
)
"""By the `code` in the body."""

_PINTEREST_TROUBLE: Final = Wording("Pinterest has trouble of its own.", WAITS)
_PINTEREST_PARAMETER: Final = Wording(
    "A field of the event is not as Pinterest wants it.", _FIELD, "shop"
)
_PINTEREST_TOKEN: Final = (
    "Make a new access token in Pinterest Ads Manager, and have whoever runs this relay put it in"  # noqa: S105 - advice
    " the place of the old one."
)

PINTEREST: Final = (
    Codes(200, 200, Wording("Pinterest took the events.", "Nothing to do.")),
    Codes(207, 207, Wording("Pinterest took a part of the events.", "Nothing to do.")),
    Codes(400, 400, _PINTEREST_PARAMETER),
    Codes(401, 401, _access("Pinterest refuses the access token.", _PINTEREST_TOKEN)),
    Codes(
        403,
        403,
        _access(
            "The access token may not send to this ad account.",
            "Let the owner of the ad account give the token's user a role on it.",
        ),
    ),
    Codes(
        404,
        404,
        _access(
            "Pinterest knows no such ad account.",
            "Compare the id in the settings with the address of Pinterest Ads Manager; whoever"
            " runs this relay changes it.",
        ),
    ),
    Codes(408, 408, _PINTEREST_TROUBLE),
    Codes(413, 413, Wording("The request was too large for Pinterest.", WAITS)),
    Codes(422, 422, _PINTEREST_PARAMETER),
    Codes(425, 425, _PINTEREST_TROUBLE),
    Codes(429, 429, Wording("Pinterest asks for fewer requests.", WAITS)),
    Codes(500, 599, _PINTEREST_TROUBLE),
)
"""By the HTTP status: under different ones, Pinterest's codes mean different things."""

_TIKTOK_STATUS: Final = (
    Codes(401, 401, _access("TikTok refuses the access token.", _TOKEN)),
    Codes(403, 403, _access("TikTok does not allow this.", _ROLE)),
    Codes(408, 408, _TROUBLE),
    Codes(413, 413, _LARGE),
    Codes(425, 425, _TROUBLE),
    Codes(429, 429, _BUSY),
    Codes(300, 499, _engineer("TikTok's interface is not at this address.")),
    Codes(500, 599, _TROUBLE),
)

OWN: Final = {
    **UNREACHED,
    "timeout": Wording("The platform did not answer in time.", WAITS),
    "broken": Wording("The connection to the platform broke.", WAITS),
    "bug": Wording(
        "The relay failed over this request.",
        "Look into its log, and report what stands there.",
        "engineer",
    ),
    "failed": Wording("The platform refused this event.", _FIELD, "shop"),
    "unknown_status": Wording("The platform's word on the event is not known.", WAITS),
}
"""Codes that the relay itself writes, whatever the platform."""


def wording_of(platform: str, code: str, http_status: int | None) -> Wording | None:
    """Return what a platform's answer means, None if it is not listed.

    `code` is the body's, or one of the relay's own; `http_status` is None if unknown.
    """
    if code in OWN:
        return OWN[code]
    if platform == "tiktok":
        number = _number(code)
        return _among(TIKTOK, number) if number is not None else _among(_TIKTOK_STATUS, http_status)
    if platform == "pinterest":
        if (http_status, code) == (401, "3"):
            return PAUSED["no_permission"]
        return _among(PINTEREST, http_status)
    return None


def _number(code: str) -> int | None:
    return int(code) if code.isascii() and code.isdigit() else None


def _among(rows: tuple[Codes, ...], number: int | None) -> Wording | None:
    if number is None:
        return None
    return next((row.wording for row in rows if row.first <= number <= row.last), None)
