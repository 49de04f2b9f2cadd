"""What the journal tells of one event, from every constellation of rows that it may leave."""

from collections.abc import Sequence

import pytest

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import decode_group, entry_of
from relay.journal.entry import Passed
from relay.journal.find.lookup import MAX_FOUND, Kind, Place, Run, store
from relay.journal.find.timeline import find
from relay.journal.report import Delivery
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, Seed


def deliveries(seed: Seed, event_id: str, held: Sequence[Place] = ()) -> dict[str, Delivery]:
    """Return the deliveries of the only event with this id."""
    (found,) = find(seed.connection, Kind.EVENT, event_id, held, DESTINATIONS)
    return {delivery.destination: delivery for delivery in found.deliveries}


def state(delivery: Delivery) -> tuple[str, str | None, str]:
    return delivery.state, delivery.reason, delivery.message


def index(seed: Seed) -> None:
    """Put everything in the log into a look-up run."""
    rows = seed.connection.execute("SELECT lane, first, entries FROM log ORDER BY id").fetchall()
    for lane, first, data in rows:
        run = Run(Lane(lane), first)
        run.add(decode_group(data))
        store(seed.connection, run)


def test_what_lies_before_the_cursor_is_delivered_and_what_lies_after_it_waits(seed: Seed) -> None:
    place = seed.group(entry("a"), entry("b"))
    seed.cursor(PINTEREST, 2)
    seed.receipt(PINTEREST, place, 1)
    seed.cursor(TIKTOK, 1)
    seed.receipt(TIKTOK, place, 0)
    found = deliveries(seed, "b", [Place(place.lane, 1)])
    assert state(found[PINTEREST]) == ("delivered", None, "")
    assert state(found[TIKTOK]) == ("pending", None, "")


def test_what_is_settled_ahead_of_the_cursor_is_delivered(seed: Seed) -> None:
    seed.group(*(entry(f"e{at}") for at in range(5)))
    seed.cursor(PINTEREST, 0, ahead=[(2, 3)])
    seed.receipt(PINTEREST, Place(Lane.MONEY, 2), 3)
    states = [
        deliveries(seed, f"e{at}", [Place(Lane.MONEY, at)])[PINTEREST].state for at in range(5)
    ]
    assert states == ["pending", "pending", "delivered", "delivered", "pending"]


def test_an_event_that_was_skipped_says_why_and_shows_no_request_that_ran_over_it(
    seed: Seed,
) -> None:
    skipped = entry_of(conversion("b"), {PINTEREST: Passed("skipped", "no_consent")})
    place = seed.group(entry("a"), skipped, entry("c"))
    seed.cursor(PINTEREST, 3)
    seed.receipt(PINTEREST, place, 2)
    found = deliveries(seed, "b", [Place(Lane.MONEY, 1)])[PINTEREST]
    assert state(found) == ("skipped", "no_consent", "")
    assert found.attempt_count == 0
    assert not found.attempts


def test_a_dead_event_says_why(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 1)
    seed.dead(PINTEREST, place, entry("a"), "platform_rejected", message="no such currency")
    found = deliveries(seed, "a", [place])[PINTEREST]
    assert state(found) == ("dead", "platform_rejected", "no such currency")


def test_an_event_that_waits_for_a_retry_is_pending_though_the_cursor_has_passed(
    seed: Seed,
) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 1)
    seed.retry(PINTEREST, place, entry("a"), message="try again")
    assert state(deliveries(seed, "a", [place])[PINTEREST]) == ("pending", None, "try again")


def test_an_event_that_waits_says_what_its_last_attempt_was_told(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 0)
    seed.receipt(PINTEREST, place, 0, "throttled", message="slow down")
    assert state(deliveries(seed, "a", [place])[PINTEREST]) == ("pending", None, "slow down")


DEAD_ON_ARRIVAL = entry_of(conversion("b"), {PINTEREST: Passed("dead", "expired", "too old")})


