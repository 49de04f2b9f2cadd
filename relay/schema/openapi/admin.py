"""The port for people and monitoring: page, probes, metrics, and the API behind them."""

from collections.abc import Iterable
from typing import Any, Final, get_args

from relay.admin.answer import Error, Status
from relay.admin.api import DEAD_LETTERS, REJECTIONS, DropResult, ReplayResult
from relay.admin.forget import Forget, ForgetResult
from relay.admin.query import MAX_LIMIT
from relay.admin.selection import Drop, Replay
from relay.delivery import DeadReason
from relay.outcome.doctor import Diagnosis
from relay.outcome.source_view import SourcesView
from relay.outcome.view import (
    DeadLetterList,
    DestinationList,
    DestinationView,
    EventList,
    JournalView,
    KeyList,
    RangeName,
    RejectionList,
    Summary,
)
from relay.schema.document import Json, changed, components, without_null
from relay.schema.openapi import part
from relay.schema.openapi.part import TEMPLATE, in_path, in_query, ref

DESCRIPTION: Final = """\
What became of the conversions, and what to do about it. Of each destination, `received = skipped +
pending + delivered + dead`. Times are RFC 3339 in UTC, money is a decimal string per currency.

`Host` must be a loopback name or one of `[admin] hosts`, and an `Origin` must be the port's own,
else `403`. With `[admin] password` all but `/healthz` and `/readyz` need HTTP Basic, any user name.
Any other path is answered `404`, any other method `405` with `Allow`.\
"""

_MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_RANGE: Final[Json] = {"type": "string", "enum": list(get_args(RangeName)), "default": "24h"}
_TEXT: Final[Json] = {"type": "string"}
_EVENT_ID: Final[Json] = {"type": "string", "minLength": 1}
_UNKNOWN: Final = {404: "NotFound"}
_BAD: Final = {400: "BadRequest"}
_ALWAYS: Final = {401: "Unauthorized", 403: "Forbidden"}
_STORED: Final = {**_ALWAYS, 503: "Unavailable"}
"""What any request may be answered that asks the journal."""

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
            **_funnels(),
            **_producers(),
            **_events(),
            **_dead_letters(),
            **_erasure(),
            **_switches(),
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


def _operation(
    name: str,
    tag: str,
    summary: str,
    answer: Json,
    *,
    failures: dict[int, str] = _STORED,
    parameters: tuple[Json, ...] = (),
    **more: Any,
) -> Json:
    """Return an operation that answers 200, or fails as named."""
    found: Json = {"operationId": name, "tags": [tag], "summary": summary, **more}
    if parameters:
        found["parameters"] = list(parameters)
    found.setdefault("security", [{}, {"basic": []}])
    responses = {"200": answer, **part.shared(dict(sorted(failures.items())))}
    return {**found, "responses": found.pop("responses", {}) | responses}


def _surroundings() -> Json:
    page = part.response(
        "HTML.",
        _TEXT,
        media_type="text/html",
        headers={"Content-Security-Policy": part.header("No foreign content.", _TEXT)},
    )
    figures = part.response("Prometheus' text format.", _TEXT, media_type="text/plain")
    openapi = part.response("The document.", {"type": "object"})
    return {
        "/": {
            "get": _operation(
                *("readPage", "page", "The page for people", page),
                failures=_ALWAYS,
                parameters=(_range(),),
                responses={"400": page, "503": page},
            )
        },
        "/healthz": {"get": _probe("isAlive", "Whether the process is alive", {})},
        "/readyz": {
            "get": _probe("isReady", "Whether events can be taken", {503: "NotReady"}),
        },
        "/metrics": {"get": _operation("readMetrics", "figures", "All metrics", figures)},
        "/openapi.json": {
            "get": _operation("readOpenapi", "meta", "This document", openapi, failures=_ALWAYS)
        },
    }


def _probe(name: str, summary: str, failures: dict[int, str]) -> Json:
    fine = part.response("It is.", ref(Status))
    failures = {403: "Forbidden", **failures}
    return _operation(name, "probes", summary, fine, failures=failures, security=[{}])


