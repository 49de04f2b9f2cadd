"""The answers to producers; `schemas/openapi.producers.json` is generated from these structs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, Self

import msgspec
from aiohttp import web
from msgspec import Meta

from relay.intake import Finding, Problem, Taken
from relay.intake.problem import Code
from relay.sources.prompt import Prompt, json_response

MAX_LISTED: Final = 1000
"""The most entries in `errors` and in `warnings`; `rejected` counts the rest, too."""
RETRY_AFTER_S: Final = 5

RefusalCode = Literal[
    "bad_request",
    "not_found",
    "method_not_allowed",
    "unauthorized",
    "forbidden",
    "timeout",
    "too_large",
    "unsupported_media_type",
    "rate_limited",
    "unavailable",
    "internal",
]
"""Why a request was refused before its events were read; other codes are about events."""

_ENCODER = msgspec.json.Encoder()


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with one event, or with the whole body if `index` is null."""

    index: int | None
    event_id: str | None
    code: Code | RefusalCode
    path: str
    message: str


Count = Annotated[int, Meta(ge=0)]
Complaints = Annotated[Sequence[Complaint], Meta(max_length=MAX_LISTED)]


class Answer(msgspec.Struct, frozen=True):
    """What became of the events of a request."""

    accepted: Count = 0
    rejected: Count = 0
    errors: Complaints = ()
    warnings: Complaints = ()


class Caller(msgspec.Struct, frozen=True):
    """Who the caller is; `uses_left` null means no limit."""

    key: str
    scopes: Sequence[str]
    uses_left: int | None


class Refused(Exception):
    """The request is refused, and nothing of it was accepted.

    The connection is closed after the answer, since the request may not have been read to its end.
    """

    def __init__(
        self,
        status: int,
        code: Code | RefusalCode,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    @classmethod
    def unavailable(cls, reason: str, retry_after_s: int = RETRY_AFTER_S) -> Self:
        """Return a temporary refusal: the same request may be accepted later."""
        headers = {"Retry-After": str(retry_after_s)}
        return cls(503, "unavailable", f"No events can be taken now: {reason}.", headers)

    @classmethod
    def method(cls, allowed: str) -> Self:
        """Return the refusal of a method, naming those that are `allowed`."""
        return cls(405, "method_not_allowed", f"Use {allowed} here.", {"Allow": allowed})

    def response(self) -> web.Response:
        """Return the refusal as an HTTP answer."""
        answer = Answer(errors=[Complaint(None, None, self.code, "", self.message)])
        found = json_response(_ENCODER.encode(answer), self.status, dict(self.headers))
        found.force_close()
        return found


def taken_answer(taken: Taken) -> Answer:
    """Return the answer to a body that could be read."""
    return Answer(
        len(taken.entries),
        len(taken.errors),
        [_complaint(each) for each in taken.errors[:MAX_LISTED]],
        [_complaint(each) for each in taken.warnings[:MAX_LISTED]],
    )


def unreadable(problem: Problem) -> Answer:
    """Return the answer to a body that cannot be read as a whole."""
    return Answer(errors=[Complaint(None, None, problem.code, problem.path, problem.message)])


def response(status: int, answer: Answer | Caller) -> Prompt:
    """Return an answer as JSON."""
    return Prompt(status, _ENCODER.encode(answer))


def _complaint(finding: Finding) -> Complaint:
    problem = finding.problem
    return Complaint(finding.index, finding.event_id, problem.code, problem.path, problem.message)
