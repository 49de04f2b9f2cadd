"""What people are told of an event that waits: when it is tried again, and where it goes."""

import pytest
from msgspec.structs import replace

from relay.delivery import Skip
from relay.journal.report import Delivery, DeliveryState, FoundEvent
from relay.outcome.health import Health, State
from relay.outcome.views.event import EventViews
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, conversion

HOUR_S = 3_600


def next_try(due_s: int, until_s: float | None = None) -> str | None:
    """Return what is told of an event that is due so many seconds from now."""
    health = Health("active", None, "", None, None if until_s is None else NOW_S + until_s)
    views = EventViews({"first": StubDestination()}, lambda: {"first": health}, lambda: NOW_S)
    return views.of(waiting(due_s)).deliveries[0].next_try_at


def waiting(due_s: int) -> FoundEvent:
    """Return an event that is sent to `first` again so many seconds from now."""
    delivery = Delivery(
        destination="first",
        state="pending",
        reason=None,
        message="",
        attempt_count=1,
        attempts=[],
        due_ms=(NOW_S + due_s) * 1000,
    )
    return FoundEvent(conversion(), [delivery])


@pytest.mark.parametrize(
    ("due_s", "until_s", "told"),
    [
        (60, None, "2026-01-01T00:01:00.000Z"),
        (-60, None, None),
        (60, 120.0, "2026-01-01T00:02:00.000Z"),
        (HOUR_S, None, "2026-01-01T01:00:00.000Z"),
    ],
)
def test_it_is_in_its_own_time_and_not_before_its_destination(
    due_s: int, until_s: float | None, told: str | None
) -> None:
    assert next_try(due_s, until_s) == told


def test_a_time_from_before_the_clock_was_set_back_tells_nothing() -> None:
    """The event is sent again within the hour: nobody waits for the day that it names."""
    assert next_try(24 * HOUR_S) is None
    assert next_try(24 * HOUR_S, 120.0) == "2026-01-01T00:02:00.000Z"


def test_a_destination_that_is_configured_no_more_is_told_of_as_far_as_the_journal_goes() -> None:
    [told] = EventViews({}, dict, lambda: NOW_S).of(waiting(60)).deliveries
    assert (told.destination, told.state, told.attempt_count) == ("first", "pending", 1)
    assert (told.next_try_at, told.platform_event, told.identifiers) == (None, None, [])


@pytest.mark.parametrize(
    ("state", "health"), [("pending", "paused"), ("delivered", "throttled"), ("dead", "throttled")]
)
def test_what_is_not_sent_again_by_itself_has_no_next_try(
    state: DeliveryState, health: State
) -> None:
    until = Health(health, None, "", None, NOW_S + 120.0)
    found = waiting(60)
    found = replace(found, deliveries=[replace(found.deliveries[0], state=state)])
    views = EventViews({"first": StubDestination()}, lambda: {"first": until}, lambda: NOW_S)
    assert views.of(found).deliveries[0].next_try_at is None


def test_an_event_that_a_destination_does_not_take_has_no_name_there() -> None:
    views = EventViews({"first": StubDestination(prepared=Skip("no_consent"))}, dict, lambda: NOW_S)
    assert views.of(waiting(60)).deliveries[0].platform_event is None


def test_what_a_destination_gets_of_the_person_is_named_as_the_shop_names_it() -> None:
    destination = StubDestination()
    destination.identifier_keys = {"email": "em", "phone": "ph"}
    views = EventViews({"first": destination}, dict, lambda: NOW_S)
    assert views.of(waiting(60)).deliveries[0].identifiers == ["email"]
