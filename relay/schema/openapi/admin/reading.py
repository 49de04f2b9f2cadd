"""The operations of the admin port that only read: funnels, space, sources, producers, events."""

from typing import Final

from relay.journal.figures.reports import MAX_REJECTIONS
from relay.outcome.doctor.doctor import Diagnosis
from relay.outcome.views.api import (
    DestinationList,
    EventList,
    JournalView,
    KeyList,
    RejectionList,
    Summary,
)
from relay.outcome.views.source import SourcesView
from relay.schema.document import Json
from relay.schema.openapi import part
from relay.schema.openapi.admin.operation import (
    ALWAYS,
    BAD,
    STORED,
    TEXT,
    UNKNOWN,
    in_range,
    limited,
    operation,
)
from relay.schema.openapi.part import in_path, in_query, ref

_EVENT_ID: Final[Json] = {"type": "string", "minLength": 1}


def figures() -> Json:
    """Return the operations for figures about conversions, space and Kafka."""
    summary = part.response("The funnel of what was received in the range.", ref(Summary))
    lifetime = part.response("The lifetime funnel of each.", ref(DestinationList))
    return {
        "/api/v1/summary": {
            "get": operation(
                *("readSummary", "figures", "What became of the events of a range", summary),
                failures=STORED | BAD,
                parameters=(in_range(),),
            )
        },
        "/api/v1/destinations": {
            "get": operation("listDestinations", "figures", "All destinations", lifetime)
        },
        "/api/v1/journal": {"get": _room()},
        "/api/v1/sources": {"get": _sources()},
        "/api/v1/rejections": {"get": _rejections()},
    }


def _room() -> Json:
    journal = part.response("How full it is, and when it will be full.", ref(JournalView))
    return operation(
        *("readJournal", "figures", "The room that is left for events", journal),
        description="At `limit_bytes` delivered events are forgotten before their time, "
        "then the payloads of expired ones; only then producers get 503.",
    )


def _sources() -> Json:
    sources = part.response("What is configured of Kafka, and how it is.", ref(SourcesView))
    return operation(
        *("readSources", "figures", "The Kafka source and the outcomes", sources),
        failures=ALWAYS,
        description="Lag and last commit of each partition that this relay reads; "
        "`kafka` and `outcomes` are null where they are not configured.",
    )


def _rejections() -> Json:
    rejected = part.response("Newest first; the last 1,000 are kept.", ref(RejectionList))
    return operation(
        *("listRejections", "events", "The latest events refused on arrival", rejected),
        failures=STORED | BAD,
        parameters=(limited(MAX_REJECTIONS),),
    )


def producers() -> Json:
    """Return the operations about producers."""
    found = part.response("The greatest gain first.", ref(Diagnosis))
    keys = part.response("Ended ones included.", ref(KeyList))
    return {
        "/api/v1/doctor": {
            "get": operation(
                *("readDiagnosis", "producers", "What to fix in incoming events", found),
                description="Of the latest 5,000 events of a day, and of what was refused in it; "
                "with which identifiers came plain, hashed or unusable, by event and key.",
            )
        },
        "/api/v1/keys": {"get": operation("listKeys", "producers", "Producer keys", keys)},
    }


def events() -> Json:
    """Return the operations that find single events."""
    found = part.response("Newest first, at most 100.", ref(EventList))
    by_id = in_path("event_id", "Percent-encoded.", _EVENT_ID)
    return {
        "/api/v1/events": {
            "get": operation(
                *("findEvents", "events", "The timelines of an event or order id", found),
                description="Exactly one of the two is needed.",
                failures=STORED | BAD | UNKNOWN,
                parameters=(
                    in_query("event_id", "The event's id.", TEXT),
                    in_query("order_id", "The order's id.", TEXT),
                ),
            )
        },
        "/api/v1/events/{event_id}": {
            "get": operation(
                *("readEvent", "events", "The timelines of an event id", found),
                failures=STORED | UNKNOWN,
                parameters=(by_id,),
            )
        },
    }
