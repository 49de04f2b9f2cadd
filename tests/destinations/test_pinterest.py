"""Pinterest, case by case. The cases are JSON, to be read and added to without reading this file.

A mapping case changes the plain web purchase of `case.py` and says what Pinterest gets:
`sends` is the whole event, `sends_with` single values by dotted path (null: left out), `skipped`
and `dead` the reason. An answer case is what Pinterest answers to a request of `events` (3) events,
and what it means. Whatever is sent in any case fits Pinterest's own schema.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from relay.config import PinterestConfig
from relay.delivery import HttpResponse
from relay.destinations.pinterest import Pinterest
from relay.destinations.pinterest.answer_case import CASES
from relay.destinations.pinterest.mapping import EVENT_NAMES
from relay.event_name import STANDARD_NAMES
from tests.destinations.case import (
    DESTINATIONS,
    MEANS_NOTHING,
    assert_prepared,
    conversion_of,
    meaning,
    read,
    response_of,
)
from tests.destinations.openapi import validator

SCHEMA = DESTINATIONS / "pinterest" / "openapi-5.23.0.json"
SETTINGS: dict[str, Any] = {"ad_account_id": "549755885175", "token": "env:PINTEREST_TOKEN"}
NO_CHANGE: Mapping[str, Any] = MappingProxyType({})
MAPPING_CASES = read("pinterest", "event_names", "events", "persons", "orders")
ANSWER_CASES = read("pinterest", "answers_per_event", "answers_by_status")
DOCUMENTED_CASES = [each for each in ANSWER_CASES if each.values[0].get("documented")]


@pytest.mark.parametrize("case", MAPPING_CASES)
def test_mapping(case: dict[str, Any]) -> None:
    """The event reaches Pinterest as the case says, or stays here for the reason that it names."""
    prepared = destination(case.get("settings", {})).prepare(conversion_of(case["event"]))
    sent = assert_prepared(prepared, case)
    if sent is not None:
        validator(SCHEMA, "ConversionEvents").validate({"data": [sent]})


@pytest.mark.parametrize("case", ANSWER_CASES)
def test_answer(case: dict[str, Any]) -> None:
    """Pinterest's answer means what the case says, and nothing else."""
    answer = destination().answer(response_of(case), case.get("events", 3))
    means = dict(case["means"])
    words = [answer.code, answer.message, answer.request_id]
    assert words == [means.pop(key, "") for key in ("code", "message", "request_id")]
    reasons = [[verdict.code, verdict.message] for verdict in answer.verdicts if verdict.code]
    assert reasons == means.pop("reasons", [])
    assert answer.http_status == case["status"]
    assert meaning(answer) == {**MEANS_NOTHING, **means}


@pytest.mark.parametrize(("status", "shape"), [(200, b"%b"), (422, b'{"details": %b}')])
def test_a_message_that_was_cut_through_a_letter_counts_all_the_same(
    status: int, shape: bytes
) -> None:
    """It quotes what a shop sent, an emoji too, and what was taken is not sent again over it."""
    body = (
        rb'{"num_events_received": 2, "num_events_processed": 1, "events": ['
        rb'{"status": "processed", "warning_message": "odd: \ud83c"},'
        rb'{"status": "failed", "error_message": "bad: \ud83c"}]}'
    )
    answer = destination().answer(HttpResponse(status, {}, shape % body), 2)
    assert [verdict.outcome for verdict in answer.verdicts] == ["delivered", "invalid"]
    assert answer.verdicts[1].message == "bad: \ufffd"


@pytest.mark.parametrize("case", DOCUMENTED_CASES)
def test_a_documented_answer_fits_the_schema_that_pinterest_publishes(case: dict[str, Any]) -> None:
    """The other cases are what gateways and newer versions answer."""
    validator(SCHEMA, "ConversionApiResponse").validate(case["body"])


def test_every_status_in_the_table_has_a_case() -> None:
    """A status that is added says what an operator will see."""
    assert {param.values[0]["status"] for param in ANSWER_CASES} >= set(CASES)


def test_every_standard_name_has_a_case() -> None:
    """A standard name that is added is mapped, or left out on purpose."""
    names = {param.values[0]["event"].get("event") for param in MAPPING_CASES}
    assert names >= STANDARD_NAMES
    assert STANDARD_NAMES - EVENT_NAMES.keys() == {"download"}


def destination(settings: Mapping[str, Any] = NO_CHANGE) -> Pinterest:
    return Pinterest("pinterest-main", PinterestConfig(**{**SETTINGS, **settings}))
