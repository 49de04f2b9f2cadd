"""One request to Pinterest, and what its answer means.

The HTTP status decides (the body's `code` 2 means a bad token under 401 and an unknown ad account
elsewhere); what each means is `CASES`, one row a status. 200, 207 and 422 may carry a verdict per
event, which is believed only if the counts agree with it. An answer that is in none of Pinterest's
forms never delivers anything. Nothing here logs or repeats a platform's words.

Sources: OpenAPI description v5, 5.23.0 (https://github.com/pinterest/api-description, 2025-12-11),
operation `events/create`; https://developers.pinterest.com/docs/reference/rate-limits (2026).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from relay.delivery import (
    DELIVERED,
    Answer,
    HttpRequest,
    HttpResponse,
    PauseReason,
    Payload,
    Verdict,
)
from relay.retry_after import retry_after_s

MAX_MESSAGE: Final = 1000
"""Characters kept of the platform's message; the rest is cut."""
PROCESSED: Final = "processed"
FAILED: Final = "failed"
CONFIRMATIONS: Final = 2
"""How often an answer that may be a gateway's must come again before it is believed."""


class Case(msgspec.Struct, frozen=True):
    """What an HTTP status means, as `relay.delivery.Answer` names it.

    `per_event`: a list of verdicts in the body goes before `kind`. `own_words`: `kind` holds only
    if the body is Pinterest's error object; a gateway's page under the same status is `transient`,
    and pauses for `pause` once confirmed.
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
    413: Case("refused"),
    422: Case("refused", per_event=True),
    425: Case("transient"),
    429: Case("throttled"),
    500: Case("transient"),
    502: Case("transient"),
    503: Case("transient"),
    504: Case("transient"),
}
SCOPE_MISSING: Final = Case("misconfigured", "no_permission")
"""401 with code 3: the token is good, but lacks the scope `ads:write`."""
OTHER_SERVER_ERROR: Final = Case("transient")
ANYTHING_ELSE: Final = Case("transient", "request_refused")
"""No status that Pinterest documents: most likely the base URL leads somewhere else."""

WARNINGS: Final = (
    ("sha256", "not_hashed"),
    ("event_name", "unknown_event_name"),
    ("unknown", "unknown_event_name"),
    ("currency", "missing_currency"),
    ("external_id", "missing_external_id"),
    ("click_id", "missing_click_id"),
)
"""Part of a warning, in lower case → its code; the first that fits, else `other`.

The telling ones come first: a missing external or click id is noted on almost every event.
"""


class _Result(msgspec.Struct, gc=False):
    """Pinterest's word on one event; `status` may grow beyond `processed` and `failed`."""

    status: Any = None
    error_message: Any = None
    warning_message: Any = None


class _Reply(msgspec.Struct, gc=False):
    """All forms of a body at once. `details` has no specified shape, so nothing is taken for sure.

    Pinterest is removing empty optional keys from its answers: every key may be absent.
    """

    code: Any = None
    message: Any = None
    num_events_received: Any = None
    num_events_processed: Any = None
    events: msgspec.Raw = msgspec.Raw()
    details: msgspec.Raw = msgspec.Raw()


_REPLY: Final = msgspec.json.Decoder(_Reply)
_RESULTS: Final = msgspec.json.Decoder(list[_Result])
_UNREADABLE: Final = (ValueError, RecursionError)
"""What decoding raises for a gateway's page, a wrong shape or a hostile depth."""
_LEADING_SECONDS: Final = re.compile(r"\s*([0-9]{1,9})(?![0-9])")


def events_url(base_url: str, ad_account_id: str) -> str:
    """Return the address that takes the events of an ad account."""
    return f"{base_url.rstrip('/')}/v5/ad_accounts/{quote(ad_account_id, safe='')}/events"


def request_of(url: str, payloads: Sequence[Payload], token: str) -> HttpRequest:
    """Return the POST of `payloads`. It is not compressed: Pinterest does not document that."""
    return HttpRequest(
        url,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        b'{"data":[%b]}' % b",".join([payload.body for payload in payloads]),
    )


