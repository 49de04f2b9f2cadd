"""Writes the body of one of Pinterest's answers.

The results of the events are at the top level, or under `details` of a `DetailedError`; both have
been seen, and a sender has to understand both.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from relay.sandbox import platform
from relay.sandbox.answer import Answer, Fate
from relay.sandbox.pinterest.schema import DetailedResults, Error, Results
from relay.sandbox.platform import Ending

_WITH_STATUS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""Statuses whose bodies have `"status": "failure"` besides code and message."""


def ending(
    answer: Answer, results: Results | None, fates: Sequence[Fate], headers: Mapping[str, str]
) -> Ending:
    """Return the ending of a request that gets this answer; `results` are those of its events."""
    return platform.ending(answer, _document(answer, results), fates, headers)


def _document(answer: Answer, results: Results | None) -> Results | DetailedResults | Error:
    if results is None:
        status = "failure" if answer.status in _WITH_STATUS else msgspec.UNSET
        return Error(answer.code or 0, answer.message, status)
    if answer.place == "details":
        return Error(answer.code or 0, answer.message, details=results)
    if answer.code is None:
        return results
    return DetailedResults(
        code=answer.code,
        message=answer.message,
        num_events_received=results.num_events_received,
        num_events_processed=results.num_events_processed,
        events=results.events,
    )
