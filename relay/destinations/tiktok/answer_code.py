"""What TikTok's answer codes mean, as data: one row per code or range, read from top to bottom.

TikTok puts its verdict into the body (`code`), often with HTTP 200, and lists 40100 (too many
requests) with HTTP 401: the status counts only if there is no code. Codes: Events API 2.0,
"Responses and errors" (2026), and `tiktok_code.py` of tiktok/tiktok-business-api-sdk (February
2026). An unlisted code falls into the ranges at the end, and never counts as delivered.
"""

from typing import Final, Literal

import msgspec

from relay.delivery import PauseReason

Class = Literal["accepted", "blaming", "split", "throttled", "transient", "misconfigured"]
"""How a row classifies the answer.

- `accepted`: delivered, except for the events that the answer lists as failed.
- `blaming`: a parameter is wrong; the message may name the event, or the request itself.
- `split`: the request was too large.
- `throttled`, `transient`, `misconfigured`: as in `relay.delivery.Answer`.
"""

LONG_WAIT_S: Final = 300.0
"""Seconds to wait after exceeding the limit per minute, or after a block ("Rate limits",
2026-08)."""

CODE_LIMIT: Final = 2**63
"""The absolute value of a code is always smaller than this."""


class Row(msgspec.Struct, frozen=True):
    """The codes `first` to `last` and what to do about them.

    The `pause` of a `blaming` or `split` row applies once halving has left a single event that is
    still refused: then the request is at fault. Without `pause`, the event is.
    """

    first: int
    last: int
    meaning: str
    kind: Class
    pause: PauseReason | None = None
    confirmations: int = 0
    wait_s: float | None = None
    warning: str = ""


def _code(code: int, meaning: str, kind: Class, pause: PauseReason | None = None) -> Row:
    return Row(code, code, meaning, kind, pause)


BY_CODE: Final = (
    _code(0, "taken", "accepted"),
    Row(20001, 20001, "taken in part", "accepted", warning="partial_success"),
    _code(40000, "invalid parameters", "blaming", "request_refused"),
    _code(40001, "the token may not operate this pixel", "misconfigured", "no_permission"),
    _code(40002, "a parameter is wrong", "blaming"),
    _code(40003, "forbidden", "misconfigured", "no_permission"),
    _code(40006, "bad API version", "misconfigured", "request_refused"),
    _code(40007, "no such event source", "misconfigured", "pixel_not_found"),
    Row(40008, 40010, "not offered here", "misconfigured", "request_refused"),
    Row(40011, 40014, "refused for this account", "misconfigured", "request_refused"),
    _code(40016, "frequency control", "throttled"),
    Row(40050, 40050, "taken before", "accepted", warning="duplicated_request"),
    _code(40051, "the API version has ended", "misconfigured", "request_refused"),
    Row(40052, 40053, "not about events", "misconfigured", "request_refused"),
    _code(40061, "too many events", "split", "request_refused"),
    _code(40062, "an identifier is not hashed", "blaming", "request_refused"),
    _code(40063, "unknown partner", "misconfigured", "request_refused"),
    _code(40100, "too many requests", "throttled"),
    _code(40101, "unknown partner", "misconfigured", "request_refused"),
    Row(40102, 40103, "the token has expired", "misconfigured", "token_expired"),
    _code(40104, "no token reached TikTok", "misconfigured", "token_missing"),
    _code(40105, "wrong, replaced or revoked token", "misconfigured", "token_rejected"),
    Row(40106, 40112, "the login behind the token is refused", "misconfigured", "token_rejected"),
    _code(40113, "the app is forbidden", "misconfigured", "no_permission"),
    _code(40114, "the advertiser has logged out", "misconfigured", "token_rejected"),
    Row(40115, 40116, "bad time or signature of the login", "misconfigured", "token_rejected"),
    _code(40117, "the app may not report events", "misconfigured", "no_permission"),
    _code(40118, "not on TikTok's allow-list", "misconfigured", "no_permission"),
    Row(40119, 40131, "the login lacks a permission", "misconfigured", "no_permission"),
    Row(40132, 40133, "frequency limited", "throttled"),
    Row(40200, 40202, "a task is not ready", "transient"),
    _code(40300, "no such advertiser", "misconfigured", "account_not_found"),
    _code(40301, "wrong role", "misconfigured", "no_permission"),
    _code(40302, "no such customer", "misconfigured", "account_not_found"),
    _code(40309, "login required", "misconfigured", "token_rejected"),
    _code(40400, "no such address", "misconfigured", "request_refused"),
    _code(40502, "not about events", "misconfigured", "request_refused"),
    _code(40700, "a parameter is wrong", "blaming"),
    _code(40900, "bad signature", "misconfigured", "token_rejected"),
    Row(40901, 40916, "not about events", "misconfigured", "request_refused"),
    _code(41000, "the account is blocked", "misconfigured", "no_permission"),
    Row(41001, 41002, "the interface is switched off", "misconfigured", "request_refused"),
    _code(41013, "not about events", "misconfigured", "request_refused"),
    _code(51021, "too many requests", "throttled"),
    Row(50000, 53101, "TikTok's own trouble", "transient"),
    # TikTok failed to read what it usually accepts; if that goes on, an event is to blame.
    Row(53102, 53103, "TikTok cannot read the request", "transient", confirmations=3),
    _code(60001, "maintenance", "transient"),
    Row(61000, 61000, "blocked for too many requests", "throttled", wait_s=LONG_WAIT_S),
    _code(70001, "this kind of login is not accepted", "misconfigured", "token_rejected"),
    Row(40101, 40199, "unknown, about the token", "misconfigured", "token_rejected"),
    Row(40300, 40399, "unknown, about permissions", "misconfigured", "no_permission"),
    Row(40000, 40999, "unknown, about the request", "blaming", "request_refused"),
    Row(-CODE_LIMIT, CODE_LIMIT, "unknown", "transient"),
)

BY_STATUS: Final = (
    Row(401, 401, "unauthorised", "transient", "token_rejected", confirmations=2),
    Row(403, 403, "forbidden", "transient", "no_permission", confirmations=2),
    Row(408, 408, "request timeout", "transient"),
    Row(413, 413, "body too large", "split", "request_refused"),
    Row(425, 425, "too early", "transient"),
    Row(429, 429, "too many requests", "throttled"),
    Row(300, 499, "no Events API at this address", "misconfigured", "request_refused"),
    Row(-CODE_LIMIT, CODE_LIMIT, "no readable answer", "transient"),
)


def row_of(number: int, rows: tuple[Row, ...]) -> Row:
    """Return the first row that covers `number`; the last row of each table covers all."""
    return next(row for row in rows if row.first <= number <= row.last)
