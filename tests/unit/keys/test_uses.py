"""How often a key may be used, and how fast; the clock is the test's."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.keys.keyring import Grant
from relay.keys.record import Key, Limits
from relay.keys.uses import Denied, Uses
from tests.given.event.builders import NOW_S
from tests.unit.keys.test_keyring import Clock


def granted(clock: Clock, uses: Uses | None = None, **limits: object) -> Grant:
    key = Key(
        key="k",
        name="shop",
        digest="",
        limits=Limits(**limits),  # type: ignore[arg-type]  # a test names them
        created_at=0,
        uses_of="k",
    )
    return Grant(key, uses or Uses({}, clock), clock)


async def test_a_use_that_came_to_nothing_is_given_back() -> None:
    grant = granted(Clock(), max_uses=2)
    for used in (False, True, False, True):
        grant.begin()
        grant.end(used=used)
    assert await grant.uses_left() == 0
    with pytest.raises(Denied, match="used up"):
        grant.begin()


def test_uses_under_way_count_so_that_no_more_pass_than_may() -> None:
    grant = granted(Clock(), max_uses=1)
    grant.begin()
    with pytest.raises(Denied, match="used up"):
        grant.begin()


def test_a_key_without_the_scope_takes_no_events() -> None:
    with pytest.raises(Denied, match="events:write"):
        granted(Clock(), scopes=("events:read",)).begin()


@given(
    st.floats(0.2, 500),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=200),
)
def test_a_key_never_passes_more_than_its_rate_and_one_burst(
    rate: float, pauses_s: list[float]
) -> None:
    clock = Clock()
    grant = granted(clock, rate_per_s=rate)
    passed = 0
    for pause_s in pauses_s:
        clock.now_s += pause_s
        for _ in range(3):
            with suppress(Denied):
                grant.begin()
                passed += 1
    elapsed_s = clock.now_s - NOW_S
    assert passed <= rate * elapsed_s + max(1.0, rate) + 1


def test_who_waits_as_told_passes() -> None:
    clock = Clock()
    grant = granted(clock, rate_per_s=0.5)
    grant.begin()
    with pytest.raises(Denied) as denied:
        grant.begin()
    clock.now_s += denied.value.retry_after_s
    grant.begin()


def test_a_clock_that_is_set_back_closes_no_key_for_long() -> None:
    clock = Clock()
    grant = granted(clock, rate_per_s=10)
    grant.begin()
    clock.now_s -= 3600
    with pytest.raises(Denied) as denied:
        grant.begin()
    clock.now_s += denied.value.retry_after_s
    grant.begin()


def test_a_key_that_changed_in_the_file_has_no_new_burst() -> None:
    clock = Clock()
    uses = Uses({}, clock)
    granted(clock, uses, rate_per_s=0.5).begin()
    with pytest.raises(Denied, match="over its rate"):
        granted(clock, uses, rate_per_s=0.5, destinations=("one",)).begin()
