"""The doctor finds each problem that is planted in a day of traffic, and nothing in a clean one."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from relay.conversion import Conversion
from relay.intake import Intake, Origin, Route, Router, Storage, Window
from relay.outcome.doctor import Doctor
from relay.outcome.refusal import Refused, refusals
from tests.bench.corpus import Shop
from tests.recording_journal import RecordingJournal
from tests.stub_destination import StubDestination

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENTS = 400
Events = list[Any]


def day() -> Events:
    return list(Shop(7, NOW).events(EVENTS))


def taken(events: Events, key: str | None = None) -> list[Conversion]:
    """Return the events as intake makes them."""
    router = Router([Route(StubDestination())], Window(100_000))
    intake = Intake(router, Storage(router, RecordingJournal()), NOW.timestamp, "US")
    body = msgspec.json.encode(events)
    found = asyncio.run(intake.take_json(body, Origin("http", key)))
    assert not found.errors
    return [entry.conversion for entry in found.entries]


def codes(conversions: Sequence[Conversion]) -> set[str]:
    doctor = Doctor()
    for each in conversions:
        doctor.look(each)
    return {finding.code for finding in doctor.findings()}


def test_a_clean_day_has_nothing_to_mend() -> None:
    assert codes(taken(day())) == set()


def purchases(events: Events) -> Events:
    return [event for event in events if event["event"] == "purchase"]


def one_person(events: Events) -> None:
    for event in purchases(events)[::2]:
        event["user"]["email"] = "shop@shop.example"


def own_address(events: Events) -> None:
    for event in events:
        event["user"]["ip"] = "203.0.114.9"


def one_browser(events: Events) -> None:
    for event in events:
        event["user"]["user_agent"] = "Mozilla/5.0 (all the same)"


def server_agent(events: Events) -> None:
    for event in events[::10]:
        event["user"]["user_agent"] = "python-requests/2.32"


def reused_event_id(events: Events) -> None:
    for event in purchases(events)[:2]:
        event["event_id"] = "order"


def no_value(events: Events) -> None:
    for event in purchases(events)[::4]:
        event["order"]["value"] = 0


def no_currency(events: Events) -> None:
    for event in events:
        if event["event"] == "add_to_cart":
            del event["order"]["currency"]


def time_zone(events: Events) -> None:
    for event in events:
        event["event_time"] -= 5 * 3_600


def no_email(events: Events) -> None:
    for event in events:
        del event["user"]["email"]


def no_click_id(events: Events) -> None:
    for event in events:
        event["user"].pop("epik", None)
        event["user"].pop("ttclid", None)


def no_browser(events: Events) -> None:
    for event in events:
        del event["user"]["ip"]


@pytest.mark.parametrize(
    "plant",
    [
        one_person,
        own_address,
        one_browser,
        server_agent,
        reused_event_id,
        no_value,
        no_currency,
        time_zone,
        no_email,
        no_click_id,
        no_browser,
    ],
)
def test_what_is_planted_is_found_and_nothing_else(plant: Callable[[Events], None]) -> None:
    events = day()
    plant(events)
    assert codes(taken(events)) == {plant.__name__}


def test_the_greatest_gain_stands_first_and_names_the_key() -> None:
    good, bad = day(), day()
    no_email(bad)
    no_value(bad)
    doctor = Doctor()
    for each in (*taken(good, "web"), *taken(bad, "till")):
        doctor.look(each)
    findings = doctor.findings()
    assert [each.gain for each in findings] == sorted((e.gain for e in findings), reverse=True)
    assert {each.key for each in findings if each.code != "reused_event_id"} == {"till"}
    assert findings[0].code == "no_email"


def test_no_value_of_an_event_is_in_a_finding() -> None:
    events = day()
    one_person(events)
    own_address(events)
    doctor = Doctor()
    conversions = taken(events)
    for each in conversions:
        doctor.look(each)
    text = msgspec.json.encode(doctor.findings()).decode()
    for each in conversions:
        assert each.identity.email_compact[0] not in text
        assert str(each.identity.ip) not in text


def test_a_few_events_say_nothing() -> None:
    events = day()[:10]
    no_email(events)
    assert codes(taken(events)) == set()


def test_what_was_refused_or_left_out_is_told() -> None:
    found = list(refusals({("order.currency", "missing"): 5}, [Refused("phone", "blank", 3)], 95))
    assert [(each.code, each.count, each.gain) for each in found] == [
        ("rejected", 5, 0.05),
        ("unusable", 3, 0.0158),
    ]