def test_an_event_that_was_dead_on_arrival_stays_dead_for_whatever_ran_over_it(seed: Seed) -> None:
    place = seed.group(entry("a"), DEAD_ON_ARRIVAL, entry("c"))
    seed.cursor(PINTEREST, 3)
    seed.receipt(PINTEREST, place, 2)
    found = deliveries(seed, "b", [Place(Lane.MONEY, 1)])[PINTEREST]
    assert state(found) == ("dead", "expired", "too old")


def test_an_event_that_was_dead_on_arrival_is_delivered_once_its_replay_was_sent(
    seed: Seed,
) -> None:
    seed.group(entry("a"), DEAD_ON_ARRIVAL)
    seed.cursor(PINTEREST, 0)
    place = Place(Lane.MONEY, 1)
    seed.receipt(PINTEREST, place, 1)
    found = deliveries(seed, "b", [place])[PINTEREST]
    assert (found.state, found.attempt_count) == ("delivered", 1)


def test_a_destination_that_came_later_or_was_gone_has_nothing_to_tell(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 1, start=1)
    seed.cursor("gone", 0, until=0)
    seed.cursor("back", 1)
    seed.cursor("left", 1, until=1)
    seed.receipt("left", place, 0)
    seed.cursor("left-waiting", 0, until=1)
    found = deliveries(seed, "a", [place])
    assert {name: each.state for name, each in found.items()} == {
        "left": "delivered",
        "left-waiting": "pending",
    }


def test_deliveries_come_in_the_order_of_the_configuration(seed: Seed) -> None:
    seed.group(entry("a"))
    for name in ("another", TIKTOK, PINTEREST):
        seed.cursor(name, 0)
    found = deliveries(seed, "a", [Place(Lane.MONEY, 0)])
    assert list(found) == [PINTEREST, TIKTOK, "another"]


def test_all_attempts_count_and_the_last_twenty_are_told_oldest_first(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 0)
    for at in range(25):
        seed.receipt(PINTEREST, place, 0, "transient", at_ms=NOW_MS + at)
    found = deliveries(seed, "a", [place])[PINTEREST]
    assert found.attempt_count == 25
    assert [attempt.at_ms - NOW_MS for attempt in found.attempts] == list(range(5, 25))


def test_in_a_request_of_mixed_fate_each_event_is_told_its_own(seed: Seed) -> None:
    place = seed.group(entry("good"), entry("bad"))
    seed.cursor(PINTEREST, 2)
    seed.receipt(
        *(PINTEREST, place, 1, "partial"),
        message="1 of 2",
        exceptions=[(0, 1, "invalid", "17", "bad currency")],
    )
    (good,) = deliveries(seed, "good", [place])[PINTEREST].attempts
    (bad,) = deliveries(seed, "bad", [Place(Lane.MONEY, 1)])[PINTEREST].attempts
    assert (good.outcome, good.code, good.message) == ("ok", "", "")
    assert (bad.outcome, bad.code, bad.message) == ("invalid", "17", "bad currency")


def test_a_wide_request_is_found_from_each_of_its_events(seed: Seed) -> None:
    place = seed.group(*(entry(f"e{at}") for at in range(1_000)))
    seed.cursor(PINTEREST, 1_000)
    seed.receipt(PINTEREST, place, 999)
    for at in (0, 1, 500, 999):
        found = deliveries(seed, f"e{at}", [Place(Lane.MONEY, at)])
        assert found[PINTEREST].attempt_count == 1


def test_an_attempt_whose_receipt_is_gone_still_counts(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 1)
    seed.receipt(PINTEREST, place, 0)
    seed.connection.execute("DELETE FROM receipt")
    found = deliveries(seed, "a", [place])[PINTEREST]
    assert (found.state, found.attempt_count, found.attempts) == ("delivered", 1, [])


