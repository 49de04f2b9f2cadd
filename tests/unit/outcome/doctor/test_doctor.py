"""The doctor finds each problem that is planted in a day of traffic, and nothing in a clean one."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from relay.conversion import Conversion
from relay.identity.digest import digest
from relay.identity.subject import NOBODY
from relay.intake import Intake, Origin, Router, Storage, Window
from relay.outcome.doctor.counts import MAX_VALUES, GroupCounts
from relay.outcome.doctor.detection import MIN_EVENTS
from relay.outcome.doctor.doctor import MAX_GROUPS, Doctor
from relay.outcome.doctor.finding import percent
from relay.outcome.doctor.quality import GroupQuality
from relay.outcome.views.refusal import MAX_LISTED, Refusal, refusals
from tests.bench.corpus import Shop
from tests.given.destination.stub import StubDestination, route_to
from tests.given.journal.recording import RecordingJournal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENTS = 400
Events = list[Any]


def day() -> Events:
    return list(Shop(7, NOW).events(EVENTS))


def taken(events: Events, key: str | None = None, country: str | None = "US") -> list[Conversion]:
    """Return the events as intake makes them."""
    router = Router([route_to(StubDestination())], Window(100_000))
    intake = Intake(router, Storage(router, RecordingJournal()), NOW.timestamp, country)
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
    for event in purchases(events)[::3]:
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


def reused_event_id_without_order(events: Events) -> None:
    for event in purchases(events)[:2]:
        event["event_id"] = "order"
        del event["order"]["order_id"]


def hashed_form(events: Events) -> None:
    for event in purchases(events)[::5]:
        event["user"]["phone"] = digest("+14155552671")


def hashed_otherwise(events: Events) -> None:
    """Every customer comes twice; for the second event the shop has hashed what was typed."""
    for plain, hashed in zip(purchases(events)[::2], purchases(events)[1::2], strict=False):
        plain["user"]["email"] = plain["user"]["email"].lower()
        hashed["user"]["external_id"] = plain["user"]["external_id"]
        hashed["user"]["email"] = digest(plain["user"]["email"].title())


def unusable(events: Events) -> None:
    for event in purchases(events)[::10]:
        event["user"]["email"] = digest("")


def no_value(events: Events) -> None:
    for event in purchases(events)[::4]:
        event["order"]["value"] = 0


def no_currency(events: Events) -> None:
    for event in events:
        if event["event"] == "add_to_cart":
            del event["order"]["currency"]


def rare_currency(events: Events) -> None:
    for event in purchases(events):
        event["order"]["currency"] = "GEL"


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
        if "page" in event:  # they are read from there, too
            event["page"]["url"] = event["page"]["url"].partition("?")[0]


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
        hashed_form,
        hashed_otherwise,
        unusable,
        no_value,
        no_currency,
        rare_currency,
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


def test_a_number_that_needs_its_country_is_not_to_be_sent_as_it_was_entered() -> None:
    """It was: what is missing is the country, and Pinterest took it all the same."""
    doctor = Doctor()
    for event in (events := purchases(day())):
        event["user"] = {"email": event["user"]["email"], "phone": "030 1234567"}
    for each in taken(events, country=None):
        doctor.look(each)
    [found] = [each for each in doctor.findings() if each.code == "unusable"]
    assert found.sentence == (
        f"{len(events):,} events had values of `user.phone` that were sent to Pinterest only: a"
        " national number whose country is not known."
    )
    assert "country code" in found.fix
    assert "as the person entered it" not in found.fix


def test_an_event_with_many_unusable_values_is_one_event() -> None:
    doctor = Doctor()
    for event in (events := purchases(day())):
        event["user"]["phone"] = ["1", "2", "3"]
    for each in taken(events):
        doctor.look(each)
    [found] = [each for each in doctor.findings() if each.code == "unusable"]
    assert (found.count, found.events) == (len(events), len(events))
    assert found.gain <= 1
    [phone] = [it for it in doctor.match()[0].identifiers if it.identifier == "phone"]
    assert [each.count for each in phone.unusable] == [len(events)]


def test_one_repeated_id_is_told_as_well_as_many() -> None:
    events = day()
    reused_event_id(events)
    doctor = Doctor()
    for each in taken(events):
        doctor.look(each)
    [found] = doctor.findings()
    assert found.sentence == (
        "Events with the id of another order: 1; all but the first are skipped."
    )


def test_ids_that_are_used_twice_are_found_by_the_customer_where_no_order_is_named() -> None:
    events = day()
    reused_event_id_without_order(events)
    assert codes(taken(events)) == {"reused_event_id"}


def test_an_event_that_comes_again_is_no_other_order() -> None:
    """Neither word for word, nor from another source that names no order."""
    events = purchases(day())
    again = [{**event, "order": {**event["order"], "order_id": None}} for event in events]
    assert codes(taken([*events, *events, *again])) == set()


def test_an_event_that_comes_again_with_more_about_its_person_is_nobody_elses() -> None:
    event = {**purchases(day())[0], "order": None, "user": {"email": "jane@example.com"}}
    again = {**event, "user": {"email": "jane@example.com", "external_id": "7"}}
    assert codes(taken([event, again])) == set()


def test_a_share_is_one_of_all_events_also_where_few_carry_what_it_is_about() -> None:
    events = purchases(day())[: 2 * MIN_EVENTS]
    for number, event in enumerate(events):
        del event["user"]["user_agent"]
        if number % 2:
            event["user"]["user_agent"] = "Mozilla/5.0 (all the same)"
    doctor = Doctor()
    for each in taken(events):
        doctor.look(each)
    [found] = [each for each in doctor.findings() if each.code == "one_browser"]
    assert found.sentence == "The same browser stands on 50 % of these events."
    assert (found.count, found.events) == (MIN_EVENTS, 2 * MIN_EVENTS)


def test_what_only_a_browser_knows_is_told_of_the_web_alone() -> None:
    events = purchases(day())[: 2 * MIN_EVENTS]
    for event in events[::2]:
        event["action_source"] = "offline"
    no_click_id(events[1::2])
    doctor = Doctor()
    for each in taken(events):
        doctor.look(each)
    [found] = [each for each in doctor.findings() if each.code == "no_click_id"]
    assert found.sentence.startswith("None of these events from the web carry a click id")


def test_whoever_only_looks_around_need_not_say_who_it_is() -> None:
    events = [event for event in day() if event["event"] == "view_content"]
    assert len(events) > MIN_EVENTS
    for event in events:
        for name in ("email", "phone", "external_id"):
            event["user"].pop(name, None)
    assert codes(taken(events)) == set()


def test_what_is_later_than_any_time_zone_lacks_none() -> None:
    """A nightly import knows only the day of each order."""
    events = day()
    for event in events:
        event["event_time"] -= 27 * 3_600
    assert codes(taken(events)) == set()


def test_what_no_browser_sent_lacks_no_click_id() -> None:
    events = purchases(day())
    for event in events:
        event["action_source"] = "offline"
        for name in ("ip", "user_agent", "epik", "ttclid"):
            event["user"].pop(name, None)
    assert codes(taken(events)) == set()


def match(conversions: Sequence[Conversion]) -> list[GroupQuality]:
    doctor = Doctor()
    for each in conversions:
        doctor.look(each)
    return doctor.match()


def test_it_tells_by_name_and_key_what_came_plain_hashed_and_unusable() -> None:
    events: Events = [
        {
            "event": "purchase",
            "event_id": str(number),
            "event_time": NOW.timestamp(),
            "user": {"email": email, "external_id": number, "phone": "7"},
        }
        for number, email in enumerate(["a@example.com", digest("b@example.com"), "nobody", None])
    ]
    [whole] = match(taken(events, "web"))
    email, phone, external_id = whole.identifiers
    assert (whole.event, whole.key, whole.events) == ("purchase", "web", 4)
    assert (email.identifier, email.carried, email.hashed) == ("email", 2, 1)
    assert [(it.reason, it.count) for it in email.unusable] == [
        ("left out: not an e-mail address", 1)
    ]
    assert (phone.carried, [it.count for it in phone.unusable]) == (0, [4])
    assert (external_id.carried, external_id.hashed, external_id.unusable) == (4, 0, ())


def test_an_event_whose_person_was_erased_tells_nothing() -> None:
    events = taken(day())
    erased = [msgspec.structs.replace(event, identity=NOBODY) for event in events]
    assert match(erased) == []
    assert match([*events, *erased]) == match(events)


def test_names_without_end_are_looked_at_together() -> None:
    events = day()
    for number, event in enumerate(events):
        event["event"] = f"made-up-{number}"
    conversions = taken(events)
    keyed = [msgspec.structs.replace(each, key=each.event_id) for each in conversions]
    assert len(match(keyed)) == MAX_GROUPS + 1
    groups = match(conversions)
    assert len(groups) == MAX_GROUPS + 1
    assert (groups[0].event, groups[0].events) == ("custom", EVENTS - MAX_GROUPS)


def test_visitors_without_end_are_counted_in_bounded_memory() -> None:
    """The most frequent one is known all the same."""
    [event, *_] = taken(purchases(day()))
    counts = GroupCounts()
    for number in range(10 + MAX_VALUES):
        address = f"10.1.0.{max(0, number - 9)}"
        identity = msgspec.structs.replace(event.identity, ip=address)
        counts.look(msgspec.structs.replace(event, identity=identity))
    assert counts.addresses.most == 10
    assert len(counts.addresses._counts) == MAX_VALUES // 2


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


def test_what_earns_money_gains_more_than_what_does_not() -> None:
    """All of those who only looked gain as much as half of the purchases would."""
    events = day()
    for event in [*purchases(events)[::3], *(e for e in events if e["event"] == "view_content")]:
        event["user"]["phone"] = digest("+14155552671")
    doctor = Doctor()
    for each in taken(events):
        doctor.look(each)
    [first, second] = doctor.findings()
    assert (first.event, second.event) == ("view_content", "purchase")
    assert first.gain == 0.15
    assert 0.09 < second.gain < 0.11


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


def test_a_share_is_told_as_all_or_nothing_only_if_it_is() -> None:
    shares = (0.0, 0.004, 0.014, 0.5, 0.992, 0.996, 1.0)
    assert [percent(each) for each in shares] == [
        *("0 %", "under 1 %", "1 %", "50 %", "99 %", "over 99 %", "100 %")
    ]


def test_a_finding_tells_of_how_many_events_how_many_it_is_about() -> None:
    events = [event for event in day() if event["event"] == "add_to_cart"]
    no_currency(events)
    no_browser(events)
    conversions, doctor = taken(events), Doctor()
    for each in conversions:
        doctor.look(each)
    count, visits = len(events), [each.action_source for each in conversions].count("web")
    assert {each.code: (each.count, each.events) for each in doctor.findings()} == {
        "no_currency": (count, count),
        "no_browser": (visits, visits),
    }


def test_of_what_is_carried_too_seldom_those_without_it_are_counted() -> None:
    events = purchases(day())
    no_email(events[1 : 3 * len(events) // 4])
    doctor = Doctor()
    for each in taken(events):
        doctor.look(each)
    [found] = doctor.findings()
    lacking = 3 * len(events) // 4 - 1
    assert (found.code, found.count, found.events) == ("no_email", lacking, len(events))


def test_a_few_customers_with_two_addresses_are_no_mistake_of_the_shop() -> None:
    events = day()
    hashed_otherwise(events)
    pairs = list(zip(purchases(events)[::2], purchases(events)[1::2], strict=False))
    for plain, hashed in (pair for at, pair in enumerate(pairs) if at % 4):
        hashed["user"]["email"] = digest(plain["user"]["email"])
    assert codes(taken(events)) == set()


def test_a_few_events_say_nothing() -> None:
    events = day()[:10]
    no_email(events)
    assert codes(taken(events)) == set()


def test_what_was_refused_is_told_whatever_its_place_in_a_list() -> None:
    refused = [Refusal("web", f"order.items[{at}].price", "wrong_type") for at in range(5)]
    [found] = refusals(refused, 95)
    assert (found.code, found.key, found.count, found.gain) == ("rejected", "web", 5, 0.05)
    assert found.events == 100
    assert found.sentence == (
        "5 events were refused at `order.items[].price`: A value has the wrong JSON type."
    )
    assert found.fix.startswith("Send the type that the message names.")


def test_a_refusal_of_the_whole_event_is_told_without_a_place() -> None:
    [found] = refusals([Refusal("", "", "not_json")], 9)
    assert found.sentence == "1 event was refused: This is not readable JSON."


def test_of_many_kinds_of_refusals_the_most_frequent_are_told() -> None:
    refused = [Refusal("", f"key-{at}", "unknown_key") for at in range(100)]
    found = list(refusals([*refused, Refusal("", "key-7", "unknown_key")], 0))
    assert (len(found), found[0].count) == (MAX_LISTED, 2)