def answer_of(response: HttpResponse, count: int) -> Answer:
    """Return what the answer to a request of `count` events means."""
    reply = _reply(response.body)
    code = _text(reply.code)
    answer = _meaning(_case(response.status, code), response, reply, count)
    return replace(
        answer,
        http_status=response.status,
        code=code,
        message=_text(reply.message),
        request_id=_request_id(response.headers),
    )


def warning_code(text: str) -> str:
    """Return the bounded code of Pinterest's advice on an event that it took; empty if none."""
    if not text.strip():
        return ""
    lowered = text.lower()
    return next((code for part, code in WARNINGS if part in lowered), "other")


def _meaning(case: Case, response: HttpResponse, reply: _Reply, count: int) -> Answer:
    """Return the answer but for what all answers share, which the caller adds."""
    listing = _listing(reply) if case.per_event else None
    if listing is not None and listing.agrees(count):
        verdicts = [_verdict(result, _text(reply.code)) for result in listing.results]
        return Answer(kind="settled", verdicts=verdicts)
    if listing is not None and count > 1:
        # Some of these events may be in, and the list does not tell which: halves will.
        return Answer(kind="refused")
    if case.own_words and not (_text(reply.code) or _text(reply.message)):
        case = Case("transient", case.pause)
    return Answer(
        kind=case.kind,
        pause=case.pause if case.kind != "refused" else None,
        confirmations=CONFIRMATIONS if case.kind == "transient" and case.pause else 0,
        wait_s=_wait_s(case, response.headers),
    )


def _case(status: int, code: str) -> Case:
    if (status, code) == (401, "3"):
        return SCOPE_MISSING
    if status in CASES:
        return CASES[status]
    return OTHER_SERVER_ERROR if 500 <= status <= 599 else ANYTHING_ELSE  # noqa: PLR2004


class _Listing(msgspec.Struct, gc=False):
    """A verdict per event, and the counts that stood beside it."""

    results: list[_Result]
    received: Any
    processed: Any

    def agrees(self, count: int) -> bool:
        """Tell whether list and counts speak of the same `count` events; an absent count may."""
        processed = sum(result.status == PROCESSED for result in self.results)
        return (
            len(self.results) == count
            and self.received in (None, count)
            and self.processed in (None, processed)
        )


def _listing(reply: _Reply) -> _Listing | None:
    """Return the list of verdicts, which stands at the top or under `details`."""
    for part in (reply, _reply(reply.details)):
        try:
            results = _RESULTS.decode(part.events)
        except _UNREADABLE:
            continue
        return _Listing(results, part.num_events_received, part.num_events_processed)
    return None


def _verdict(result: _Result, code: str) -> Verdict:
    """Return the verdict of one event; a status that nobody knows is tried again, not believed."""
    if result.status == PROCESSED:
        warning = warning_code(_text(result.warning_message))
        return Verdict("delivered", warning=warning) if warning else DELIVERED
    message = _text(result.error_message)
    if result.status == FAILED:
        return Verdict("invalid", code or FAILED, message)
    return Verdict("transient", "unknown_status", message)


def _wait_s(case: Case, headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait as told; if told twice, the longer.

    `X-RateLimit-Reset` counts seconds, in list syntax (`58, 58;w=60`), and comes with answers of
    any kind, so that it is a wait under 429 only. `Retry-After` is not documented, but gateways
    send it.
    """
    waits = [retry_after_s(headers)]
    if case.kind == "throttled":
        reset = _LEADING_SECONDS.match(headers.get("x-ratelimit-reset", ""))
        waits.append(float(reset[1]) if reset else None)
    return max((wait for wait in waits if wait is not None), default=None)


def _request_id(headers: Mapping[str, str]) -> str:
    return _text(headers.get("x-request-id") or headers.get("x-pinterest-rid"))


def _reply(body: bytes | msgspec.Raw) -> _Reply:
    """Return the body; one that is no JSON object says nothing."""
    try:
        return _REPLY.decode(body)
    except _UNREADABLE:
        return _Reply()


def _text(value: object) -> str:
    """Return a text or a whole number as text; anything else says nothing."""
    if isinstance(value, str):
        return value[:MAX_MESSAGE]
    return str(value) if type(value) is int else ""