def test_events_are_found_through_a_run_by_event_id_and_by_order_id(seed: Seed) -> None:
    order = Order(order_id="order-7")
    seed.group(entry_of(conversion("paid-7", order=order), {}), entry("other"))
    seed.group(entry_of(conversion("view-7", "view_content", order=order), {}))
    index(seed)
    by_event = find(seed.connection, Kind.EVENT, "paid-7", [], DESTINATIONS)
    by_order = find(seed.connection, Kind.ORDER, "order-7", [], DESTINATIONS)
    assert [event.conversion.event_id for event in by_event] == ["paid-7"]
    assert {event.conversion.event_id for event in by_order} == {"paid-7", "view-7"}
    assert not find(seed.connection, Kind.ORDER, "paid-7", [], DESTINATIONS)


def test_of_an_id_that_many_events_have_the_newest_of_all_are_told(seed: Seed) -> None:
    """They are looked up lane by lane: those of one kept out all of the other."""
    order = Order(order_id="test")
    paid = [
        entry_of(conversion(f"paid-{at}", order=order, received_ms=NOW_MS + at), {})
        for at in range(MAX_FOUND)
    ]
    seed.group(*paid)
    viewed = conversion("viewed", "view_content", order=order, received_ms=NOW_MS + MAX_FOUND)
    seed.group(entry_of(viewed, {}))
    index(seed)
    found = find(seed.connection, Kind.ORDER, "test", [], DESTINATIONS)
    assert [each.conversion.event_id for each in found] == [
        "viewed",
        *(f"paid-{at}" for at in range(MAX_FOUND - 1, 0, -1)),
    ]


def test_an_id_that_came_twice_is_found_twice_newest_first(seed: Seed) -> None:
    seed.group(entry_of(conversion("a", received_ms=NOW_MS), {}))
    seed.group(entry_of(conversion("a", received_ms=NOW_MS + 5), {}))
    index(seed)
    found = find(seed.connection, Kind.EVENT, "a", [Place(Lane.MONEY, 1)], DESTINATIONS)
    assert [event.conversion.received_ms - NOW_MS for event in found] == [5, 0]


def test_a_place_whose_event_is_gone_or_another_one_is_passed_over(seed: Seed) -> None:
    seed.group(entry("a"))
    held = [Place(Lane.MONEY, 0), Place(Lane.MONEY, 77), Place(Lane.OTHER, 0)]
    assert not find(seed.connection, Kind.EVENT, "b", held, DESTINATIONS)


def test_a_dead_event_is_found_when_the_log_has_forgotten_it(seed: Seed) -> None:
    place = seed.group(entry("a"))
    seed.cursor(PINTEREST, 1)
    seed.dead(PINTEREST, place, entry("a"))
    seed.connection.execute("DELETE FROM log")
    assert deliveries(seed, "a")[PINTEREST].state == "dead"


@pytest.mark.parametrize(
    ("kind", "wanted", "found"),
    [(Kind.EVENT, "a", 1), (Kind.ORDER, "1001", 1), (Kind.EVENT, "1001", 0), (Kind.ORDER, "a", 0)],
)
def test_an_event_that_waits_is_found_when_the_log_has_forgotten_it(
    seed: Seed, kind: Kind, wanted: str, found: int
) -> None:
    """As after a late replay; nobody may be told that such an event never arrived."""
    event = entry_of(conversion("a", order=Order(order_id="1001")), {})
    place = seed.group(event)
    seed.cursor(PINTEREST, 1)
    seed.retry(PINTEREST, place, event)
    seed.connection.execute("DELETE FROM log")
    states = [
        [each.state for each in event.deliveries]
        for event in find(seed.connection, kind, wanted, (), DESTINATIONS)
    ]
    assert states == [["pending"]] * found


def test_many_events_whose_ids_contain_the_wanted_one_do_not_hide_it(seed: Seed) -> None:
    """Of those that the log has forgotten, which are searched for the id as text."""
    events = [entry(f"10{at:03d}") for at in range(MAX_FOUND + 1)] + [entry("10")]
    first = seed.group(*events)
    seed.cursor(PINTEREST, len(events))
    for at, event in enumerate(events):
        seed.retry(PINTEREST, first._replace(offset=first.offset + at), event)
    seed.connection.execute("DELETE FROM log")
    assert deliveries(seed, "10")[PINTEREST].state == "pending"
