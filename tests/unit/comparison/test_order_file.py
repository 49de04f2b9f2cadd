"""Orders: amounts of several countries, and what is wrong with a line, said without quoting it."""

import io
from decimal import Decimal

import pytest

from relay.comparison.listing import Unusable
from relay.comparison.order_file import OrderFile, ShopOrder, amount


def orders(text: str, currency: str = "") -> OrderFile:
    return OrderFile(io.BytesIO(text.encode()), currency, lambda _: None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("0", "0"),
        ("72.39", "72.39"),
        ("72,39", "72.39"),
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234 567,89", "1234567.89"),
        ("1\u202f234,50", "1234.50"),
        ("1'234,50", "1234.50"),
    ],
)
def test_amounts_as_spreadsheets_write_them(text: str, value: str | None) -> None:
    assert amount(text, "EUR") == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    "text", ["1,234", "1.234", "12.500", "12 EUR", "1e5", "NaN", "1.2.3", "9" * 50]
)
def test_an_amount_that_could_mean_two_things_is_not_guessed(text: str) -> None:
    """`1,234` and `1.234` are a thousand in one country and one and a bit in another."""
    with pytest.raises(Unusable):
        amount(text, "EUR")


def test_three_decimals_are_meant_where_the_currency_has_them_or_no_thousand_begins_so() -> None:
    assert amount("1.234", "KWD") == Decimal("1.234")
    assert amount("0.500", "EUR") == Decimal("0.500")


def test_a_refund_is_told_as_one() -> None:
    with pytest.raises(Unusable, match="negative; leave refunds out"):
        amount("-3.00", "EUR")


def test_an_order_is_read_with_the_currency_of_its_line_or_that_of_the_call() -> None:
    found = orders("order;created_at;amount;currency\nA;2026-01-01;1,50;usd\nB;;;\n", "EUR")
    assert list(found) == [
        ShopOrder(2, "A", 1_767_225_600, Decimal("1.50"), "USD"),
        ShopOrder(3, "B", None, None, "EUR"),
    ]


def test_an_order_is_worth_what_the_relay_is_sent_before_tax_and_shipping() -> None:
    """Shopify's export has both: with the total, every order would have another amount here."""
    found = orders("Name,Currency,Subtotal,Shipping,Taxes,Total\n#1001,EUR,10.00,4.90,2.80,17.70\n")
    assert [each.value for each in found] == [Decimal("10.00")]


def test_the_other_articles_of_an_order_are_no_orders_without_an_id() -> None:
    """Shopify's export has a line for each, with the name and the time of the order alone."""
    text = (
        "Name,Currency,Total,Created at,Id\n#1,EUR,2.50,2026-01-01,7\n#1,,,2026-01-01,\n#2,,1,,\n"
    )
    found = orders(text)
    assert [order.order_id for order in found] == ["7"]
    assert [(fault.line, fault.problem) for fault in found.faults.listed] == [
        (4, "it has no order id")
    ]


def test_without_a_column_for_amounts_every_line_needs_an_order_id() -> None:
    found = orders("order_id,time\nA,2026-01-01\n,2026-01-01\n")
    assert [order.order_id for order in found] == ["A"]
    assert found.faults.count == 1


@pytest.mark.parametrize("order_id", ["1.00E+12", "1,00E+12", "5E+9", "1.2e+03"])
def test_an_id_that_a_spreadsheet_has_rounded_is_none(order_id: str) -> None:
    """Thousands of orders would be one."""
    found = orders(f"order_id;value\n{order_id};1\nE1002;1\n")
    assert [order.order_id for order in found] == ["E1002"]
    assert "rounded by a spreadsheet" in found.faults.listed[0].problem


def test_a_bad_line_is_named_and_the_others_go_on() -> None:
    text = "order_id;time;value;currency\n;;1;EUR\nA;soon;1;EUR\nB;;x;EUR\nC;;1;euro\nD;;1;EUR\n"
    found = orders(text)
    assert [order.order_id for order in found] == ["D"]
    assert [fault.line for fault in found.faults.listed] == [2, 3, 4, 5]
    assert "no order id" in found.faults.listed[0].problem


def test_no_fault_quotes_what_stands_in_the_line() -> None:
    """It may be a customer's address in the wrong column."""
    found = orders("order_id,time,value,currency\n1,jane@x.example,,\n2,,jane@x.example,\n")
    assert not list(found)
    assert "jane" not in repr(found.faults.listed)


def test_a_file_in_another_encoding_is_said_to_be() -> None:
    found = OrderFile(io.BytesIO("order_id\nB\xfc\n".encode("latin-1")), "", lambda _: None)
    assert not list(found)
    assert "UTF-8" in found.faults.listed[0].problem
