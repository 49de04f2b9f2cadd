"""Which of consecutive events wait for a destination, and what each accounts for."""

from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.cursor import Cursor
from relay.journal.entry import Chunk, Passed
from relay.journal.log import View, waiting
from tests.given.event.builders import conversion

SKIPPED = Passed("skipped", "not_mapped")


def look(states: str, cursor: Cursor, *, start: int = 0, limit: int = 100) -> Chunk:
    """Look at events from `start` on; `.` waits, `s` is skipped."""
    entries = [
        entry_of(conversion(str(at)), {"p": SKIPPED} if state == "s" else {}, {})
        for at, state in enumerate(states)
    ]
    view = View("p", Lane.MONEY, cursor)
    return waiting(view, enumerate(entries, start), start=start, limit=limit)


def pairs(chunk: Chunk) -> list[tuple[int, int]]:
    return [(pending.start, pending.offset) for pending in chunk.pending]


def test_an_event_accounts_for_the_passed_ones_before_it() -> None:
    chunk = look("ss.s.", Cursor())
    assert (pairs(chunk), chunk.next) == ([(0, 2), (3, 4)], 5)


def test_passed_ones_behind_the_last_event_are_left_to_the_next_read() -> None:
    chunk = look(".ss", Cursor())
    assert (pairs(chunk), chunk.next) == ([(0, 0)], 1)


def test_nothing_but_passed_ones_is_passed_over() -> None:
    assert look("sss", Cursor(5), start=5) == Chunk([], 8)


def test_nothing_at_all_is_the_end() -> None:
    assert look("", Cursor(5), start=5) == Chunk([], 5)


def test_what_is_settled_ahead_is_neither_found_nor_accounted_for() -> None:
    """Or the receipt of event 4 would cover events that it never was sent with."""
    chunk = look(".....", Cursor(0, ((1, 3),)))
    assert (pairs(chunk), chunk.next) == ([(0, 0), (4, 4)], 5)


def test_the_limit_counts_events_that_wait() -> None:
    chunk = look("s.s.s.", Cursor(), limit=2)
    assert (pairs(chunk), chunk.next) == ([(0, 1), (2, 3)], 4)
