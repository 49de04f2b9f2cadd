"""Every row of the platforms' answer tables can be asked for by name, and looks as it is seen."""

import itertools
import json
from typing import Any

import pytest

from relay.errors import ConfigError
from relay.sandbox.catalogue import ANSWERS, named
from relay.sandbox.platform import Call, Platform
from tests.unit.sandbox.sender import (
    Answered,
    pinterest,
    pinterest_call,
    pinterest_event,
    said,
    tiktok,
    tiktok_call,
    tiktok_event,
)

PINTEREST_ERRORS = [
    ("pinterest-400", 400, 4196),
    ("pinterest-401", 401, 2),
    ("pinterest-401-scope", 401, 3),
    ("pinterest-403", 403, 29),
    ("pinterest-404", 404, 2),
    ("pinterest-408", 408, 0),
    ("pinterest-413", 413, 0),
    ("pinterest-422-no-list", 422, 4200),
    ("pinterest-429", 429, 8),
    ("pinterest-500", 500, 2787),
    ("pinterest-503", 503, 4197),
    ("pinterest-418", 418, 0),
]
"""Without a word on single events; the last one is in no table."""

PINTEREST_RESULTS = [
    ("pinterest-200", 200, ["processed", "processed"]),
    ("pinterest-200-failed", 200, ["failed", "failed"]),
    ("pinterest-200-mixed", 200, ["failed", "processed"]),
    ("pinterest-200-bare", 200, ["processed", "processed"]),
    ("pinterest-200-short", 200, ["processed"]),
    ("pinterest-200-unknown-status", 200, ["queued", "queued"]),
    ("pinterest-207", 207, ["processed", "processed"]),
    ("pinterest-207-mixed", 207, ["failed", "processed"]),
    ("pinterest-422", 422, ["failed", "failed"]),
    ("pinterest-422-top", 422, ["failed", "failed"]),
    ("pinterest-422-mixed", 422, ["failed", "processed"]),
    ("pinterest-422-mixed-top", 422, ["failed", "processed"]),
]

TIKTOK_CODES = [
    *(0, 20001, 40000, 40001, 40002, 40003, 40006, 40007, 40008, 40009, 40010, 40011, 40012),
    *(40013, 40014, 40016, 40050, 40051, 40052, 40053, 40061, 40062, 40063, 40100, 40101),
    *(40102, 40103, 40104, 40105, 40106, 40107, 40108, 40109, 40110, 40112, 40113, 40114),
    *(40115, 40116, 40117, 40118, 40119, 40120, 40121, 40122, 40124, 40125, 40126, 40127),
    *(40128, 40129, 40130, 40131, 40132, 40133, 40200, 40201, 40202, 40300, 40301, 40302),
    *(40309, 40400, 40502, 40700, 40900, *range(40901, 40917), 41000, 41001, 41002, 41013),
    *(50000, 50002, *range(51000, 51100), *range(52000, 52205), 53102, 53103, 60001, 61000),
    *(70001, 40199, 40399, 40999, 59999),
]
"""The last four are in no table, but of a known kind."""

HTTP_STATUSES = [302, 400, 401, 403, 404, 408, 413, 425, 429, 500, 502, 503, 504]


@pytest.mark.parametrize(("name", "status", "code"), PINTEREST_ERRORS)
def test_each_refusal_of_pinterest_has_its_status_and_code(
    name: str, status: int, code: int
) -> None:
    answer = asked(name)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "events" not in answer.body
    assert set(answer.fates) <= {"refused", "turned_away"}


@pytest.mark.parametrize(("name", "status", "statuses"), PINTEREST_RESULTS)
def test_each_list_of_results_of_pinterest(name: str, status: int, statuses: list[str]) -> None:
    answer = asked(name)
    results = answer.body.get("details") or answer.body
    assert answer.status == status
    assert [result["status"] for result in results["events"]] == statuses
    assert results["num_events_received"] == 2
    assert results["num_events_processed"] == statuses.count("processed")


