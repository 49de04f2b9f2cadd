"""Orders and what was found of them, side by side."""

from decimal import Decimal

import pytest

from relay.comparison.order_book import Found, OrderBook
from relay.comparison.order_file import ShopOrder
from relay.comparison.temporary_database import temporary_database
from relay.errors import RelayError
from relay.journal.find.standing import Standing


def order(line: int, order_id: str) -> ShopOrder:
    return ShopOrder(line, order_id, 5, Decimal("1.50"), "EUR")


def found(event_id: str) -> Found:
    return Found(event_id, 1, Decimal("1.5"), "EUR", [Standing("delivered", at_ms=3), None])


def test_orders_come_out_as_they_went_in_with_all_that_was_found_of_each() -> None:
    orders = [order(2, "B"), order(3, "A"), order(5, "C")]
    with OrderBook.open() as book:
        book.add(orders)
        book.note([("A", found("e-1")), ("nobody's", found("e-2"))])
        book.note([("C", found("e-3")), ("A", found("e-4"))])
        known = [(each.order, list(each.found)) for each in book.known()]
    assert known == [
        (orders[0], []),
        (orders[1], [found("e-1"), found("e-4")]),
        (orders[2], [found("e-3")]),
    ]


def test_what_was_found_need_not_be_looked_at() -> None:
    with OrderBook.open() as book:
        book.add([order(2, "A"), order(3, "B")])
        book.note([("A", found("e-1")), ("A", found("e-2")), ("B", found("e-3"))])
        assert [each.order.order_id for each in book.known()] == ["A", "B"]


def test_the_first_line_of_an_order_counts_and_the_others_are_counted() -> None:
    """A shop's export has a line for each item of an order."""
    with OrderBook.open() as book:
        book.add([order(line, "A") for line in range(2, 1_500)])
        assert (book.count, book.repeated) == (1, 1_497)
        [known] = book.known()
        assert known.order.line == 2


def test_reading_the_journal_anew_finds_nothing_twice() -> None:
    with OrderBook.open() as book:
        book.add([order(2, "A")])
        book.note([("A", found("e-1"))])
        book.forget_found()
        book.note([("A", found("e-1"))])
        assert [len(list(each.found)) for each in book.known()] == [1]


def test_a_full_disk_is_one_sentence_that_names_the_folder() -> None:
    with pytest.raises(RelayError, match=r"SQLITE_FULL.*TMPDIR"):
        fill_a_small_disk()


def fill_a_small_disk() -> None:
    with temporary_database("CREATE TABLE t (x TEXT)") as connection:
        connection.execute("PRAGMA max_page_count = 8")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 1_000,)] * 100)
