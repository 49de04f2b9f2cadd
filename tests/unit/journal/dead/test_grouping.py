"""Dead letters that are alike are told once: how many, since when, and what they are worth."""

import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from relay.conversion import Order
from relay.delivery import DeadReason
from relay.journal.codec import entry_of
from relay.journal.dead import grouping
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.seed import NOW_MS, PINTEREST, TIKTOK, Seed, new_journal


@pytest.fixture
def journal() -> Iterator[Seed]:
    with new_journal() as connection:
        yield Seed(connection)


def die(
    seed: Seed,
    event_id: str,
    reason: DeadReason = "platform_rejected",
    *,
    destination: str = PINTEREST,
    event: str = "purchase",
    value: str | None = None,
    received_s: int = NOW_S,
    keep: bool = True,
) -> None:
    order = None if value is None else Order(value=Decimal(value), currency="USD")
    one = conversion(event_id, event, order=order, received_ms=received_s * 1000)
    entry = entry_of(one, {}, {})
    seed.dead(
        destination, seed.group(entry), entry, reason, dead_ms=received_s * 1000 + 5, keep=keep
    )


def test_letters_are_grouped_by_destination_reason_and_code(journal: Seed) -> None:
    for number in range(3):
        die(journal, f"a-{number}", value="10.10", received_s=NOW_S + number)
    die(journal, "b", "expired", event="lead")
    die(journal, "c", destination=TIKTOK)

    groups = grouping.groups(journal.connection, None, 0)

    assert [(each.destination, each.reason, each.count, each.purchases) for each in groups] == [
        (PINTEREST, "platform_rejected", 3, 3),
        *sorted([(PINTEREST, "expired", 1, 0), (TIKTOK, "platform_rejected", 1, 1)]),
    ]
    first = groups[0]
    assert first.value == {"USD": Decimal("30.30")}
    assert first.valued == first.purchases
    assert (first.since_ms, first.until_ms) == (NOW_MS + 5, NOW_MS + 2_005)
    assert first.latest.event_id == "a-2"


def test_a_range_is_one_of_receipt_as_in_the_funnel(journal: Seed) -> None:
    die(journal, "early", received_s=NOW_S - 60)
    die(journal, "late")

    (group,) = grouping.groups(journal.connection, PINTEREST, NOW_MS)

    assert (group.count, group.latest.event_id) == (1, "late")


def test_money_that_cannot_be_told_whole_is_called_so(journal: Seed) -> None:
    die(journal, "kept", value="5")
    die(journal, "gone", value="7", keep=False)

    (group,) = grouping.groups(journal.connection, None, 0)

    assert (group.value, group.purchases, group.valued) == ({"USD": Decimal(5)}, 2, 1)


def test_a_hundred_thousand_letters_are_grouped_quickly(journal: Seed) -> None:
    connection: sqlite3.Connection = journal.connection
    die(journal, "first", value="1")
    connection.execute("BEGIN")
    connection.execute(
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO dead (destination, lane, position, reason, code, message, note, dead_ms,"
        " received_ms, event, event_id, event_time, entry)"
        " SELECT destination, lane, 10 + i, reason,"
        " i % 7, message, note, dead_ms, received_ms, event, event_id || i, event_time, entry"
        " FROM dead, n"
    )
    connection.execute("COMMIT")

    start = time.process_time()
    groups = grouping.groups(connection, None, 0)
    took_s = time.process_time() - start

    assert sum(each.count for each in groups) == 100_001
    assert sum(each.valued for each in groups) == grouping.MAX_PAYLOADS
    assert took_s < 0.2
