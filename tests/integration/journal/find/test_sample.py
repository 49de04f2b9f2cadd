"""The latest events, as they are looked at for what a shop could send better."""

import pytest

from relay.journal.codec import encode_group, entry_of
from relay.journal.entry import Entry
from relay.journal.find.sample import recent_events, rejected
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import NOW_MS, Seed

WHOLE = entry("b").record


def came(event_id: str, age_ms: int) -> Entry:
    return entry_of(conversion(event_id, received_ms=NOW_MS - age_ms), {})


def ids(seed: Seed, since_ms: int = 0, limit: int = 100) -> list[str]:
    return [each.event_id for each in recent_events(seed.connection, since_ms, limit)]


def test_the_latest_groups_come_first_as_far_back_as_is_asked(seed: Seed) -> None:
    for event_id, age_ms in (("old", 3), ("a", 2), ("b", 1)):
        seed.group(came(event_id, age_ms), came(f"{event_id}-2", age_ms))

    assert ids(seed) == ["b", "b-2", "a", "a-2", "old", "old-2"]
    assert ids(seed, NOW_MS - 2) == ["b", "b-2", "a", "a-2"]
    assert ids(seed, limit=3) == ["b", "b-2", "a"]


@pytest.mark.parametrize(
    ("damaged", "left"),
    [
        (b"\x91\x07", ["d", "a", "c"]),
        (WHOLE.replace(b"purchase", b"purch\xffse"), ["d", "a", "c"]),
        (b"\xc1", ["d"]),
    ],
    ids=["another form", "no text", "no end of it"],
)
def test_what_cannot_be_read_is_left_out(seed: Seed, damaged: bytes, left: list[str]) -> None:
    """For one event, nobody could see what the others lacked."""
    place = seed.group(entry("a"), entry("b"), entry("c"))
    seed.group(entry("d"))
    data = encode_group([entry("a"), entry("b"), entry("c")]).replace(WHOLE, damaged)
    seed.connection.execute("UPDATE log SET entries = ? WHERE first = ?", (data, place.offset))

    assert ids(seed) == left


def test_refusals_are_told_without_what_they_refused(seed: Seed) -> None:
    seed.connection.executemany(
        "INSERT INTO rejection (at_ms, source, key, event_id, code, path, message)"
        " VALUES (?, 'http', ?, 'e', 'missing', ?, 'Who did it?')",
        [(NOW_MS - 1, "shop", "old"), (NOW_MS, "shop", "user"), (NOW_MS + 1, None, "event")],
    )

    assert rejected(seed.connection, NOW_MS) == [
        ("shop", "user", "missing"),
        ("", "event", "missing"),
    ]
