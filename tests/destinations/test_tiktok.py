"""TikTok, case by case. The cases are JSON, to be read and added to without reading this file.

A mapping case changes the plain web purchase below and says what TikTok gets: `sends` is the whole
event, `sends_with` single values by dotted path (null: left out), `skipped` and `dead` the reason.
An answer case is what TikTok answers to a request of three events (or `events`), and what it means.
`sha256:TEXT` stands for the digest of TEXT.
"""

from typing import Any

import pytest

from relay.config import TikTokConfig
from relay.delivery import HttpResponse
from relay.destinations.tiktok import TikTok
from relay.destinations.tiktok.answer_code import BY_CODE, BY_STATUS, row_of
from tests.destinations.case import (
    MEANS_NOTHING,
    assert_prepared,
    conversion_of,
    meaning,
    read,
    response_of,
)

SETTINGS: dict[str, Any] = {
    "pixel_code": "C4K6A3Q2NE1S77JXXXXX",
    "app_id": "7000000000000000001",
    "offline_event_set_id": "7000000000000000002",
    "crm_event_set_id": "7000000000000000003",
}
PURCHASE: dict[str, Any] = {
    "page_url": "https://shop.example/",
    "identity": {"email_trimmed": ["sha256:jane@example.com"]},
}
MAPPING_CASES = read("tiktok", "event_names", "event_sources", "persons", "orders")
ANSWER_CASES = read("tiktok", "answers_by_code", "answers_without_code")


@pytest.mark.parametrize("case", MAPPING_CASES)
def test_mapping(case: dict[str, Any]) -> None:
    """The event reaches TikTok as the case says, or stays here for the reason that it names."""
    prepared = destination(case.get("settings", {})).prepare(
        conversion_of(PURCHASE | case["event"])
    )
    assert_prepared(prepared, case)


@pytest.mark.parametrize("case", ANSWER_CASES)
def test_answer(case: dict[str, Any]) -> None:
    """TikTok's answer means what the case says, and nothing else."""
    answer = destination({}).answer(response_of(case), case.get("events", 3))
    assert meaning(answer) == {**MEANS_NOTHING, **case["means"]}
    body = case.get("body", {})
    assert answer.http_status == case.get("status", 200)
    assert (answer.code, answer.message) == (str(body.get("code", "")), body.get("message", ""))
    assert answer.request_id == body.get("request_id", "")


def test_a_message_that_was_cut_through_a_letter_counts_all_the_same() -> None:
    """It quotes what a shop sent, an emoji too, and no event is tried again for days over it."""
    body = rb'{"code": 40002, "message": "Invalid value for data.1.properties.description: \ud83c"}'
    answer = destination({}).answer(HttpResponse(200, {}, body), 3)
    assert (answer.kind, answer.culprits) == ("refused", (1,))
    assert answer.message.endswith(": \ufffd")


def test_every_row_of_the_tables_has_a_case() -> None:
    """A code that TikTok adds cannot slip in without saying what an operator will see."""
    cases = [parameter.values[0] for parameter in ANSWER_CASES]
    codes = {row_of(case["body"]["code"], BY_CODE) for case in cases if "body" in case}
    statuses = {row_of(case["status"], BY_STATUS) for case in cases if "text" in case}
    assert codes == set(BY_CODE)
    assert statuses == set(BY_STATUS)


def destination(settings: dict[str, Any]) -> TikTok:
    return TikTok("tiktok-main", TikTokConfig(**(SETTINGS | settings)))
