"""Where all events of a lane stand: what is told of those that the log has no more."""

import pytest

from relay.event_name import Lane
from relay.journal.codec import encode_group
from relay.journal.find.standing import Stand, Standing, Wanted, count, names, oldest_ms, stands
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, TIKTOK, Seed


def only(seed: Seed) -> Stand:
    (stand,) = stands(seed.connection, Lane.MONEY, DESTINATIONS, lambda _: True)
    return stand


def forgotten(seed: Seed) -> None:
    """Have both destinations be done with all of the log, and retention have taken it."""
    for name in DESTINATIONS:
        seed.cursor(name, 1)
    seed.connection.execute("DELETE FROM log")


def test_of_an_event_without_payload_its_name_id_and_times_are_left(seed: Seed) -> None:
    event = entry("a")
    place = seed.group(event)
    seed.dead(PINTEREST, place, event, keep=False)
    forgotten(seed)

    stand = only(seed)

    assert stand.place == place
    assert stand.standings == [Standing("dead", "platform_rejected", "", "refused"), None]
    told = stand.entry
    whole = conversion("a")
    assert (told.event, told.event_id) == (whole.event, whole.event_id)
    assert (told.event_time, told.received_ms) == (whole.event_time, whole.received_ms)
    assert not told.record


def test_a_payload_that_waits_for_another_destination_tells_the_whole_event(seed: Seed) -> None:
    event = entry("a")
    place = seed.group(event)
    seed.dead(PINTEREST, place, event, keep=False)
    seed.retry(TIKTOK, place, event)
    forgotten(seed)

    stand = only(seed)

    assert stand.entry.conversion == event.conversion
    assert stand.standings == [
        Standing("dead", "platform_rejected", "", "refused"),
        Standing("pending"),
    ]


@pytest.mark.parametrize(
    ("damaged", "left", "lost"), [(b"\x91\x07", ["a", "c", "d"], 1), (b"\xc1", ["d"], 3)]
)
def test_what_cannot_be_read_is_counted_and_the_rest_stands_where_it_stood(
    seed: Seed, damaged: bytes, left: list[str], lost: int
) -> None:
    seed.cursor(PINTEREST, 3)
    first = seed.group(entry("a"), entry("b"), entry("c"))
    seed.group(entry("d"))
    seed.receipt(PINTEREST, first, first.offset + 2)
    data = encode_group([entry("a"), entry("b"), entry("c")]).replace(entry("b").record, damaged)
    seed.connection.execute("UPDATE log SET entries = ? WHERE first = ?", (data, first.offset))
    wanted = Wanted(lambda each: each.event == "purchase")

    found = list(stands(seed.connection, Lane.MONEY, [PINTEREST], wanted))

    states = {each.entry.event_id: [of.state for of in each.standings if of] for each in found}
    assert states == {each: ["pending" if each == "d" else "delivered"] for each in left}
    assert wanted.unreadable == lost


def test_a_row_that_outlived_the_log_and_cannot_be_read_is_counted(seed: Seed) -> None:
    """Its dead letter has no order id, so it cannot be told whose it was."""
    event = entry("a")
    place = seed.group(event)
    seed.dead(PINTEREST, place, event)
    seed.retry(TIKTOK, place, event)
    forgotten(seed)
    wanted = Wanted(lambda _: True)

    def found() -> list[str]:
        return [
            each.entry.event_id
            for each in stands(seed.connection, Lane.MONEY, DESTINATIONS, wanted)
        ]

    seed.connection.execute("UPDATE dead SET entry = x'c1'")
    assert (found(), wanted.unreadable) == (["a"], 0)
    seed.connection.execute("UPDATE retry SET entry = x'c1'")
    assert (found(), wanted.unreadable) == ([], 1)


def test_how_much_of_a_lane_is_left_and_since_when(seed: Seed) -> None:
    assert (count(seed.connection, Lane.MONEY), oldest_ms(seed.connection, Lane.MONEY)) == (0, None)
    seed.group(entry("a"), entry("b"))
    seed.group(entry("c"))
    seed.connection.execute("UPDATE log SET received_ms = ? WHERE first = 0", (NOW_MS - 7,))

    assert count(seed.connection, Lane.MONEY) == 3
    assert oldest_ms(seed.connection, Lane.MONEY) == NOW_MS - 7
    assert oldest_ms(seed.connection, Lane.OTHER) is None


def test_those_once_served_are_named_only_if_they_are_asked_for(seed: Seed) -> None:
    seed.cursor(TIKTOK, 0)
    seed.cursor(PINTEREST, 0)
    for lane in Lane:
        seed.cursor("gone", 0, lane=lane, until=0)

    assert names(seed.connection) == sorted(DESTINATIONS)
    assert names(seed.connection, gone=True) == sorted([*DESTINATIONS, "gone"])


def test_a_destination_without_a_cursor_was_never_meant(seed: Seed) -> None:
    seed.group(entry("a"))
    seed.cursor(PINTEREST, 0)

    assert only(seed).standings == [Standing("pending"), None]
