"""Whatever the schema of an event lets pass, intake refuses only for what no schema can say."""

import asyncio
import json
import re
from typing import Any, Final

import jsonschema
import msgspec
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from relay.intake import Intake, Origin, Router, Storage, Window
from relay.schema.event import event_schema
from relay.schema.examples import VALID
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

EVENT: Final = jsonschema.Draft202012Validator(event_schema())
NUMERALS: Final = st.text("0123456789.-+eE_, \uff11\u0663", max_size=24)
"""What one may write for an amount, and what `Decimal` alone would read as one, too."""

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
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_what_the_schema_lets_pass_is_refused_only_for_what_it_cannot_say(
    case: schemathesis.Case[Any],
) -> None:
    body = json.dumps(told_apart(case.body)).encode()

    taken = asyncio.run(intake().take_json(body, Origin("http")))

    for error in taken.errors:
        found = f"{error.problem.code} {error.problem.path}"
        assert BEYOND_SCHEMAS.fullmatch(found), error.problem.message


@given(NUMERALS, st.sampled_from(["value", "predicted_ltv", "price"]))
@example("1_000", "value")
@example("\uff11\uff12", "price")
@example("-0", "value")
@example("-0", "price")
@example("0000000000000001", "predicted_ltv")
def test_a_text_is_an_amount_to_intake_if_it_is_one_to_the_schema(text: str, key: str) -> None:
    order: dict[str, Any] = {"currency": "USD"}
    order |= {"items": [{"id": "a", key: text}]} if key == "price" else {key: text}
    event = VALID["minimal"] | {"order": order}

    taken = asyncio.run(intake().take_json(json.dumps(event).encode(), Origin("http")))

    assert EVENT.is_valid(event) == (not taken.errors)


@given(st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9].{0,18}", fullmatch=True))
@example("2026-01-01T00:59:55+0100")
@example("2016-12-31T23:59:60Z")
def test_no_text_is_a_time_to_intake_that_is_none_to_the_schema(text: str) -> None:
    event = VALID["minimal"] | {"event_time": text}

    taken = asyncio.run(intake().take_json(json.dumps(event).encode(), Origin("http")))

    assert taken.errors or EVENT.is_valid(event)