def _funnels() -> Json:
    summary = part.response("The funnel of what was received in the range.", ref(Summary))
    lifetime = part.response("The lifetime funnel of each.", ref(DestinationList))
    rejected = part.response("Newest first; the last 1,000 are kept.", ref(RejectionList))
    sources = part.response("What is configured of Kafka, and how it is.", ref(SourcesView))
    journal = part.response("How full it is, and when it will be full.", ref(JournalView))
    return {
        "/api/v1/summary": {
            "get": _operation(
                *("readSummary", "figures", "What became of the events of a range", summary),
                failures=_STORED | _BAD,
                parameters=(_range(),),
            )
        },
        "/api/v1/destinations": {
            "get": _operation("listDestinations", "figures", "All destinations", lifetime)
        },
        "/api/v1/journal": {
            "get": _operation(
                *("readJournal", "figures", "The room that is left for events", journal),
                description="At `limit_bytes` delivered events are forgotten before their time, "
                "then the payloads of expired ones; only then producers get 503.",
            )
        },
        "/api/v1/sources": {
            "get": _operation(
                *("readSources", "figures", "The Kafka source and the outcomes", sources),
                failures=_ALWAYS,
                description="Lag and last commit of each partition that this relay reads; "
                "`kafka` and `outcomes` are null where they are not configured.",
            )
        },
        "/api/v1/rejections": {
            "get": _operation(
                *("listRejections", "events", "The latest events refused on arrival", rejected),
                failures=_STORED | _BAD,
                parameters=(_limit(REJECTIONS),),
            )
        },
    }


def _producers() -> Json:
    found = part.response("The greatest gain first.", ref(Diagnosis))
    keys = part.response("Ended ones included.", ref(KeyList))
    return {
        "/api/v1/doctor": {
            "get": _operation(
                *("readDiagnosis", "producers", "What to mend in the events that come in", found),
                description="Of the latest 5,000 events of a day, and of what was refused in it; "
                "with which identifiers came plain, hashed or unusable, by event and key.",
            )
        },
        "/api/v1/keys": {"get": _operation("listKeys", "producers", "Producer keys", keys)},
    }


def _events() -> Json:
    found = part.response("Newest first, at most 100.", ref(EventList))
    by_id = in_path("event_id", "Percent-encoded.", _EVENT_ID)
    return {
        "/api/v1/events": {
            "get": _operation(
                *("findEvents", "events", "The timelines of an event or order id", found),
                description="Exactly one of the two is needed.",
                failures=_STORED | _BAD | _UNKNOWN,
                parameters=(
                    in_query("event_id", "The event's id.", _TEXT),
                    in_query("order_id", "The order's id.", _TEXT),
                ),
            )
        },
        "/api/v1/events/{event_id}": {
            "get": _operation(
                *("readEvent", "events", "The timelines of an event id", found),
                failures=_STORED | _UNKNOWN,
                parameters=(by_id,),
            )
        },
    }


def _dead_letters() -> Json:
    page = part.response(
        "Newest first; `next` is the cursor of the next page.", ref(DeadLetterList)
    )
    filters = (
        in_query("destination", "Name of a destination.", _TEXT),
        in_query("reason", "Why it is dead.", {"enum": list(get_args(DeadReason))}),
        in_query("event", "Standard or custom name of the event.", _TEXT),
        in_query("since", "Dead at this moment or later; with an offset.", _MOMENT),
        in_query("until", "Dead before this moment; with an offset.", _MOMENT),
        _limit(DEAD_LETTERS),
        in_query("cursor", "The `next` of the page before.", {"type": "string", "minLength": 1}),
    )
    return {
        "/api/v1/dead-letters": {
            "get": _operation(
                *("listDeadLetters", "dead letters", "What needs somebody", page),
                failures=_STORED | _BAD,
                parameters=filters,
            )
        },
        "/api/v1/dead-letters/replay": {
            "post": _act("replayDeadLetters", "Send again", Replay, ReplayResult),
        },
        "/api/v1/dead-letters/drop": {
            "post": _act("dropDeadLetters", "Put away", Drop, DropResult),
        },
    }


