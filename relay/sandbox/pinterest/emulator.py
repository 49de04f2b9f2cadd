"""Emulates Pinterest's `POST /v5/ad_accounts/{id}/events`: access, rate limits and answers.

Like the real API, it refuses a wrongly shaped request as a whole, without an index; a well-shaped
event is refused alone, in a list with one result per event. Sources: Pinterest's OpenAPI
description 5.23.0 (December 2025) and its pages on rate limits and test mode (2026).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from relay.sandbox.answer import Answer, Fate, PlatformName
from relay.sandbox.budget import Budget, Standing
from relay.sandbox.catalogue import named
from relay.sandbox.credential import Gate, TokenFault
from relay.sandbox.pinterest import body
from relay.sandbox.pinterest.answers import NOT_ALL, answer_of
from relay.sandbox.pinterest.reply import ending
from relay.sandbox.pinterest.schema import Result, Results
from relay.sandbox.platform import MAX_TEXT, Call, Culprit, Ending, Reading, sunk
from relay.sandbox.style import Style

MAX_TEST_EVENTS: Final = 20
"""How many events of a request test mode processes; it ignores the others."""

_NOT_ALL_CODE: Final = 4200
_NOT_HASHED: Final = "'em' is not in sha256 hashed format."
_ACCOUNT = re.compile(r"[0-9]{1,18}")

_TOKEN_ANSWERS: Final[dict[TokenFault, str]] = {
    "missing": "pinterest-401",
    "wrong": "pinterest-401",
    "expired": "pinterest-401",
    "forbidden": "pinterest-403",
    "unscoped": "pinterest-401-scope",
}


class Pinterest:
    """Reads requests and answers them as Pinterest does."""

    name: PlatformName = "pinterest"

    def __init__(self, gate: Gate, style: Style, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._style = style
        self._clock = clock
        self._budget = Budget(style.pinterest_requests_per_minute, 60, clock)
        self._test_budget = Budget(style.pinterest_test_requests_per_s, 1, clock)

    def read(self, call: Call) -> Reading:
        """Return what is in the request and what is wrong with it."""
        test = call.query.get("test", "").lower() == "true"
        standing = self._budget.take(call.account)
        is_over = standing.is_over or (test and self._test_budget.take(call.account).is_over)
        findings, misshapen = body.read(call.body or b"", self._clock())
        throttled = named("pinterest-429") if is_over else None
        return Reading(
            account=call.account[:MAX_TEXT],
            test=test,
            findings=findings,
            refusal=self._stranger(call) or throttled or _unreadable(call) or misshapen,
            notes=tuple(_notes(call)),
            headers=self._rate_headers(standing),
        )

    def judge(self, reading: Reading, culprit: Culprit) -> Ending:
        """Return Pinterest's own answer: one result per event, unless the request is refused."""
        if reading.refusal is not None:
            refused = self.act(reading.refusal, reading, None)
            return msgspec.structs.replace(refused, fates=sunk(reading.refusal, reading.findings))
        seen = reading.findings[:MAX_TEST_EVENTS] if reading.test else reading.findings
        faults = [found.fault or (_NOT_HASHED if culprit(found.event_id) else "") for found in seen]
        results = [self._result(fault, seen[i].warning) for i, fault in enumerate(faults)]
        fates: list[Fate] = ["refused" if fault else "accepted" for fault in faults]
        answer = self._verdict(fates)
        listed = Results(len(reading.findings), fates.count("accepted"), results)
        fates += ["turned_away"] * (len(reading.findings) - len(seen))
        return ending(answer, listed, fates, reading.headers)

    def act(self, answer: Answer, reading: Reading, reset_s: float | None) -> Ending:
        """Return a named answer, with one result per event if it has results."""
        headers = dict(reading.headers)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["X-RateLimit-Remaining"] = "0"
            if reset_s is not None:
                headers["X-RateLimit-Reset"] = str(max(1, round(reset_s)))
        fates = answer.fates(len(reading.findings))
        results = None if answer.results == "none" else self._scripted(answer, fates)
        return ending(answer, results, fates, headers)

    def _stranger(self, call: Call) -> Answer | None:
        """Return the refusal if the sender may not write to this account, None if it may."""
        scheme, _, token = (call.token or "").partition(" ")
        fault = self._gate.token_fault(token if scheme == "Bearer" else None)
        if fault is not None:
            return named(_TOKEN_ANSWERS[fault])
        if not _ACCOUNT.fullmatch(call.account):
            return body.invalid("the ad account id does not match '^\\d+$'")
        return None if self._gate.knows(call.account) else named("pinterest-404")

    def _rate_headers(self, standing: Standing) -> Mapping[str, str]:
        limit = self._style.pinterest_requests_per_minute
        return {
            "X-RateLimit-Limit": f'{limit}, {limit};w=60;name="ads_conversions_ad_account_id"',
            "X-RateLimit-Remaining": str(max(0, standing.remaining)),
            "X-RateLimit-Reset": str(standing.reset_s),
        }

    def _verdict(self, fates: Sequence[Fate]) -> Answer:
        """Return the answer that holds the results, at least one of which is a refusal."""
        if "refused" not in fates:
            return answer_of(HTTPStatus.OK)
        style = self._style
        status = int(style.pinterest_mixed if "accepted" in fates else style.pinterest_failed)
        if status == HTTPStatus.OK:
            return answer_of(status)
        return answer_of(status, _NOT_ALL_CODE, NOT_ALL, place=style.pinterest_place)

    def _scripted(self, answer: Answer, fates: Sequence[Fate]) -> Results:
        results = [self._result(_NOT_HASHED if fate == "refused" else "", "") for fate in fates]
        if answer.results == "short":
            results = results[:-1]
        elif answer.results in {"bare", "strange"}:
            status = "processed" if answer.results == "bare" else "queued"
            results = [Result(status) for _ in fates]
        processed = sum(result.status == "processed" for result in results)
        return Results(len(fates), processed, results)

    def _result(self, fault: str, warning: str) -> Result:
        blanks = {"empty": "", "null": None, "absent": msgspec.UNSET}
        blank = blanks[self._style.pinterest_blank]
        if fault:
            return Result("failed", fault, blank)
        return Result("processed", blank, warning or blank)


def _unreadable(call: Call) -> Answer | None:
    if call.body is None:
        return named("pinterest-413")
    if call.content_encoding:
        return answer_of(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 0, "Unsupported content encoding")
    if call.content_type != "application/json":
        return body.invalid("Content-Type must be application/json")
    return None


def _notes(call: Call) -> Iterator[str]:
    if call.token and not call.token.startswith("Bearer pina_"):
        yield "the token does not begin with pina_, as Pinterest's tokens do"
    if "is_test" in call.query:
        yield "is_test is not the switch of test mode; use ?test=true"
    if "access_token" in call.query:
        yield "a token in the address ends up in logs; send it in the Authorization header"
