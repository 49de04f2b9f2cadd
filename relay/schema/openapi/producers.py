"""The port for producers: `POST /v1/events` and its other paths.

The paths for existing clients are in `relay.schema.openapi.clients`.
"""

import json
from typing import Final

from relay.event import InboundEvent
from relay.intake.split import MAX_EVENTS
from relay.schema.document import Json
from relay.schema.event import event_components
from relay.schema.examples import VALID
from relay.schema.openapi import clients, part
from relay.schema.openapi.clients import client_paths, client_responses, client_schemas
from relay.schema.openapi.part import RETRY_AFTER, TEMPLATE, ref
from relay.sources.answer import Answer, Caller

DESCRIPTION: Final = """\
Post conversions here. `202` means that every accepted event is on durable storage; from there it
goes to each configured platform.

Each event is accepted or rejected on its own: one bad event never sinks its batch. Posting an event
again is harmless, since the relay skips events that it has already accepted, by `event` and
`event_id`.

On `429` and `503` nothing was accepted: wait for `Retry-After` seconds, then post the same body
again. Any other path is answered `404`, any other method `405` with `Allow`, in the shape of the
path's other refusals.\
"""

POSTED: Final = """\
The body is UTF-8; a byte-order mark is ignored. `Content-Encoding: gzip` is accepted, and a missing
`Content-Type` is read as JSON. The body may have up to 5 MiB, compressed and decompressed, unless
the relay is configured otherwise.\
"""

_NDJSON: Final = "application/x-ndjson"
_FAILURES: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    429: "RateLimited",
}


def producers() -> Json:
    """Return the document."""
    return part.document(
        "Conversion relay, for producers",
        DESCRIPTION,
        paths={
            "/v1/events": {"post": _post_events()},
            "/v1/auth/test": {"get": _auth_test()},
            "/openapi.json": {"get": _openapi()},
            **client_paths(),
        },
        parts={
            "schemas": {
                **event_components(TEMPLATE),
                **_envelope(),
                **part.answers([Answer, Caller]),
                **client_schemas(),
            },
            "responses": _responses() | client_responses(),
            "securitySchemes": SECURITY_SCHEMES | clients.SECURITY_SCHEMES,
        },
        tags=["events", "clients", "meta"],
    )


SECURITY_SCHEMES: Final[Json] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A producer key's token."},
    "key": {"type": "apiKey", "in": "header", "name": "relay-api-key"},
    "secret": {"type": "apiKey", "in": "header", "name": "relay-api-secret"},
}
_SECURITY: Final[list[Json]] = [{}, {"bearer": []}, {"key": [], "secret": []}]
"""No credential is needed as long as there are no keys, which is possible on loopback only."""


def _post_events() -> Json:
    taken = part.response(
        "At least one event was accepted, and all accepted ones are on durable storage.",
        ref(Answer),
        examples={"all": _ALL_TAKEN, "some": _SOME_TAKEN},
    )
    none_taken = part.response(
        "No event was accepted. A body that cannot be read at all has one error, `not_json`, with "
        "`index` null.",
        ref(Answer),
        examples={"none": _NONE_TAKEN, "unreadable": _UNREADABLE},
    )
    failures = dict(sorted({**_FAILURES, **clients.SHARED}.items()))
    return {
        "operationId": "postEvents",
        "tags": ["events"],
        "summary": "Post conversions",
        "security": _SECURITY,
        "requestBody": part.body(POSTED, {part.JSON: _json_body(), _NDJSON: _ndjson_body()}),
        "responses": {"202": taken, "400": none_taken, **part.shared(failures)},
    }


def _json_body() -> tuple[Json, Json]:
    """Return the three forms of a JSON body, with an example of each."""
    event = VALID["minimal"]
    forms = [ref(InboundEvent), _events(), {"$ref": TEMPLATE.format(name="Envelope")}]
    examples = {"single": event, "array": [event, VALID["signup"]], "envelope": {"events": [event]}}
    return {"anyOf": forms}, examples


def _ndjson_body() -> tuple[Json, Json]:
    lines = [json.dumps(VALID[name]) for name in ("minimal", "signup")]
    schema = {"type": "string", "description": "One event per line; blank lines are skipped."}
    return schema, {"lines": "\n".join(lines)}


def _events() -> Json:
    return {"type": "array", "items": ref(InboundEvent), "minItems": 1, "maxItems": MAX_EVENTS}


def _envelope() -> Json:
    return {
        "Envelope": {
            "type": "object",
            "properties": {"events": _events()},
            "required": ["events"],
            "additionalProperties": False,
        }
    }


def _auth_test() -> Json:
    caller = part.response(
        "Who the caller is. The request does not count as a use of the key.", ref(Caller)
    )
    return {
        "operationId": "testKey",
        "tags": ["meta"],
        "summary": "Test a key",
        "security": _SECURITY,
        "responses": {"200": caller, **part.shared(_FAILURES)},
    }


def _openapi() -> Json:
    return {
        "operationId": "readOpenapi",
        "tags": ["meta"],
        "summary": "Read this document",
        "security": [{}],
        "responses": {"200": part.response("The OpenAPI document.", {"type": "object"})},
    }


def _responses() -> Json:
    """Return the answers which say that nothing was accepted."""
    texts: dict[str, tuple[str, Json]] = {
        "Unauthorized": (
            "The key is missing, unknown, revoked or expired.",
            {"WWW-Authenticate": clients.CHALLENGE},
        ),
        "Forbidden": ("The key lacks the scope or is used up; without keys, a foreign page.", {}),
        "TooSlow": ("The body did not arrive in time.", {}),
        "TooLarge": (f"The body is too large, or holds more than {MAX_EVENTS} events.", {}),
        "UnsupportedMediaType": ("The body is neither JSON nor NDJSON, plain or as gzip.", {}),
        "RateLimited": ("The key is over its rate.", {"Retry-After": RETRY_AFTER}),
        "Unavailable": (
            (
                "No events can be accepted now: the disk or journal is full, too many connections "
                "or large bodies are there at once, or the relay is stopping."
            ),
            {"Retry-After": RETRY_AFTER},
        ),
    }
    return {
        name: part.response(text, ref(Answer), headers=headers)
        for name, (text, headers) in texts.items()
    }


_TYPO: Final[Json] = {
    "index": 1,
    "event_id": "order-1002",
    "code": "unknown_key",
    "path": "user.emial",
    "message": "This key is not known here; check its spelling.",
}
_ALL_TAKEN: Final[Json] = {"accepted": 2, "rejected": 0, "errors": [], "warnings": []}
_SOME_TAKEN: Final[Json] = {"accepted": 1, "rejected": 1, "errors": [_TYPO], "warnings": []}
_NONE_TAKEN: Final[Json] = {
    "accepted": 0,
    "rejected": 1,
    "errors": [_TYPO | {"index": 0}],
    "warnings": [],
}
_UNREADABLE: Final[Json] = {
    "accepted": 0,
    "rejected": 0,
    "errors": [
        {
            "index": None,
            "event_id": None,
            "code": "not_json",
            "path": "",
            "message": "The list holds no event.",
        }
    ],
    "warnings": [],
}
