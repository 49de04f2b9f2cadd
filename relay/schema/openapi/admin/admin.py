"""The port for people and monitoring: page, probes, metrics, and the API behind them."""

from typing import Final

from relay.admin.answer import Error, Status
from relay.admin.api import DropResult, ReplayResult
from relay.admin.forget import Forget, ForgetResult
from relay.admin.selection import Drop, Replay
from relay.outcome.doctor.doctor import Diagnosis
from relay.outcome.views.api import (
    DeadLetterList,
    DestinationList,
    DestinationView,
    EventList,
    JournalView,
    KeyList,
    RejectionList,
    Summary,
)
from relay.outcome.views.source import SourcesView
from relay.schema.document import Json, changed, components, without_null
from relay.schema.openapi import part
from relay.schema.openapi.admin import acting, reading
from relay.schema.openapi.admin.operation import ALWAYS, in_range, operation
from relay.schema.openapi.part import RETRY_AFTER, TEMPLATE, TEXT, ref

DESCRIPTION: Final = """\
What became of the conversions, and what to do about it. For each destination, `received = skipped +
pending + delivered + dead`. Times are RFC 3339 in UTC; money is a decimal string per currency.

`Host` must be a loopback name or one of `[admin] hosts`, and an `Origin` must be the port's own,
else the answer is `403`. With an `[admin] password`, every path needs HTTP Basic, with any user
name, but not `/healthz`, `/readyz` and, with `metrics_open = true`, `/metrics`. Any other path is
answered `404`, any other method `405` with `Allow`.\
"""
_VIEWS: Final = (
    *(Summary, DestinationList, DestinationView, EventList, DeadLetterList, RejectionList),
    JournalView,
    SourcesView,
    Diagnosis,
    KeyList,
    *(ReplayResult, DropResult, ForgetResult, Error, Status),
)


def admin() -> Json:
    """Return the document."""
    bodies = changed(components([Replay, Drop, Forget], TEMPLATE), without_null)
    return part.document(
        "Conversion relay, for people and monitoring",
        DESCRIPTION,
        paths={
            **_surroundings(),
            **reading.figures(),
            **reading.producers(),
            **reading.events(),
            **acting.dead_letters(),
            **acting.erasure(),
            **acting.switches(),
        },
        parts={
            "schemas": {**part.answers(_VIEWS), **bodies},
            "responses": _responses(),
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
        tags=[
            "page",
            "probes",
            "figures",
            "producers",
            "events",
            "dead letters",
            "erasure",
            "destinations",
            "meta",
        ],
    )


def _surroundings() -> Json:
    page = part.response(
        "The page as HTML.",
        TEXT,
        media_type="text/html",
        headers={
            "Content-Security-Policy": part.header("Allows only content of the relay itself.", TEXT)
        },
    )
    figures = part.response(
        "The metrics in Prometheus' text format.", TEXT, media_type="text/plain"
    )
    openapi = part.response("The OpenAPI document.", {"type": "object"})
    return {
        "/": {
            "get": operation(
                *("readPage", "page", "Open the page", page),
                failures=ALWAYS,
                parameters=(in_range(),),
                responses={"400": page, "503": page},
            )
        },
        "/healthz": {"get": _probe("isAlive", "Check whether the process is alive", {})},
        "/readyz": {
            "get": _probe("isReady", "Check whether events can be accepted", {503: "NotReady"}),
        },
        "/metrics": {"get": operation("readMetrics", "figures", "Read all metrics", figures)},
        "/openapi.json": {
            "get": operation("readOpenapi", "meta", "Read this document", openapi, failures=ALWAYS)
        },
    }


def _probe(name: str, summary: str, failures: dict[int, str]) -> Json:
    fine = part.response("Yes.", ref(Status))
    failures = {403: "Forbidden", **failures}
    return operation(name, "probes", summary, fine, failures=failures, security=[{}])


def _responses() -> Json:
    """Return the answers that several operations share."""
    challenge = part.header("Asks for HTTP Basic.", TEXT)
    texts: dict[str, tuple[str, Json]] = {
        "BadRequest": ("The request is invalid; the message says which part.", {}),
        "Unauthorized": ("The password is missing or wrong.", {"WWW-Authenticate": challenge}),
        "Forbidden": ("The request has a foreign host or origin.", {}),
        "NotFound": ("Nothing has this name or id.", {}),
        "TooLarge": ("The body is larger than 1 MiB.", {}),
        "NotReady": ("No events can be accepted now; the message says why.", {}),
        "Unavailable": ("The journal is not available now.", {"Retry-After": RETRY_AFTER}),
    }
    return {
        name: part.response(text, ref(Error), headers=headers)
        for name, (text, headers) in texts.items()
    }
