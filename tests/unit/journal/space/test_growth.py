"""The estimate of when the journal is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.journal.space.growth import LEAST_S, SAMPLE_S, SPAN_S, Growth
from tests.given.event.builders import NOW_S

GIB = 2**30


def grown(*used_bytes: int, every_s: float = SAMPLE_S) -> Growth:
    """Return what is known after these samples, the first of which is of `NOW_S`."""
    growth = Growth()
    for number, used in enumerate(used_bytes):
        growth.note(NOW_S + number * every_s, used)
    return growth


def test_an_even_pace_is_carried_on() -> None:
    """One GiB an hour, and twelve are left."""
    growth = grown(*(GIB * minute // 60 for minute in range(61)))
    assert growth.hours_until(12 * GIB) == 12
    assert growth.hours_until(0) == 0


def test_a_journal_that_shrinks_or_stays_is_never_full() -> None:
    assert grown(*[GIB] * 60).hours_until(GIB) is None
    assert grown(*range(GIB, GIB - 60, -1)).hours_until(GIB) is None


def test_a_few_minutes_tell_nothing() -> None:
    assert Growth().hours_until(GIB) is None
    assert grown(0, GIB, every_s=LEAST_S - 1).hours_until(GIB) is None
    assert grown(0, GIB, every_s=LEAST_S).hours_until(GIB) is not None


def test_only_the_last_two_hours_count() -> None:
    """A rush this morning says nothing about tonight."""
    growth = grown(0, GIB, every_s=SAMPLE_S)
    for minute in range(2, 200):
        growth.note(NOW_S + minute * SAMPLE_S, GIB)
    assert growth.hours_until(GIB) is None


def test_two_hours_count_however_often_it_looks() -> None:
    """It grew for an hour and a half, and then no more."""
    rising = [GIB * min(look, 540) for look in range(720)]
    assert grown(*rising, every_s=SAMPLE_S / 6).hours_until(540 * GIB) == pytest.approx(2, rel=0.01)


def test_a_sleep_of_the_machine_leaves_one_sample() -> None:
    growth = grown(0, GIB, every_s=LEAST_S)
    growth.note(NOW_S + 10 * SPAN_S, 2 * GIB)
    assert growth.hours_until(GIB) is None


def test_a_clock_that_steps_back_begins_anew() -> None:
    growth = grown(0, GIB, every_s=LEAST_S)
    growth.note(NOW_S, GIB)
    assert growth.hours_until(GIB) is None
    growth.note(NOW_S + LEAST_S, 2 * GIB)
    assert growth.hours_until(GIB) == LEAST_S / 3600


@given(st.lists(st.tuples(st.floats(0, 1e9), st.integers(0, 2**50)), max_size=400))
def test_whatever_is_noted_memory_is_bounded_and_no_time_is_negative(
    samples: list[tuple[float, int]],
) -> None:
    growth = Growth()
    for now_s, used_bytes in samples:
        growth.note(now_s, used_bytes)
    hours = growth.hours_until(GIB)
    assert hours is None or hours >= 0
    assert len(growth._samples) <= SPAN_S // SAMPLE_S + 1