def _erasure() -> Json:
    done = part.response(
        "What was erased, and what the platforms have got before.", ref(ForgetResult)
    )
    posted = part.body(
        "Digests as the relay stores them; one at least. `relay forget` makes them.",
        {part.JSON: (_with_any(Forget, Forget.__struct_fields__), {"email": _BY_EMAIL})},
    )
    return {
        "/api/v1/forget": {
            "post": _operation(
                *("forgetPerson", "erasure", "Erase a person", done),
                description="What waits is dead as `erased`; of stored events only name, ids, "
                "times and the sum of the order stay. What is in a request is finished first. May "
                "be repeated: after a failure, the next request erases the rest.",
                failures=_STORED | _BAD | {413: "TooLarge"},
                requestBody=posted,
            )
        }
    }


def _act(name: str, summary: str, wanted: type, result: type) -> Json:
    done = part.response("What was done, or in a dry run would be.", ref(result))
    posted = part.body(
        "`ids`, or at least one of the other conditions; all of them hold together.",
        {part.JSON: (_selection(wanted), {"filter": _BY_FILTER, "ids": _BY_IDS})},
    )
    return _operation(
        *(name, "dead letters", summary, done),
        failures=_STORED | _BAD | {413: "TooLarge"},
        requestBody=posted,
    )


def _selection(wanted: type) -> Json:
    """Return the schema of a body that chooses; to choose everything is not possible."""
    return _with_any(wanted, ("ids", "destination", "reason", "event", "since", "until"))


def _with_any(wanted: type, names: Iterable[str]) -> Json:
    """Return the schema of a body in which at least one of some keys is needed."""
    return {"allOf": [ref(wanted)], "anyOf": [{"required": [name]} for name in names]}


def _switches() -> Json:
    after = part.response("The destination afterwards.", ref(DestinationView))
    name = in_path("name", "As configured.", {"type": "string", "minLength": 1})
    texts = {
        "pause": ("pauseDestination", "Stop sending; events wait on disk"),
        "resume": ("resumeDestination", "End any pause or wait, and try at once"),
    }
    return {
        f"/api/v1/destinations/{{name}}/{verb}": {
            "post": _operation(
                *(operation, "destinations", summary, after),
                failures=_STORED | _UNKNOWN,
                parameters=(name,),
            )
        }
        for verb, (operation, summary) in texts.items()
    }


def _range() -> Json:
    return in_query("range", "Of what was received since then.", _RANGE)


def _limit(default: int) -> Json:
    bounds = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    return in_query("limit", "Entries at most.", bounds)


def _responses() -> Json:
    """Return the answers that many operations share."""
    challenge = part.header("Asks for the password.", _TEXT)
    wait = part.header("Seconds to wait.", {"type": "integer", "minimum": 1})
    texts: dict[str, tuple[str, Json]] = {
        "BadRequest": ("The request cannot be understood; the message says which part.", {}),
        "Unauthorized": ("The password is needed.", {"WWW-Authenticate": challenge}),
        "Forbidden": ("The host or the origin is foreign.", {}),
        "NotFound": ("There is nothing of this name.", {}),
        "TooLarge": ("The body is larger than 1 MiB.", {}),
        "NotReady": ("No events can be taken now; the message says why.", {}),
        "Unavailable": ("The journal does not answer now.", {"Retry-After": wait}),
    }
    return {
        name: part.response(text, ref(Error), headers=headers)
        for name, (text, headers) in texts.items()
    }


_BY_FILTER: Final = {"dry_run": True, "destination": "tiktok-main", "reason": "platform_rejected"}
_BY_IDS: Final = {"dry_run": False, "ids": ["17", "18"]}
_BY_EMAIL: Final = {"email": ["b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"]}
