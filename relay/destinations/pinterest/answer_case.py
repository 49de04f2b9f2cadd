"""What Pinterest's answers mean, as data: one row per status, one per kind of advice.

The HTTP status decides, not the body's `code`: 2 means a bad token with 401, and an unknown ad
account with other statuses. Sources: OpenAPI description 5.23.0
(https://github.com/pinterest/api-description, 2025-12-11), operation `events/create`; 207, 404, 413
and the others that it does not list come from its newer reference and from gateways.
"""

from typing import Final, Literal

import msgspec

from relay.delivery import PauseReason


class Case(msgspec.Struct, frozen=True):
    """What an HTTP status means, in the terms of `relay.delivery.Answer`.

    `per_event`: a list of verdicts in the body takes precedence over `kind`. `own_words`: `kind`
    applies only if the body is Pinterest's error object. A gateway's page with the same status is
    `transient`, and pauses for `pause` once confirmed; if the events may be at fault, it pauses
    only if one is refused alone while no other passes. So does what only gateways answer: `refused`
    without `own_words`.
    """

    kind: Literal["refused", "throttled", "transient", "misconfigured"]
    pause: PauseReason | None = None
    per_event: bool = False
    own_words: bool = False


CASES: Final = {
    200: Case("transient", per_event=True),
    207: Case("transient", per_event=True),
    400: Case("refused", "request_refused", own_words=True),
    401: Case("misconfigured", "token_rejected", own_words=True),
    403: Case("misconfigured", "no_permission", own_words=True),
    404: Case("misconfigured", "account_not_found", own_words=True),
    408: Case("transient"),
    413: Case("refused", "request_refused"),
    422: Case("refused", "request_refused", per_event=True, own_words=True),
    425: Case("transient"),
    429: Case("throttled"),
    500: Case("transient"),
    502: Case("transient"),
    503: Case("transient"),
    504: Case("transient"),
}
SCOPE_MISSING: Final = Case("misconfigured", "no_permission")
"""401 with code 3: the token is good, but lacks the scope `ads:write`."""
REDIRECTS: Final = range(300, 400)
REDIRECT: Final = Case("transient", "request_refused")
"""Pinterest documents none: most likely the base URL points somewhere else."""
ANYTHING_ELSE: Final = Case("transient")
"""The description's `default`. Only 401, 403 and 404 are about the settings."""

WARNINGS: Final = (
    ("sha256", "not_hashed"),
    ("event_name", "unknown_event_name"),
    ("unknown", "unknown_event_name"),
    ("currency", "missing_currency"),
    ("external_id", "missing_external_id"),
    ("click_id", "missing_click_id"),
)
"""Part of a warning in lower case → its code; the first match counts, without one it is `other`.

The specific ones come first: almost every event gets a note about a missing external or click id.
"""


def case_of(status: int, code: str) -> Case:
    """Return the row for a status; `code` is the body's."""
    if (status, code) == (401, "3"):
        return SCOPE_MISSING
    if status in CASES:
        return CASES[status]
    return REDIRECT if status in REDIRECTS else ANYTHING_ELSE


def warning_code(text: str) -> str:
    """Return the code for Pinterest's advice on an accepted event, one of a few; empty if none."""
    if not text.strip():
        return ""
    lowered = text.lower()
    return next((code for part, code in WARNINGS if part in lowered), "other")
