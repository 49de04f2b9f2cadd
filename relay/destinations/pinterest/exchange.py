"""Builds a request to Pinterest, and interprets its answer.

`answer_case` lists what each status means. Some answers contain a verdict per event; these are
trusted only if the counts agree with them. An answer in none of Pinterest's forms delivers nothing.
The platform's words may repeat what a shop sent, so they are passed on only as `message`, and never
logged here.

Sources: OpenAPI description v5, 5.23.0 (https://github.com/pinterest/api-description, 2025-12-11),
operation `events/create`; https://developers.pinterest.com/docs/reference/rate-limits (2026).
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from relay.delivery import (
    DELIVERED,
    Answer,
    HttpRequest,
    HttpResponse,
    Payload,
    Verdict,
)
from relay.destinations.pinterest.answer_case import Case, case_of, warning_code
from relay.lenient_json import decode
from relay.retry_after import retry_after_s

MAX_MESSAGE: Final = 1000
"""The most characters kept of the platform's message; the rest is cut off."""
PROCESSED: Final = "processed"
FAILED: Final = "failed"
CONFIRMATIONS: Final = 2
"""How often an answer that may come from a gateway must be repeated before it is trusted."""


class _Result(msgspec.Struct, gc=False):
    """Pinterest's result for one event; `status` may go beyond `processed` and `failed`."""

    status: Any = None
    error_message: Any = None
    warning_message: Any = None


class _Reply(msgspec.Struct, gc=False):
    """All forms of a body in one struct. `details` has no specified shape: any shape is accepted.

    Pinterest is removing empty optional keys from its answers, so every key may be absent.
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
"""What decoding raises for a gateway's page, a wrong shape or a hostile depth of nesting."""
_LEADING_NUMBER: Final = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(?:[,;]|$)")


def events_url(base_url: str, ad_account_id: str) -> str:
    """Return the URL for the events of an ad account."""
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
    answer = _meaning(case_of(response.status, code), response, reply, count)
    return replace(
        answer,
        http_status=response.status,
        code=code,
        message=_text(reply.message),
        request_id=_request_id(response.headers),
        spent_s=_spent_s(response.headers) if answer.kind in {"settled", "refused"} else None,
    )


def _meaning(case: Case, response: HttpResponse, reply: _Reply, count: int) -> Answer:
    """Return the answer without what all answers share, which the caller adds."""
    listing = _listing(reply, count) if case.per_event else None
    if listing is not None and listing.agrees(count):
        verdicts = [_verdict(result, _text(reply.code)) for result in listing.results]
        return Answer(kind="settled", verdicts=verdicts)
    if listing is not None and listing.processed is not None and count > 1:
        # Some of these events may be accepted, and the list does not say which: halves will.
        return Answer(kind="refused")
    in_own_words = case.own_words and bool(_text(reply.code) or _text(reply.message))
    if case.kind == "refused" and not in_own_words:
        return _turned_away(case, count)
    if case.own_words and not in_own_words:
        case = Case("transient", case.pause)
    return Answer(
        kind=case.kind,
        pause=case.pause if case.kind != "refused" else None,
        confirmations=CONFIRMATIONS if case.kind == "transient" and case.pause else 0,
        wait_s=_wait_s(case, response.headers),
    )


def _turned_away(case: Case, count: int) -> Answer:
    """Return what a gateway's refusal means; whether the events are at fault is unknown.

    The batch is halved, so that the rest gets through; an event that is refused alone pauses the
    destination, unless others pass meanwhile.
    """
    if count > 1:
        return Answer(kind="refused")
    return Answer(kind="misconfigured", pause=case.pause)


class _Listing(msgspec.Struct, gc=False):
    """A list of verdicts, one per event, and the counts that came with it."""

    results: list[_Result]
    received: Any
    processed: Any

    def agrees(self, count: int) -> bool:
        """Return whether the list and the counts agree with a request of `count` events.

        Pinterest may leave out how many events it received, but how many it processed only if there
        are none: an event that nobody counted is not delivered.
        """
        processed = sum(result.status == PROCESSED for result in self.results)
        return (
            len(self.results) == count
            and (self.received is None or _is_count(self.received, count))
            and (_is_count(self.processed, processed) or (self.processed is None and not processed))
        )


def _is_count(value: object, count: int) -> bool:
    return type(value) is int and value == count


def _listing(reply: _Reply, count: int) -> _Listing | None:
    """Return the list of verdicts, at the top level or under `details`; None if there is none.

    If both have one, one that agrees with a request of `count` events is preferred.
    """
    found = [listing for part in (reply, _reply(reply.details)) if (listing := _list_in(part))]
    return next((each for each in found if each.agrees(count)), found[0] if found else None)


def _list_in(part: _Reply) -> _Listing | None:
    try:
        results = decode(_RESULTS, part.events)
    except _UNREADABLE:
        return None
    return _Listing(results, part.num_events_received, part.num_events_processed)


def _verdict(result: _Result, code: str) -> Verdict:
    """Return the verdict on one event; with an unknown status it is transient, and tried again."""
    if result.status == PROCESSED:
        warning = warning_code(_text(result.warning_message))
        return Verdict("delivered", warning=warning) if warning else DELIVERED
    message = _text(result.error_message)
    if result.status == FAILED:
        return Verdict("invalid", code or FAILED, message)
    return Verdict("transient", "unknown_status", message)


def _wait_s(case: Case, headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that the headers ask for; of two values, the longer.

    `X-RateLimit-Reset` comes with answers of any kind, so it is a wait only with 429, or if no
    requests are left (`_spent_s`). `Retry-After` is not documented, but gateways send it.
    """
    waits = [retry_after_s(headers)]
    if case.kind == "throttled":
        waits.append(_reset_s(headers))
    return max((wait for wait in waits if wait is not None), default=None)


def _spent_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the window ends, if this request was the last one it allows.

    A limit of 0 is no budget: whoever sends it does not count requests.
    """
    is_last = _leading_number(headers, "x-ratelimit-remaining") == 0
    if not is_last or _leading_number(headers, "x-ratelimit-limit") == 0:
        return None
    return _reset_s(headers)


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the window ends, rounded up."""
    reset_s = _leading_number(headers, "x-ratelimit-reset")
    return None if reset_s is None else float(math.ceil(reset_s))


def _leading_number(headers: Mapping[str, str], name: str) -> float | None:
    """Return the number that a header in list syntax (`58, 58;w=60`) begins with."""
    found = _LEADING_NUMBER.match(headers.get(name, ""))
    return float(found[1]) if found else None


def _request_id(headers: Mapping[str, str]) -> str:
    return _text(headers.get("x-request-id") or headers.get("x-pinterest-rid"))


def _reply(body: bytes | msgspec.Raw) -> _Reply:
    """Return the decoded body; an empty one if it is not a JSON object."""
    try:
        return decode(_REPLY, body)
    except _UNREADABLE:
        return _Reply()


def _text(value: object) -> str:
    """Return a text, or an integer as text; an empty text for anything else."""
    if isinstance(value, str):
        return value[:MAX_MESSAGE]
    return str(value) if type(value) is int else ""