def test_pinterest_says_more_about_access_than_about_the_rest() -> None:
    assert asked("pinterest-401").body["status"] == "failure"
    assert "status" not in asked("pinterest-429").body


def test_results_can_lack_their_optional_keys() -> None:
    assert asked("pinterest-200-bare").body["events"] == [{"status": "processed"}] * 2


def test_the_results_of_a_422_stand_in_either_place() -> None:
    assert "events" in asked("pinterest-422").body["details"]
    assert "events" in asked("pinterest-422-top").body


def test_each_code_of_tiktok_comes_in_its_envelope() -> None:
    for code in TIKTOK_CODES:
        answer = asked(f"tiktok-{code}")
        assert answer.body["code"] == code
        assert answer.body.keys() == {"code", "message", "request_id", "data"}
        assert answer.status == (401 if code in {40100, 40104} else 200)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tiktok-40000-indexed", "data.0.event_time"),
        ("tiktok-40002-indexed", "data.0.event_id"),
        ("tiktok-40002-batch", "Batch.0.properties.contents.0.content_id: Not a valid string"),
        ("tiktok-40002-unindexed", "Invalid value for event_id: not a valid string."),
        ("tiktok-40002-source-id", "event_source_id"),
        ("tiktok-40002-test-code", "test_event_code"),
        ("tiktok-40002-batch-size", "batch size"),
        ("tiktok-40062-indexed", "data.0.user.email"),
        ("tiktok-40700-indexed", "data.0.event"),
    ],
)
def test_each_way_to_name_a_bad_event(name: str, message: str) -> None:
    assert message in asked(name).body["message"]


def test_a_partial_success_lists_the_failed_events_if_asked_to() -> None:
    answer = asked("tiktok-20001-failed-events")
    assert answer.body["data"]["failed_events"][0]["order_in_batch"] == 0
    assert answer.fates == ["refused", "accepted"]
    assert asked("tiktok-20001").body["data"] == {}


@pytest.mark.parametrize("status", HTTP_STATUSES)
def test_each_http_status_comes_as_a_gateways_page(status: int) -> None:
    answer = asked(f"tiktok-http-{status}")
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.body.startswith("<html>")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("pinterest-502", 502),
        ("pinterest-504", 504),
        ("pinterest-200-html", 200),
        ("tiktok-200-html", 200),
    ],
)
def test_a_page_can_come_with_any_status(name: str, status: int) -> None:
    answer = asked(name)
    assert answer.status == status
    assert answer.body.startswith("<html>")


def test_a_success_can_be_empty_or_without_a_code() -> None:
    assert asked("pinterest-200-empty").body == ""
    assert asked("tiktok-200-empty").body == ""
    assert asked("tiktok-200-no-code").body == {"message": "OK"}


@pytest.mark.parametrize("name", ["", "pinterest", "tiktok-1", "pinterest-999", "tiktok-http-99"])
def test_a_name_that_means_nothing_is_an_error(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown name"):
        named(name)


def test_the_sum_of_fates_is_the_number_of_events() -> None:
    for answer, count in itertools.product(ANSWERS.values(), (0, 1, 3)):
        assert len(answer.fates(count)) == count


def test_every_answer_with_a_name_can_be_given() -> None:
    for name in ANSWERS:
        answer = asked(name)
        assert answer.status == ANSWERS[name].status
        json.dumps(answer.body)


def asked(name: str) -> Answered:
    """Return the named answer to a request of two good events."""
    answer = named(name)
    platform, call = sender(name.partition("-")[0])
    return said(platform.act(answer, platform.read(call), None), notes=[], paths=[])


def sender(platform: str) -> tuple[Platform, Call]:
    if platform == "pinterest":
        return pinterest(), pinterest_call(*two(pinterest_event))
    return tiktok(), tiktok_call(*two(tiktok_event))


def two(event: Any) -> list[Any]:
    return [event("order-1"), event("order-2")]
