"""Every answer that the two platforms are known to give, by name, as data.

A fault script asks for one by its name: `{"answer": "tiktok-40102"}`, `{"answer":
"pinterest-429"}`. Names begin with the platform; then comes Pinterest's HTTP status or TikTok's own
code, then what is special about it. Any other status (`pinterest-418`, `tiktok-http-418`) or code
(`tiktok-51023`) can be asked for too. Sources: Pinterest's OpenAPI description 5.23.0 (December
2025), TikTok's Business API documentation and the error codes of its SDK (February 2026).
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from relay.errors import ConfigError

PlatformName = Literal["pinterest", "tiktok"]

Fate = Literal["accepted", "refused", "turned_away", "unanswered"]
"""What became of one event: taken; refused for what it is; not looked at or not taken (throttled,
down, no access, or sunk by another event); or the sender cannot know."""

Results = Literal["none", "processed", "failed", "first_failed", "short", "strange", "bare"]
"""What the body says about the single events: nothing; all taken; all refused; only the first
refused; one entry too few; a status nobody knows; all taken, without optional keys."""


Form = Literal["json", "html", "empty", "raw"]
"""The platform's JSON; a gateway's page; nothing; the text in `body`."""

Place = Literal["top", "details"]
"""Where Pinterest puts the results of single events."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a platform; what depends on the request is filled in when it is given."""

    platform: PlatformName
    status: int = 200
    headers: Mapping[str, str] = {}
    form: Form = "json"
    code: int | None = None
    """The platform's own code in the body."""
    message: str = ""
    body: str = ""
    """The whole body, for the form `raw`."""
    results: Results = "none"
    place: Place = "top"
    fate: Fate = "turned_away"
    """Of events about which `results` says nothing."""

    def fates(self, count: int) -> list[Fate]:
        """Return what becomes of each of the `count` events of a request answered so."""
        match self.results:
            case "none":
                return [self.fate] * count
            case "processed" | "bare":
                return ["accepted"] * count
            case "failed":
                return ["refused"] * count
            case "first_failed":
                return ["refused" if position == 0 else "accepted" for position in range(count)]
            case "short" | "strange":
                return ["unanswered"] * count


NOT_ALL = "Not all events were processed."
RAMPED_DOWN = "The endpoint has been ramped down and is currently not accepting any traffic."
FORBIDDEN = "You are not permitted to access that resource."
RATE_LIMIT = "This request exceeded a rate limit."
TOO_FREQUENT = "App requests are temporarily restricted for too many requests."


def pinterest(
    status: int,
    code: int | None = None,
    message: str = "",
    *,
    form: Form = "json",
    results: Results = "none",
    place: Place = "top",
    fate: Fate = "turned_away",
) -> Answer:
    """Return an answer of Pinterest with `code` and `message` in its body."""
    return Answer(
        platform="pinterest",
        status=status,
        code=code,
        message=message,
        form=form,
        results=results,
        place=place,
        fate=fate,
    )


def tiktok(
    code: int | None,
    message: str = "",
    *,
    status: int | None = None,
    form: Form = "json",
    results: Results = "none",
    fate: Fate | None = None,
    body: str = "",
) -> Answer:
    """Return an answer of TikTok with `code` and `message` in its envelope.

    Most codes come with HTTP 200; two that TikTok documents come with 401.
    """
    return Answer(
        platform="tiktok",
        status=status or (401 if code in _TIKTOK_401 else 200),
        code=code,
        message=message,
        form=form,
        results=results,
        fate=fate or ("refused" if code in _TIKTOK_REFUSALS else "turned_away"),
        body=body,
    )


_TIKTOK_401: Final = frozenset({40100, 40104})
_TIKTOK_REFUSALS: Final = frozenset({40000, 40002, 40061, 40062, 40700})

