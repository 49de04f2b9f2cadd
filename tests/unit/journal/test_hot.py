"""The latest events in memory."""

from relay.event_name import Lane
from relay.journal.hot import Hot
from tests.given.event.builders import entry


def ids(hot: Hot, lane: Lane, offset: int, count: int = 100) -> list[tuple[int, str]]:
    return [(at, each.conversion.event_id) for at, each in hot.since(lane, offset, count)]


def test_offsets_go_on_from_the_end_of_the_log() -> None:
    hot = Hot(10, {Lane.MONEY: 7, Lane.OTHER: 0})
    hot.add(Lane.MONEY, [entry("a"), entry("b")])
    assert (hot.start(Lane.MONEY), hot.end(Lane.MONEY)) == (7, 9)
    assert ids(hot, Lane.MONEY, 7) == [(7, "a"), (8, "b")]
    assert ids(hot, Lane.MONEY, 8) == [(8, "b")]
    assert ids(hot, Lane.MONEY, 9) == []
    assert ids(hot, Lane.MONEY, 7, 1) == [(7, "a")]


def test_the_longer_lane_forgets_its_oldest() -> None:
    hot = Hot(4, dict.fromkeys(Lane, 0))
    hot.add(Lane.MONEY, [entry("rare")])
    for number in range(10):
        hot.add(Lane.OTHER, [entry(str(number))])
    assert ids(hot, Lane.MONEY, 0) == [(0, "rare")]
    assert ids(hot, Lane.OTHER, hot.start(Lane.OTHER)) == [(7, "7"), (8, "8"), (9, "9")]


def test_a_group_larger_than_memory_leaves_its_end() -> None:
    hot = Hot(2, dict.fromkeys(Lane, 0))
    hot.add(Lane.MONEY, [entry(str(number)) for number in range(5)])
    assert ids(hot, Lane.MONEY, 3) == [(3, "3"), (4, "4")]


def test_large_events_leave_memory_before_there_are_many() -> None:
    size = len(entry("a").record)
    hot = Hot(10, dict.fromkeys(Lane, 0), max_bytes=3 * size)
    hot.add(Lane.MONEY, [entry("a"), entry("b")])
    hot.release(Lane.MONEY, 1)
    hot.add(Lane.OTHER, [entry(each) for each in "cde"])
    assert ids(hot, Lane.MONEY, 1) == [(1, "b")]
    assert ids(hot, Lane.OTHER, hot.start(Lane.OTHER)) == [(1, "d"), (2, "e")]


def test_what_is_released_is_let_go_of() -> None:
    """Offsets go on as before, and to release again, or what is gone already, does nothing."""
    hot = Hot(10, dict.fromkeys(Lane, 0))
    hot.add(Lane.MONEY, [entry("a"), entry("b"), entry("c")])
    for offset in (2, 2, 1):
        hot.release(Lane.MONEY, offset)
    assert (hot.start(Lane.MONEY), hot.end(Lane.MONEY)) == (2, 3)
    assert ids(hot, Lane.MONEY, 2) == [(2, "c")]
