"""The answers to producers; `schemas/openapi.producers.json` is generated from these structs."""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from relay.intake import Finding, Problem, Taken

MAX_LISTED = 1000
"""Entries of `errors` and of `warnings`; the counts go on."""
_ENCODER = msgspec.json.Encoder()


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with one event, or with the whole body if `index` is null."""

    index: int | None
    event_id: str | None
    code: str
    path: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What became of the events of a request."""

    accepted: int = 0
    rejected: int = 0
    errors: Sequence[Complaint] = ()
    warnings: Sequence[Complaint] = ()


class Caller(msgspec.Struct, frozen=True):
    """Who the caller is; `uses_left` null means no limit."""

    key: str
    scopes: Sequence[str]
    uses_left: int | None


def taken_answer(taken: Taken) -> Answer:
    """Return the answer for a body that could be read."""
    return Answer(
        len(taken.entries),
        len(taken.errors),
        [_complaint(each) for each in taken.errors[:MAX_LISTED]],
        [_complaint(each) for each in taken.warnings[:MAX_LISTED]],
    )


def refusal(code: str, message: str) -> Answer:
    """Return the answer for a request of which nothing was taken."""
    return Answer(errors=[Complaint(None, None, code, "", message)])


def unreadable(problem: Problem) -> Answer:
    """Return the answer for a body that cannot be read as a whole."""
    return refusal(problem.code, problem.message)


def response(
    status: int, answer: Answer | Caller, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer as JSON."""
    return web.Response(
        body=_ENCODER.encode(answer),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def _complaint(finding: Finding) -> Complaint:
    problem = finding.problem
    return Complaint(finding.index, finding.event_id, problem.code, problem.path, problem.message)
