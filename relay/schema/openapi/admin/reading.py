"""The operations of the admin port that only read: funnels, space, sources, producers, events."""

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
    UNKNOWN,
    in_range,
    limited,
    operation,
)
from relay.schema.openapi.part import NON_EMPTY, TEXT, in_path, in_query, ref


def figures() -> Json:
    """Return the operations for figures about conversions, space and Kafka."""
    summary = part.response("The funnel of the events received in the range.", ref(Summary))
    lifetime = part.response("The lifetime funnel of each destination.", ref(DestinationList))
    return {
        "/api/v1/summary": {
            "get": operation(
                *("readSummary", "figures", "Read what became of the events of a range", summary),
                failures=STORED | BAD,
                parameters=(in_range(),),
            )
        },
        "/api/v1/destinations": {
            "get": operation("listDestinations", "figures", "List all destinations", lifetime)
        },
        "/api/v1/journal": {"get": _room()},
        "/api/v1/sources": {"get": _sources()},
        "/api/v1/rejections": {"get": _rejections()},
    }


def _room() -> Json:
    journal = part.response("How full the journal is, and when it will be full.", ref(JournalView))
    return operation(
        *("readJournal", "figures", "Read how much room is left for events", journal),
        description="At `limit_bytes`, delivered events are deleted before their retention ends, "
        "then the payloads of expired ones; only after that do producers get 503.",
    )


def _sources() -> Json:
    sources = part.response("The configured parts of Kafka, and their state.", ref(SourcesView))
    return operation(
        *("readSources", "figures", "Read the state of the Kafka source and the outcomes", sources),
        failures=ALWAYS,
        description="Lag and last commit of each partition that this relay reads; "
        "`kafka` and `outcomes` are null if they are not configured.",
    )


def _rejections() -> Json:
    rejected = part.response(
        "The rejections, newest first; the last 1,000 are kept.", ref(RejectionList)
    )
    return operation(
        *("listRejections", "events", "List the latest events refused on arrival", rejected),
        failures=STORED | BAD,
        parameters=(limited(MAX_REJECTIONS),),
    )


def producers() -> Json:
    """Return the operations about producers."""
    found = part.response("The findings, greatest gain first.", ref(Diagnosis))
    keys = part.response("The keys, including revoked and expired ones.", ref(KeyList))
    return {
        "/api/v1/doctor": {
            "get": operation(
                *("readDiagnosis", "producers", "Read what to fix in incoming events", found),
                description="Covers the latest 5,000 events of a day and its rejections, and tells "
                "which identifiers came plain, hashed or unusable, by event and key.",
            )
        },
        "/api/v1/keys": {"get": operation("listKeys", "producers", "List the producer keys", keys)},
    }


def events() -> Json:
    """Return the operations that find single events."""
    found = part.response("The events, newest first, at most 100.", ref(EventList))
    by_id = in_path("event_id", "The event id, percent-encoded.", NON_EMPTY)
    return {
        "/api/v1/events": {
            "get": operation(
                *("findEvents", "events", "Find the events with an event or order id", found),
                description="Exactly one of the two ids is required.",
                failures=STORED | BAD | UNKNOWN,
                parameters=(
                    in_query("event_id", "The id of the event.", TEXT),
                    in_query("order_id", "The id of the order.", TEXT),
                ),
            )
        },
        "/api/v1/events/{event_id}": {
            "get": operation(
                *("readEvent", "events", "Read the events with an event id", found),
                failures=STORED | UNKNOWN,
                parameters=(by_id,),
            )
        },
    }
