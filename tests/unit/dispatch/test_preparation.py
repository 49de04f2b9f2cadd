"""Events in memory go on with the payloads that intake made, as long as none can be too old."""

import random
from typing import Final

import pytest

from relay.conversion import Conversion
from relay.delivery import Payload, Skip, Sourced, Unusable
from relay.dispatch.preparation import Preparation
from relay.dispatch.retry import EVENT_MAX_S
from relay.event import ActionSource
from relay.journal.entry import Pending
from relay.journal.settlement import Dead, Retry
from relay.rules import Rules
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, payload, pending

WALLS_S: Final[dict[ActionSource, float]] = {"web": 7.0, "offline": 28.0}


class Walls(StubDestination):
    """A platform that takes what happened in a shop for longer than what happened on the web."""

    def max_age_s(self, event: Sourced) -> float:
        return WALLS_S[event.action_source]


def waiting(destination: Walls, offset: int, source: ActionSource) -> Pending:
    found = pending(offset)
    found.entry.action_source = source
    found.entry.payloads = {destination.name: payload()}
    return found


def preparing(destination: StubDestination, now_s: float) -> Preparation:
    return Preparation(
        destination,
        clock=lambda: now_s,
        steady=lambda: NOW_S,
        randomness=random.Random(1),
        rules=Rules(),
    )


@pytest.mark.parametrize("sources", [("web", "offline"), ("offline", "web")])
@pytest.mark.parametrize(("age_s", "at_once"), [(7, True), (8, False)])
def test_the_nearest_wall_of_all_that_is_looked_at_counts(
    sources: tuple[ActionSource, ...], age_s: int, *, at_once: bool
) -> None:
    destination = Walls()
    preparation = preparing(destination, NOW_S + age_s)
    found = [waiting(destination, at, source) for at, source in enumerate(sources)]
    assert (preparation.at_once(found) is not None) == at_once
    assert preparation.may_be_too_old(NOW_S) != at_once


@pytest.mark.parametrize("old", range(2))
def test_one_that_is_too_old_keeps_all_from_going_on_as_they_are(old: int) -> None:
    destination = Walls()
    found = [waiting(destination, at, "web") for at in range(2)]
    found[old].entry.event_time = NOW_S - 8
    assert preparing(destination, NOW_S).at_once(found) is None


def test_what_a_platform_cannot_use_any_more_is_dead_and_says_why() -> None:
    """It was taken, and waited on disk; then the mapping changed."""
    unusable = StubDestination("first", Unusable("no_identifier", "user", "nothing to match by"))
    [*_, [dead]] = preparing(unusable, NOW_S).one_by_one([pending()])
    assert dead == Dead(pending(), "no_identifier", message="user: nothing to match by")


class Failing(Walls):
    """A destination with a mistake of its own."""

    def prepare(self, conversion: Conversion) -> Payload | Skip | Unusable:
        raise ZeroDivisionError


def test_what_cannot_be_prepared_waits_by_the_clock_that_never_goes_back() -> None:
    """By the other one its moment would be over already."""
    preparation = preparing(Failing(), NOW_S - 3_600.0)
    _, _, [later] = preparation.one_by_one([pending()])
    assert isinstance(later, Retry)
    assert NOW_S * 1000 <= later.due_ms <= (NOW_S + EVENT_MAX_S) * 1000
