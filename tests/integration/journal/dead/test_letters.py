"""Dead letters: found by every filter, paged without gaps, replayed and dropped by the row."""

import msgspec
import pytest

from relay.journal.codec import decode_entry, entry_of
from relay.journal.dead.grouping import groups
from relay.journal.dead.letters import (
    STEP_ROWS,
    Judge,
    count_droppable,
    drop,
    page,
    replay,
    replay_dry,
    to_drop,
    to_replay,
)
from relay.journal.dead.selection import Position
from relay.journal.entry import Entry
from relay.journal.figures.reports import report, totals
from relay.journal.letter import DeadFilter, DeadLetter, Prospect, Replayed
from tests.given.event.builders import NOW_S, conversion, entry
from tests.given.journal.seed import NOW_MS, PINTEREST, TIKTOK, Seed

ALL = DeadFilter()
DEEP = msgspec.msgpack.encode(
    [["purchase", "order-1", NOW_S, NOW_MS, "web", msgspec.Raw(b"\x91" * 10_000)], {}]
)


def young(destination: str, entry: Entry) -> Prospect:
    """Say that nothing is too old."""
    return "sent"


def letters(seed: Seed, where: DeadFilter = ALL) -> list[DeadLetter]:
    return list(page(seed.connection, where, 1_000, None).letters)


def replay_step(
    seed: Seed,
    judge: Judge,
    where: DeadFilter = ALL,
    *,
    now_ms: int = NOW_MS,
    after: Position | None = None,
) -> tuple[Replayed, Position | None]:
    found = to_replay(seed.connection, where, after)
    return replay(seed.connection, where, judge, now_ms, found.rows), found.next


def drop_step(seed: Seed, note: str = "") -> tuple[int, Position | None]:
    found = to_drop(seed.connection, ALL, None)
    return drop(seed.connection, ALL, note, found.rows), found.next


def kill(seed: Seed, count: int, destination: str = PINTEREST) -> list[str]:
    """Have events die one after the other; return their letters' ids."""
    ids = []
    for at in range(count):
        event = entry(f"{destination}-{at}")
        ids.append(seed.dead(destination, seed.group(event), event, dead_ms=NOW_MS + at))
    return ids


def test_letters_come_newest_first_with_all_that_is_known(seed: Seed) -> None:
    old, new = entry("old"), entry_of(conversion("new", "page_view"), {})
    seed.dead(PINTEREST, seed.group(old), old, dead_ms=NOW_MS)
    seed.dead(TIKTOK, seed.group(new), new, "expired", dead_ms=NOW_MS + 1, message="too old")
    first, second = letters(seed)
    assert (first.event_id, second.event_id) == ("new", "old")
    assert (first.destination, first.event, first.reason) == (TIKTOK, "page_view", "expired")
    assert (first.message, first.note, first.dead_at_ms) == ("too old", "", NOW_MS + 1)
    assert first.event_time == new.conversion.event_time
    assert first.replayable


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (DeadFilter(), {"a", "b", "c"}),
        (DeadFilter(destination=PINTEREST), {"a", "b"}),
        (DeadFilter(reason="expired"), {"b", "c"}),
        (DeadFilter(event="page_view"), {"c"}),
        (DeadFilter(since_ms=NOW_MS + 1), {"b", "c"}),
        (DeadFilter(until_ms=NOW_MS + 1), {"a"}),
        (DeadFilter(destination=PINTEREST, reason="expired"), {"b"}),
        (DeadFilter(ids=frozenset({"1", "3"})), {"a", "c"}),
        (DeadFilter(ids=frozenset({"1", "3"}), destination=TIKTOK), {"c"}),
        (DeadFilter(ids=frozenset()), set()),
        (DeadFilter(event_id="b"), {"b"}),
        (DeadFilter(event_id="b", destination=TIKTOK), set()),
        (DeadFilter(ids=frozenset({"01", "x", "-1", "1.0", "", "9" * 40, "٣", "77"})), set()),
    ],
)
def test_conditions_hold_together(seed: Seed, where: DeadFilter, expected: set[str]) -> None:
    events = {"a": entry("a"), "b": entry("b"), "c": entry_of(conversion("c", "page_view"), {})}
    places = {name: seed.group(event) for name, event in events.items()}
    seed.dead(PINTEREST, places["a"], events["a"], dead_ms=NOW_MS)
    seed.dead(PINTEREST, places["b"], events["b"], "expired", dead_ms=NOW_MS + 1)
    seed.dead(TIKTOK, places["c"], events["c"], "expired", dead_ms=NOW_MS + 2)
    found = page(seed.connection, where, 100, None)
    assert {letter.event_id for letter in found.letters} == expected
    assert found.total == len(expected)


