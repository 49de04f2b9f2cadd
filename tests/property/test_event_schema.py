"""Whatever the schema of an event lets pass, intake refuses only for what no schema can say."""

import asyncio
import json
import re
from typing import Any, Final

import msgspec
import schemathesis
from hypothesis import HealthCheck, given, settings

from relay.intake import Intake, Origin, Router, Storage, Window
from relay.schema.openapi import producers_document
from tests.given.journal.recording import RecordingJournal

NOW_S: Final = 1_800_000_000.0
BEYOND_SCHEMAS: Final = re.compile(
    r"no_identifier user"
    r"|future event_time"
    r"|(invalid_value|out_of_range) event_time"
    r"|invalid_value (order\.currency|destinations\[\d+\])"
)
"""Code and path: a time of no calendar, a currency of no country, a name of no destination."""

document = schemathesis.openapi.from_dict(msgspec.json.decode(producers_document()))
posted = document["/v1/events"]["POST"].as_strategy(
    generation_mode=schemathesis.GenerationMode.POSITIVE
)


def intake() -> Intake:
    router = Router([], Window(10))
    return Intake(router, Storage(router, RecordingJournal()), lambda: NOW_S)


def told_apart(value: Any) -> Any:
    """Return a value without what schemas and intake see with other eyes.

    To a schema `1.0` is an integer, to intake it is none; and intake counts decimals.
    """
    if isinstance(value, dict):
        return {key: told_apart(part) for key, part in value.items()}
    if isinstance(value, list):
        return [told_apart(part) for part in value]
    if not isinstance(value, float):
        return value
    short = round(value, 12)
    return int(short) if short.is_integer() else short


@given(posted.filter(lambda case: case.media_type == "application/json"))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_the_schema_lets_pass_is_refused_only_for_what_it_cannot_say(
    case: schemathesis.Case[Any],
) -> None:
    body = json.dumps(told_apart(case.body)).encode()

    taken = asyncio.run(intake().take_json(body, Origin("http")))

    for error in taken.errors:
        found = f"{error.problem.code} {error.problem.path}"
        assert BEYOND_SCHEMAS.fullmatch(found), error.problem.message
