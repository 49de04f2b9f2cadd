"""Emulates TikTok's `POST /open_api/v1.3/event/track/`: access, rate limits and answers.

The verdict is the `code` in the body, whatever the HTTP status. A request is accepted or refused as
a whole, and the answer names the first bad event. Source: TikTok's Business API documentation
(v1.3, 2026) on authentication, responses and errors, and rate limits.
"""

import random
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec

from relay.sandbox.answer import Answer, Fate, PlatformName
from relay.sandbox.budget import Budget
from relay.sandbox.catalogue import named
from relay.sandbox.credential import Gate, TokenFault
from relay.sandbox.platform import Call, Culprit, Ending, Finding, Reading, sunk
from relay.sandbox.style import Style
from relay.sandbox.tiktok import body
from relay.sandbox.tiktok.answers import answer_of
from relay.sandbox.tiktok.reply import ending, fault_message

_PARAMETER_ERROR: Final = 40002
_TOKEN_ANSWERS: Final[dict[TokenFault, str]] = {
    "missing": "tiktok-40104",
    "wrong": "tiktok-40105",
    "expired": "tiktok-40102",
    "forbidden": "tiktok-40001",
    "unscoped": "tiktok-40125",
}
_POISON: Final = ("event_id", "not a valid string.")


class TikTok:
    """Reads requests and answers them as TikTok does."""

    name: PlatformName = "tiktok"

    def __init__(
        self, gate: Gate, style: Style, clock: Callable[[], float], dice: random.Random
    ) -> None:
        self._gate = gate
        self._style = style
        self._clock = clock
        self._dice = dice
        self._budget = Budget(style.tiktok_requests_per_s, 1, clock)

    def read(self, call: Call) -> Reading:
        """Return what is in the request and what is wrong with it."""
        reading = body.read(call.body or b"", self._clock())
        reading.refusal = (
            self._stranger(call)
            or self._throttled(reading.account)
            or _unreadable(call)
            or reading.refusal
            or self._unknown_source(reading.account)
        )
        return reading

    def judge(self, reading: Reading, culprit: Culprit) -> Ending:
        """Return TikTok's own answer: it accepts all events, or names the first bad one."""
        if reading.refusal is not None:
            refused = self.act(reading.refusal, reading, None)
            return msgspec.structs.replace(refused, fates=sunk(reading.refusal, reading.findings))
        for position, finding in enumerate(reading.findings):
            if finding.fault or culprit(finding.event_id):
                return self._refused(position, finding, len(reading.findings))
        return self.act(named("tiktok-0"), reading, None)

    def act(self, answer: Answer, reading: Reading, reset_s: float | None) -> Ending:
        """Return a named answer. TikTok never says how long a throttle lasts."""
        del reset_s
        return ending(answer, answer.fates(len(reading.findings)), self._request_id())

    def _refused(self, position: int, finding: Finding, count: int) -> Ending:
        if not finding.fault:
            finding.path, finding.fault = _POISON
        fates: list[Fate] = ["turned_away"] * count
        fates[position] = "refused"
        message = fault_message(position, finding, self._style)
        return ending(answer_of(_PARAMETER_ERROR, message), fates, self._request_id())

    def _stranger(self, call: Call) -> Answer | None:
        """Return the refusal if the token is not good, None if it is; `Bearer ` makes it bad."""
        fault = self._gate.token_fault(call.token)
        return named(_TOKEN_ANSWERS[fault]) if fault is not None else None

    def _throttled(self, account: str) -> Answer | None:
        return named("tiktok-40100") if self._budget.take(account).is_over else None

    def _unknown_source(self, account: str) -> Answer | None:
        return None if self._gate.knows(account) else named("tiktok-40007")

    def _request_id(self) -> str:
        moment = time.strftime("%Y%m%d%H%M%S", time.gmtime(self._clock()))
        return f"{moment}{self._dice.getrandbits(64):016X}"


def _unreadable(call: Call) -> Answer | None:
    if call.body is None:
        return named("tiktok-http-413")
    if call.content_encoding:
        return answer_of(None, "Unsupported", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, form="html")
    if call.content_type != "application/json":
        return answer_of(40000, "Invalid params: Content-Type must be application/json")
    return None
