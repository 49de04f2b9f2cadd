"""Operations of the admin port: their answers, and the failures that any of them may have."""

from typing import Any, Final, get_args

from relay.admin.query import MAX_LIMIT
from relay.outcome.views.api import RangeName
from relay.schema.document import Json
from relay.schema.openapi import part
from relay.schema.openapi.part import in_query

_RANGE: Final[Json] = {"type": "string", "enum": list(get_args(RangeName)), "default": "24h"}
UNKNOWN: Final = {404: "NotFound"}
BAD: Final = {400: "BadRequest"}
ALWAYS: Final = {401: "Unauthorized", 403: "Forbidden"}
STORED: Final = {**ALWAYS, 503: "Unavailable"}
"""The failures that any request which reads the journal may have."""


def operation(
    name: str,
    tag: str,
    summary: str,
    answer: Json,
    *,
    failures: dict[int, str] = STORED,
    parameters: tuple[Json, ...] = (),
    **more: Any,
) -> Json:
    """Return an operation that answers 200, or one of the `failures`."""
    found: Json = {"operationId": name, "tags": [tag], "summary": summary, **more}
    if parameters:
        found["parameters"] = list(parameters)
    found.setdefault("security", [{}, {"basic": []}])
    responses = {"200": answer, **part.shared(dict(sorted(failures.items())))}
    return {**found, "responses": found.pop("responses", {}) | responses}


def in_range() -> Json:
    """Return the parameter that selects the range of the figures."""
    return in_query("range", "Only events received within this time.", _RANGE)


def limited(default: int) -> Json:
    """Return the parameter that bounds a list."""
    bounds = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    return in_query("limit", "The most entries to return.", bounds)
