"""The events that come with the relay are good ones, and new at every run."""

import random

import msgspec
import pytest

from relay.cli.sending.demo import MINUTE_S, Shop
from relay.cli.sending.example import example_events, pasteable
from relay.config import parse, sandbox_config
from relay.conversion import Conversion
from relay.delivery import Payload, Skip
from relay.destinations import build, discover
from relay.event import InboundEvent
from relay.intake.convert import convert

NOW_S = 1_790_000_000.0


def converted(line: bytes) -> tuple[Conversion, int]:
    event = msgspec.json.decode(line, type=InboundEvent)
    conversion, warnings = convert(event, source="http", now_s=NOW_S, default_country="US")
    return conversion, len(warnings)


def all_lines() -> list[bytes]:
    dice = random.Random(1)
    return [*example_events("r1", NOW_S), *Shop(dice, "r2", NOW_S).lines(300)]


def test_every_event_is_fresh_whole_and_without_a_warning() -> None:
    for line in all_lines():
        conversion, warning_count = converted(line)

        assert warning_count == 0
        assert NOW_S - 86_400 < conversion.event_time <= NOW_S


def test_no_platform_would_refuse_an_event() -> None:
    destinations = [build(name, config) for name, config in sandbox_config({}).destinations.items()]
    for line in all_lines():
        for destination in destinations:
            assert isinstance(destination.prepare(converted(line)[0]), Payload | Skip)


def test_the_example_shows_all_sources_and_a_person_who_said_no() -> None:
    conversions = [converted(line)[0] for line in example_events("r1", NOW_S)]

    assert {each.action_source for each in conversions} >= {"web", "app_ios", "offline", "crm"}
    assert any(each.advertising_consent is False for each in conversions)


def test_two_runs_share_no_event_id() -> None:
    ids = [converted(line)[0].event_id for run in "ab" for line in example_events(run, NOW_S)]

    assert len(set(ids)) == len(ids)


def test_the_same_seed_makes_the_same_shop_with_other_ids() -> None:
    first, second = (list(Shop(random.Random(7), run, NOW_S).lines(50)) for run in "ab")

    assert [line.replace(b"-a-", b"-b-") for line in first] == second


def test_the_made_up_shop_sells_what_it_says_for_what_it_costs() -> None:
    events = [msgspec.json.decode(line) for line in Shop(random.Random(7), "r", NOW_S).lines(400)]
    orders = [each["order"] for each in events if each["event"] == "purchase"]

    assert len({each["order_id"] for each in orders}) == len(orders) > 20
    for each in orders:
        assert each["value"] == pytest.approx(sum(item["price"] for item in each["items"]))
    assert all(NOW_S - MINUTE_S < each["event_time"] <= NOW_S for each in events)
    assert 0 < sum("consent" in each for each in events) < 40


def test_the_command_to_paste_posts_an_event_of_its_own() -> None:
    command = pasteable("http://127.0.0.1:8080/v1/events", "order-r1-5", NOW_S)

    body = command.partition("-d '")[2].removesuffix("'")
    assert converted(body.encode())[0].event_id == "order-r1-5"
    assert "RELAY_API_KEY" not in command
    assert "$RELAY_API_KEY" in pasteable("http://x", "e", NOW_S, with_key=True)


def test_the_sandbox_runs_with_what_the_example_needs() -> None:
    assert parse("", {}, origin="nothing").destinations == {}
    assert {each.type for each in sandbox_config({}).destinations.values()} == set(discover())
