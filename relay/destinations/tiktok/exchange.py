"""Builds a request to TikTok, and interprets its answer.

The verdict is the body's `code`; only a body without one is judged by its HTTP status. A request is
accepted or refused as a whole: at best, the message names the first bad event. The message may
repeat what a shop sent, so it is passed on only as `Answer.message`, and never logged here. Source:
Events API 2.0, "Responses and errors", "Rate limits" (2026).
"""

import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate
from typing import Any, Final

import msgspec

from relay.delivery import DELIVERED, Answer, HttpRequest, HttpResponse, Payload, Verdict
from relay.destinations.tiktok.answer_code import (
    BY_CODE,
    BY_STATUS,
    CODE_LIMIT,
    LONG_WAIT_S,
    Row,
    row_of,
)
from relay.lenient_json import decode
from relay.retry_after import retry_after_s

PATH: Final = "/open_api/v1.3/event/track/"
MAX_MESSAGE: Final = 1000
"""The most characters kept of the platform's message; the rest is cut off."""
DAY_S: Final = 86_400.0
"""A day in seconds; no limit of TikTok's lasts longer."""

_CULPRIT: Final = re.compile(r"\b(?:data|Batch)\.([0-9]{1,6})\b")
_EVENT_SOURCE: Final = re.compile(r"\bevent_source(?:_id)?\b")
_WHOLE_REQUEST: Final = re.compile(
    r"\btest_event_code\b|\bbatch[ _]?size\b|\b(?:too many|number of|more than \d+) events\b"
    r"|\bdata['\"]?:?\s+(?:longer|shorter|too (?:many|large|long)|exceeds?)\b",
    re.IGNORECASE,
)
_PER_DAY: Final = re.compile(r"\bQPD\b|\bper day\b|\bdaily\b", re.IGNORECASE)
_PER_MINUTE: Final = re.compile(r"\bQPM\b|\bper minute\b", re.IGNORECASE)


class _Reply(msgspec.Struct, gc=False):
    """The envelope of every answer; each part may have any type."""

    code: Any = None
    message: Any = ""
    request_id: Any = ""
    data: Any = None


_DECODER: Final = msgspec.json.Decoder(_Reply)


def request_of(
    url: str, envelopes: Mapping[str, bytes], payloads: Sequence[Payload], token: str
) -> HttpRequest:
    """Return the POST of `payloads` in the envelope of their batch key, the event source."""
    envelope = envelopes[payloads[0].batch_key]
    events = b",".join([payload.body for payload in payloads])
    return HttpRequest(
        url=url,
        headers={"Access-Token": token, "Content-Type": "application/json"},
        body=b'%b,"data":[%b]}' % (envelope[:-1], events),
    )


def answer_of(response: HttpResponse, count: int) -> Answer:
    """Return what the answer to a request of `count` events means."""
    reply = _reply(response.body)
    code = _code(reply.code)
    row = row_of(response.status, BY_STATUS) if code is None else row_of(code, BY_CODE)
    text = "" if code is None else str(code)
    answer = _answer(row, response, reply, text, count)
    return msgspec.structs.replace(
        answer,
        http_status=response.status,
        code=text,
        message=_text(reply.message),
        request_id=_text(reply.request_id),
    )


def _reply(body: bytes) -> _Reply:
    try:
        return decode(_DECODER, body)
    except (ValueError, RecursionError):  # a gateway's page, or nested too deep
        return _Reply()


def _code(code: object) -> int | None:
    """Return the code if it is an integer that TikTok could mean; `false` and `"0"` are not."""
    return code if type(code) is int and abs(code) < CODE_LIMIT else None


def _answer(row: Row, response: HttpResponse, reply: _Reply, code: str, count: int) -> Answer:
    """Return the answer by its class, without what all classes share, which the caller adds."""
    if row.kind == "accepted":
        return _accepted(row, reply, code, count)
    if row.kind == "blaming":
        return _blaming(row, _text(reply.message), count)
    if row.kind == "split":
        return _refused(row, count)
    return Answer(
        kind=row.kind,
        pause=row.pause,
        confirmations=row.confirmations,
        wait_s=_wait_s(row, response.headers, _text(reply.message)),
    )


def _accepted(row: Row, reply: _Reply, code: str, count: int) -> Answer:
    """Return a verdict per event.

    `failed_events` is documented for TikTok's older batch endpoints only. If it comes without
    saying which events failed, the batch is halved: events that were accepted are dropped as
    duplicates.
    """
    delivered = Verdict("delivered", code, warning=row.warning) if row.warning else DELIVERED
    verdicts = [delivered] * count
    failures = _failures(reply.data)
    for failure in failures:
        position = failure.get("order_in_batch") if isinstance(failure, dict) else None
        if type(position) is not int or not 0 <= position < count:
            return Answer(kind="refused")
        verdicts[position] = Verdict("invalid", code, _text(failure.get("error")))
    return Answer(kind="settled", verdicts=verdicts)


def _failures(data: object) -> Sequence[Any]:
    """Return the list of failed events; if TikTok's value is not a list, it is the only entry."""
    if not isinstance(data, dict):
        return ()
    partial = data.get("partial_failure")
    listed = data.get("failed_events") or (
        partial.get("failed_events") if isinstance(partial, dict) else None
    )
    if not listed:
        return ()
    return listed if isinstance(listed, list) else (listed,)


def _blaming(row: Row, message: str, count: int) -> Answer:
    """Return the answer by what the message blames: an event, its source, the request, nothing."""
    culprit = _CULPRIT.search(message)
    if culprit is not None and int(culprit[1]) < count:
        return Answer(kind="refused", culprits=(int(culprit[1]),))
    if _EVENT_SOURCE.search(message):
        return Answer(kind="misconfigured", pause="pixel_not_found")
    if _WHOLE_REQUEST.search(message):
        return Answer(kind="misconfigured", pause="request_refused")
    return _refused(row, count)


def _refused(row: Row, count: int) -> Answer:
    """Have the batch halved; if a single event is still refused, the row's `pause` applies."""
    if count == 1 and row.pause is not None:
        return Answer(kind="misconfigured", pause=row.pause)
    return Answer(kind="refused")


def _wait_s(row: Row, headers: Mapping[str, str], message: str) -> float | None:
    """Return the longest of the waits that the row, a header and the message name, in seconds.

    TikTok documents no `Retry-After`; a gateway in front of it may send one.
    """
    waits = [row.wait_s, retry_after_s(headers)]
    if row.kind == "throttled":
        waits.append(_worded_wait_s(headers, message))
    longest = max((wait for wait in waits if wait is not None), default=None)
    return None if longest is None else min(longest, DAY_S)


def _worded_wait_s(headers: Mapping[str, str], message: str) -> float | None:
    """Return the seconds to wait for the limit that the message names."""
    if _PER_DAY.search(message):
        return _until_midnight_s(headers.get("date", ""))
    return LONG_WAIT_S if _PER_MINUTE.search(message) else None


def _until_midnight_s(date: str) -> float:
    """Return the seconds left of TikTok's day, which is in UTC like the `Date` of its answer."""
    now = parsedate(date)
    if now is None:
        return LONG_WAIT_S
    return max(DAY_S - (now[3] * 3600 + now[4] * 60 + now[5]), 0.0)


def _text(value: object) -> str:
    return value[:MAX_MESSAGE] if isinstance(value, str) else ""
