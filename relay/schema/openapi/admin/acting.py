"""The operations of the admin port that change something: dead letters, erasure, pauses."""

from collections.abc import Iterable
from typing import Final, get_args

from relay.admin.api import DEAD_LETTERS, DropResult, ReplayResult
from relay.admin.forget import Forget, ForgetResult
from relay.admin.selection import Drop, Replay
from relay.delivery import DeadReason
from relay.outcome.views.api import DeadLetterList, DestinationView
from relay.schema.document import Json
from relay.schema.openapi import part
from relay.schema.openapi.admin.operation import BAD, STORED, UNKNOWN, limited, operation
from relay.schema.openapi.part import MOMENT, NON_EMPTY, TEXT, in_path, in_query, ref

_BY_FILTER: Final = {"dry_run": True, "destination": "tiktok-main", "reason": "platform_rejected"}
_BY_IDS: Final = {"dry_run": False, "ids": ["17", "18"]}
_BY_EMAIL: Final = {"email": ["b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"]}


def dead_letters() -> Json:
    """Return the operations on events that were not delivered."""
    page = part.response(
        "The dead letters, newest first; `next` is the cursor of the next page.",
        ref(DeadLetterList),
    )
    filters = (
        in_query("id", "The id of a dead letter.", TEXT),
        in_query("event_id", "The id of an event.", TEXT),
        in_query("destination", "The name of a destination.", TEXT),
        in_query(
            "reason", "The reason why the event is dead.", {"enum": list(get_args(DeadReason))}
        ),
        in_query("event", "The standard or custom name of the event.", TEXT),
        in_query(
            "since", "Only events that died at this time or later; with a UTC offset.", MOMENT
        ),
        in_query("until", "Only events that died before this time; with a UTC offset.", MOMENT),
        limited(DEAD_LETTERS),
        in_query("cursor", "The `next` of the previous page.", NON_EMPTY),
    )
    return {
        "/api/v1/dead-letters": {
            "get": operation(
                *("listDeadLetters", "dead letters", "List dead letters", page),
                failures=STORED | BAD,
                parameters=filters,
            )
        },
        "/api/v1/dead-letters/replay": {
            "post": _act("replayDeadLetters", "Send dead letters again", Replay, ReplayResult),
        },
        "/api/v1/dead-letters/drop": {
            "post": _act("dropDeadLetters", "Drop dead letters", Drop, DropResult),
        },
    }


def erasure() -> Json:
    """Return the operation that erases a person."""
    done = part.response(
        "What was erased, and what the platforms had already received.", ref(ForgetResult)
    )
    posted = part.body(
        "Digests as the relay stores them, at least one. `relay forget` computes them.",
        {part.JSON: (_with_any(Forget, Forget.__struct_fields__), {"email": _BY_EMAIL})},
    )
    return {
        "/api/v1/forget": {
            "post": operation(
                *("forgetPerson", "erasure", "Erase a person", done),
                description="Waiting events end as dead with the reason `erased`; stored events "
                "keep only their name, ids, times and the sum of the order. Requests under way are "
                "finished first. Safe to repeat: after a failure, the next one erases the rest.",
                failures=STORED | BAD | {413: "TooLarge"},
                requestBody=posted,
            )
        }
    }


def switches() -> Json:
    """Return the operations that pause and resume a destination."""
    after = part.response("The destination after the change.", ref(DestinationView))
    name = in_path("name", "The name of the destination in the configuration.", NON_EMPTY)
    texts = {
        "pause": ("pauseDestination", "Pause a destination; its events wait on disk"),
        "resume": (
            "resumeDestination",
            "Resume a destination: end any pause or wait, and send at once",
        ),
    }
    return {
        f"/api/v1/destinations/{{name}}/{verb}": {
            "post": operation(
                *(operation_id, "destinations", summary, after),
                failures=STORED | UNKNOWN,
                parameters=(name,),
            )
        }
        for verb, (operation_id, summary) in texts.items()
    }


def _act(name: str, summary: str, wanted: type, result: type) -> Json:
    done = part.response("What was done or, in a dry run, would be done.", ref(result))
    posted = part.body(
        "`ids`, or at least one other condition; a letter must meet all of them.",
        {part.JSON: (_selection(wanted), {"filter": _BY_FILTER, "ids": _BY_IDS})},
    )
    return operation(
        *(name, "dead letters", summary, done),
        failures=STORED | BAD | {413: "TooLarge"},
        requestBody=posted,
    )


def _selection(wanted: type) -> Json:
    """Return the schema of a body that selects dead letters; selecting all is not possible."""
    return _with_any(wanted, ("ids", "destination", "reason", "event", "since", "until"))


def _with_any(wanted: type, names: Iterable[str]) -> Json:
    """Return the schema of a body that needs at least one of some keys."""
    return {"allOf": [ref(wanted)], "anyOf": [{"required": [name]} for name in names]}