def test_pages_meet_every_letter_once_though_new_ones_arrive(seed: Seed) -> None:
    ids = kill(seed, 7)
    met: list[str] = []
    cursor = None
    while True:
        found = page(seed.connection, DeadFilter(destination=PINTEREST), 3, cursor)
        met += [letter.id for letter in found.letters]
        if found.next is None:
            break
        cursor = found.next
        late = entry(f"late-{cursor}")
        seed.dead(PINTEREST, seed.group(late), late, dead_ms=NOW_MS + 1_000)
    assert met == ids[::-1]


def test_letters_of_one_millisecond_are_paged_without_a_gap(seed: Seed) -> None:
    for at in range(5):
        seed.dead(PINTEREST, seed.group(entry(f"e{at}")), entry(f"e{at}"))
    first = page(seed.connection, ALL, 2, None)
    second = page(seed.connection, ALL, 2, first.next)
    third = page(seed.connection, ALL, 2, second.next)
    met = [letter.id for found in (first, second, third) for letter in found.letters]
    assert met == ["5", "4", "3", "2", "1"]
    assert third.next is None


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-", "-1", "1-x", "01-2", "1-2-3", "1-²"])
def test_a_cursor_that_is_none_is_an_error(seed: Seed, cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        page(seed.connection, ALL, 10, cursor)


def test_a_replay_has_the_event_wait_at_once_with_what_is_needed_to_send_it(seed: Seed) -> None:
    event = entry("a")
    place = seed.group(event)
    seed.dead(PINTEREST, place, event)
    step = replay_step(seed, young, now_ms=NOW_MS + 5)
    assert step == (Replayed(matched=1, replayed=1, expired=0), None)
    assert not letters(seed)
    row = seed.connection.execute(
        "SELECT destination, lane, position, due_ms, attempts, replay, entry FROM retry"
    ).fetchone()
    assert row[:6] == (PINTEREST, *place, NOW_MS + 5, 0, 1)
    assert decode_entry(row[6]) == event


def test_a_replay_lowers_dead_but_never_its_lifetime_total(seed: Seed) -> None:
    event = entry("a")
    seed.dead(PINTEREST, seed.group(event), event)
    replay_step(seed, young)
    lifetime = totals(seed.connection)
    assert lifetime.dead == {(PINTEREST, "platform_rejected"): 1}
    assert lifetime.replayed == {PINTEREST: 1}
    funnel = report(seed.connection, 0).destinations[PINTEREST]
    assert (funnel.dead, funnel.pending) == (0, 1)


def test_what_may_not_be_sent_and_what_cannot_be_stays_dead(seed: Seed) -> None:
    names = ("old", "erased", "forgotten", "barred", "late", "good")
    events = {name: entry(name) for name in names}
    places = {name: seed.group(event) for name, event in events.items()}
    seed.dead(PINTEREST, places["old"], events["old"])
    seed.dead(PINTEREST, places["erased"], events["erased"], "erased")
    seed.dead(PINTEREST, places["forgotten"], events["forgotten"], keep=False)
    for name in ("barred", "late", "good"):
        seed.dead(PINTEREST, places[name], events[name])
    fates: dict[str, Prospect] = {
        "old": "expired",
        "barred": "barred",
        "late": "late",
        "good": "sent",
    }
    asked: list[tuple[str, str]] = []

    def prospect(destination: str, event: Entry) -> Prospect:
        asked.append((destination, event.event_id))
        return fates[event.event_id]

    expected = Replayed(matched=6, replayed=2, expired=3, barred=1, late=1)
    found = to_replay(seed.connection, ALL, None)
    assert replay_dry(seed.connection, ALL, prospect, found.rows) == expected
    assert seed.count("retry") == 0
    assert replay_step(seed, prospect) == (expected, None)
    assert {letter.event_id for letter in letters(seed)} == {"old", "erased", "forgotten", "barred"}
    assert set(asked) == {(PINTEREST, name) for name in fates}
    assert [each.replayable for each in letters(seed)] == [True, False, False, True]


def test_a_dropped_letter_stays_dead_with_its_note_and_is_counted_once(seed: Seed) -> None:
    kill(seed, 2)
    assert count_droppable(seed.connection, ALL) == 2
    assert drop_step(seed, "test shop") == (2, None)
    assert {(each.reason, each.note) for each in letters(seed)} == {
        ("dropped_by_operator", "test shop")
    }
    assert drop_step(seed, "again") == (0, None)
    assert count_droppable(seed.connection, ALL) == 0
    assert totals(seed.connection).dead == {(PINTEREST, "platform_rejected"): 2}
    assert report(seed.connection, 0).destinations[PINTEREST].dead == 2


@pytest.mark.parametrize(
    ("where", "replayed"),
    [
        (DeadFilter(destination=PINTEREST), 0),
        (DeadFilter(reason="dropped_by_operator"), 1),
        (DeadFilter(ids=frozenset({"1"})), 1),
    ],
)
def test_a_dropped_letter_is_replayed_only_where_it_is_meant(
    seed: Seed, where: DeadFilter, replayed: int
) -> None:
    kill(seed, 1)
    drop_step(seed)
    done, _ = replay_step(seed, young, where)
    assert done.replayed == replayed


def test_an_erased_letter_stays_erased(seed: Seed) -> None:
    event = entry("a")
    seed.dead(PINTEREST, seed.group(event), event, "erased", keep=False)
    assert drop_step(seed) == (0, None)
    assert letters(seed)[0].reason == "erased"


def test_a_large_replay_goes_in_bounded_steps(seed: Seed) -> None:
    kill(seed, STEP_ROWS + 5)
    first, following = replay_step(seed, young)
    assert first.replayed == STEP_ROWS
    second, last = replay_step(seed, young, after=following)
    assert (second.replayed, last) == (5, None)
    assert seed.count("dead") == 0


def test_a_replay_does_not_meet_those_again_that_stay_dead(seed: Seed) -> None:
    kill(seed, STEP_ROWS)
    first, following = replay_step(seed, lambda *_: "expired")
    assert first.expired == STEP_ROWS
    second = replay_step(seed, lambda *_: "expired", after=following)
    assert second == (Replayed(0, 0, 0), None)


def test_what_has_changed_since_it_was_found_is_left_as_it_is(seed: Seed) -> None:
    """It is looked for beside the writer, which may be about to change it."""
    kill(seed, 3)
    where = DeadFilter(destination=PINTEREST)
    meant, droppable = (find(seed.connection, where, None) for find in (to_replay, to_drop))
    seed.connection.execute("UPDATE dead SET destination = ? WHERE id = 1", (TIKTOK,))
    drop(seed.connection, DeadFilter(ids=frozenset({"2"})), "", [2])

    assert drop(seed.connection, where, "", droppable.rows[:2]) == 1
    assert replay(seed.connection, where, young, NOW_MS, meant.rows) == Replayed(0, 0, 0)


@pytest.mark.parametrize("damaged", [b"\x91\x07", DEEP])
def test_a_damaged_payload_is_as_good_as_gone(seed: Seed, damaged: bytes) -> None:
    """One that cannot be read kept all others from being sent again."""
    lost, _ = kill(seed, 2)
    seed.connection.execute("UPDATE dead SET entry = ? WHERE id = ?", (damaged, lost))

    found = to_replay(seed.connection, ALL, None)
    looked = replay_dry(seed.connection, ALL, young, found.rows)
    ordered, _ = replay_step(seed, young)

    assert looked == ordered == Replayed(matched=2, replayed=1, expired=1)
    assert [letter.id for letter in letters(seed)] == [lost]
    assert [(each.count, each.valued) for each in groups(seed.connection, None, 0)] == [(1, 0)]
