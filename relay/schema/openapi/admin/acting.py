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
from relay.schema.openapi.admin.operation import BAD, STORED, TEXT, UNKNOWN, limited, operation
from relay.schema.openapi.part import in_path, in_query, ref

_MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_BY_FILTER: Final = {"dry_run": True, "destination": "tiktok-main", "reason": "platform_rejected"}
_BY_IDS: Final = {"dry_run": False, "ids": ["17", "18"]}
_BY_EMAIL: Final = {"email": ["b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"]}


def dead_letters() -> Json:
    """Return the operations on events that were not delivered."""
    page = part.response(
        "Newest first; `next` is the cursor of the next page.", ref(DeadLetterList)
    )
    filters = (
        in_query("id", "Id of a dead letter.", TEXT),
        in_query("event_id", "Id of an event.", TEXT),
        in_query("destination", "Name of a destination.", TEXT),
        in_query("reason", "Why it is dead.", {"enum": list(get_args(DeadReason))}),
        in_query("event", "Standard or custom name of the event.", TEXT),
        in_query("since", "Dead at this moment or later; with an offset.", _MOMENT),
        in_query("until", "Dead before this moment; with an offset.", _MOMENT),
        limited(DEAD_LETTERS),
        in_query("cursor", "The `next` of the page before.", {"type": "string", "minLength": 1}),
    )
    return {
        "/api/v1/dead-letters": {
            "get": operation(
                *("listDeadLetters", "dead letters", "What needs somebody", page),
                failures=STORED | BAD,
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


def erasure() -> Json:
    """Return the operation that erases a person."""
    done = part.response(
        "What was erased, and what the platforms have got before.", ref(ForgetResult)
    )
    posted = part.body(
        "Digests as the relay stores them; one at least. `relay forget` makes them.",
        {part.JSON: (_with_any(Forget, Forget.__struct_fields__), {"email": _BY_EMAIL})},
    )
    return {
        "/api/v1/forget": {
            "post": operation(
                *("forgetPerson", "erasure", "Erase a person", done),
                description="What waits is dead as `erased`; of stored events only name, ids, "
                "times and the sum of the order stay. What is in a request is finished first. May "
                "be repeated: after a failure, the next request erases the rest.",
                failures=STORED | BAD | {413: "TooLarge"},
                requestBody=posted,
            )
        }
    }


def switches() -> Json:
    """Return the operations that pause and resume a destination."""
    after = part.response("The destination afterwards.", ref(DestinationView))
    name = in_path("name", "As configured.", {"type": "string", "minLength": 1})
    texts = {
        "pause": ("pauseDestination", "Stop sending; events wait on disk"),
        "resume": ("resumeDestination", "End any pause or wait, and try at once"),
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
    done = part.response("What was done, or in a dry run would be.", ref(result))
    posted = part.body(
        "`ids`, or at least one of the other conditions; all of them hold together.",
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
