"""Where all events of a lane stand: what is told of those that the log has no more."""

from relay.event_name import Lane
from relay.journal.find.standing import Stand, Standing, count, names, oldest_ms, stands
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