_PINTEREST: Final = {
    "200": pinterest(200, results="processed"),
    "200-failed": pinterest(200, results="failed"),
    "200-mixed": pinterest(200, results="first_failed"),
    "200-bare": pinterest(200, results="bare"),
    "200-short": pinterest(200, results="short"),
    "200-unknown-status": pinterest(200, results="strange"),
    "200-html": pinterest(200, form="html"),
    "200-empty": pinterest(200, form="empty"),
    "207": pinterest(207, results="processed"),
    "207-mixed": pinterest(207, results="first_failed"),
    "400": pinterest(
        400,
        4196,
        "Invalid request: Additional properties are not allowed ('foo' was unexpected)",
        fate="refused",
    ),
    "401": pinterest(401, 2, "Authentication failed."),
    "401-scope": pinterest(401, 3, "Authorization failed: the token lacks a required scope."),
    "403": pinterest(403, 29, FORBIDDEN),
    "404": pinterest(404, 2, "AdAccount not found"),
    "408": pinterest(408, 0, "Request timeout"),
    "413": pinterest(413, 0, "Request entity too large", fate="refused"),
    "422": pinterest(422, 4200, NOT_ALL, results="failed", place="details"),
    "422-top": pinterest(422, 4200, NOT_ALL, results="failed"),
    "422-mixed": pinterest(422, 4200, NOT_ALL, results="first_failed", place="details"),
    "422-mixed-top": pinterest(422, 4200, NOT_ALL, results="first_failed"),
    "422-no-list": pinterest(422, 4200, NOT_ALL, fate="refused"),
    "429": pinterest(429, 8, RATE_LIMIT),
    "500": pinterest(500, 2787, "Something went wrong on our end. Sorry about that."),
    "502": pinterest(502, None, "Bad Gateway", form="html"),
    "503": pinterest(503, 4197, RAMPED_DOWN),
    "504": pinterest(504, None, "Gateway Time-out", form="html"),
}

_TIKTOK_CODES: Final = {
    20001: "Partial success",
    40000: "Invalid params",
    40001: "No permission to operate pixel code",
    40002: "Invalid parameter",
    40003: "Forbidden",
    40006: "Invalid API version",
    40007: "The event source does not exist",
    40008: "Not implemented",
    40009: "Unsupported in sandbox",
    40010: "Unsupported domain",
    40011: "Too many ids",
    40012: "The object cannot be updated",
    40013: "The sandbox advertiser does not exist",
    40014: "Invalid cluster",
    40016: "Business frequency control",
    40050: "Duplicated request",
    40051: "The API version has expired",
    40052: "Ad limit",
    40053: "Ad limit",
    40061: "Invalid batch size",
    40062: "PII is not hashed",
    40063: "Invalid partner name",
    40100: TOO_FREQUENT,
    40101: "Invalid partner",
    40102: "Access token is expired",
    40103: "Refresh token is expired",
    40104: "Access token is null",
    40105: "Access token is incorrect or has been revoked",
    40106: "Invalid core user",
    40107: "Invalid refresh token",
    40108: "Invalid grant type",
    40109: "AES error",
    40110: "Auth code is invalid or has expired",
    40112: "Wrong password",
    40113: "The app is forbidden",
    40114: "The advertiser is logged out",
    40115: "Invalid auth timestamp",
    40116: "Invalid auth signature",
    40117: "The app may not call this method",
    40118: "Not in the allow-list",
    40119: "Not the same identity",
    **dict.fromkeys((*range(40120, 40123), *range(40126, 40130)), "Login check failed"),
    40124: "The developer was rejected",
    40125: "The developer lacks permission",
    40130: "The scope is not authorised",
    40131: "The scope is not authorised",
    40132: "The frequency is limited",
    40133: "The frequency is limited",
    40200: "Task error",
    40201: "The task is not ready",
    40202: "Write conflict",
    40300: "The advertiser does not exist",
    40301: "Wrong advertiser role",
    40302: "The customer does not exist",
    40309: "Login required",
    40400: "Route not found",
    40502: "Ad limit",
    40700: "RPC validation failed",
    40900: "Wrong signature",
    **dict.fromkeys(range(40901, 40917), "Media error"),
    41000: "Blocked",
    41001: "The interface is offline",
    41002: "The fields are offline",
    41013: "Site-to-video error",
    50000: "System error",
    50002: "System timeout",
    **dict.fromkeys(range(51000, 51100), "Downstream service error"),
    51010: "Service timeout",
    51012: "Pixel service error",
    51021: "Too many requests",
    51039: "Auth service error",
    51054: "CRM service error",
    **dict.fromkeys(range(52000, 52205), "Storage error"),
    53102: "Serialisation failed",
    53103: "Deserialisation failed",
    60001: "The system is under maintenance",
    61000: "Too many requests",
    70001: "Invalid business auth type",
}

_TIKTOK_SPECIAL: Final = {
    "0": tiktok(0, "OK", fate="accepted"),
    "20001": tiktok(20001, "Partial success", fate="accepted"),
    "20001-failed-events": tiktok(20001, "Partial success", results="first_failed"),
    "40050": tiktok(40050, "Duplicated request", fate="accepted"),
    "40000-indexed": tiktok(40000, "Invalid value for data.0.event_time"),
    "40002-indexed": tiktok(40002, "Invalid value for data.0.event_id"),
    "40002-batch": tiktok(40002, "Batch.0.properties.contents.0.content_id: Not a valid string"),
    "40002-unindexed": tiktok(40002, "Invalid value for event_id: not a valid string."),
    "40002-source-id": tiktok(40002, "Invalid value for event_source_id: not a valid string."),
    "40002-test-code": tiktok(40002, "Invalid value for test_event_code"),
    "40002-batch-size": tiktok(40002, "Invalid batch size: data holds more than 1000 events"),
    "40062-indexed": tiktok(40062, "PII is not hashed: data.0.user.email"),
    "40700-indexed": tiktok(40700, "RPC validation failed: data.0.event"),
    "200-html": tiktok(None, form="html"),
    "200-empty": tiktok(None, form="empty"),
    "200-no-code": tiktok(None, form="raw", body='{"message":"OK"}'),
    **{
        f"http-{status}": tiktok(None, reason, status=status, form="html")
        for status, reason in (
            (302, "Found"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (408, "Request Time-out"),
            (413, "Request Entity Too Large"),
            (425, "Too Early"),
            (429, "Too Many Requests"),
            (500, "Internal Server Error"),
            (502, "Bad Gateway"),
            (503, "Service Unavailable"),
            (504, "Gateway Time-out"),
        )
    },
}

ANSWERS: Final[Mapping[str, Answer]] = {
    **{f"pinterest-{name}": answer for name, answer in _PINTEREST.items()},
    **{f"tiktok-{code}": tiktok(code, message) for code, message in _TIKTOK_CODES.items()},
    **{f"tiktok-{name}": answer for name, answer in _TIKTOK_SPECIAL.items()},
}
"""The answers with a name of their own."""

_OTHER = re.compile(
    r"pinterest-(?P<pinterest>[2-5]\d\d)|tiktok-http-(?P<http>[2-5]\d\d)|tiktok-(?P<code>\d{5})"
)


def named(name: str) -> Answer:
    """Return the answer called `name`; raise `ConfigError` if the name means nothing."""
    if known := ANSWERS.get(name):
        return known
    other = _OTHER.fullmatch(name)
    if other is None:
        raise ConfigError(
            "answer: unknown name; use one of GET /sandbox/answers, or pinterest-STATUS, "
            "tiktok-CODE, tiktok-http-STATUS"
        )
    if status := other["pinterest"]:
        return pinterest(int(status), 0, "Unexpected error")
    if status := other["http"]:
        return tiktok(None, "Unexpected error", status=int(status), form="html")
    return tiktok(int(other["code"]), "Unknown error")
