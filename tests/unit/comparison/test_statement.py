"""The figures of a destination, and the sentence that finance reads."""

from decimal import Decimal
from typing import get_args

import pytest

from relay.comparison import sentence as words
from relay.comparison.order_book import Found
from relay.comparison.order_file import ShopOrder
from relay.comparison.sentence import money, sentence
from relay.comparison.statement import Account, Statement
from relay.comparison.verdict import UnknownReason, Verdict
from relay.delivery import DeadReason, SkipReason

SINCE_MS = 1_767_225_600_000


def paid(value: str | None, currency: str | None = "EUR") -> Found:
    return Found("event", 0, None if value is None else Decimal(value), currency, [])


def order(value: str | None = "10.00", currency: str = "EUR") -> ShopOrder:
    return ShopOrder(2, "A", None, None if value is None else Decimal(value), currency)


def delivered(value: str | None = "10.00", currency: str = "EUR", *, times: int = 1) -> Verdict:
    return Verdict("delivered", purchase=paid(value, currency), delivered_ms=1, deliveries=times)


def statement(
    *pairs: tuple[ShopOrder, Verdict], paused: str | None = None, test: bool = False
) -> Statement:
    account = Account()
    for each in pairs:
        account.add(*each)
    return account.statement("tiktok-main", paused=paused, test=test)


def said(*pairs: tuple[ShopOrder, Verdict], paused: str | None = None, test: bool = False) -> str:
    return sentence(statement(*pairs, paused=paused, test=test), SINCE_MS)


def test_money_is_summed_by_state_reason_and_currency_without_rounding() -> None:
    found = statement(
        (order("0.10"), delivered("0.10")),
        (order("0.20"), delivered("0.20")),
        (order("5", "USD"), Verdict("skipped", "no_consent")),
        (order(None), Verdict("skipped", "limited")),
    )
    assert [(s.state, s.reason, s.orders, dict(s.value)) for s in found.shares] == [
        ("delivered", None, 2, {"EUR": Decimal("0.30")}),
        ("skipped", "no_consent", 1, {"USD": Decimal(5)}),
        ("skipped", "limited", 1, {}),
    ]
    assert found.value == {"EUR": Decimal("0.30"), "USD": Decimal(5)}
    assert not found.complete


def test_an_amount_that_the_relay_was_told_otherwise_is_summed_on_both_sides() -> None:
    found = statement(
        (order("11.90"), delivered("10.00")),
        (order("10.00"), delivered("10.0")),
        (order("10.00"), delivered(None)),
        (order("0"), delivered(None)),
        (order("10.00"), Verdict("dead", "expired", purchase=paid(None))),
        (order("10.00"), delivered("10.00", "USD")),
    )
    [difference] = found.differences
    assert (difference.orders, difference.shop, difference.relay) == (
        1,
        Decimal("11.90"),
        Decimal("10.00"),
    )
    assert (found.without_value, found.other_currency) == (1, 1)


def test_amounts_of_several_currencies_are_not_summed_where_the_shop_names_none() -> None:
    found = statement(
        (order("1", ""), delivered("2", "JPY")), (order("1", ""), delivered("3", "CHF"))
    )
    assert [(each.currency, each.shop, each.relay) for each in found.differences] == [
        ("CHF", Decimal(1), Decimal(3)),
        ("JPY", Decimal(1), Decimal(2)),
    ]


def test_one_order_that_has_not_arrived_is_told_as_one() -> None:
    assert said((order(), Verdict("pending"))) == (
        "tiktok-main: the only order has not arrived, worth 10.00 EUR;"
        " 1 waits to be sent, worth 10.00 EUR."
    )


def test_all_is_well_in_one_sentence() -> None:
    assert said((order(), delivered()), (order(), delivered())) == (
        "tiktok-main: all 2 orders have arrived, worth 20.00 EUR."
    )
    assert said((order(), delivered())) == (
        "tiktok-main: the only order has arrived, worth 10.00 EUR."
    )


def test_what_has_not_arrived_is_told_with_its_worth_and_why() -> None:
    told = said(
        (order(), delivered()),
        (order("1"), Verdict("dead", "platform_rejected")),
        (order("2"), Verdict("dead", "expired")),
        (order("3"), Verdict("skipped", "no_consent")),
        (order("4"), Verdict("unknown", "not_received")),
    )
    assert told == (
        "tiktok-main: 1 of 5 orders has arrived, worth 10.00 EUR of 20.00 EUR;"
        " 2 will not be sent, worth 3.00 EUR: 1 refused by the platform, 1 too old when it could"
        " be sent; 1 was left out on purpose, worth 3.00 EUR: no consent to advertising;"
        " 1 is unknown here, worth 4.00 EUR: not on record (never posted, refused on"
        " arrival, or older than what is kept)."
    )


def test_a_pause_and_test_mode_are_said() -> None:
    told = said((order(), Verdict("pending")), paused="token_expired")
    assert (
        "1 waits to be sent, worth 10.00 EUR: it is paused (The access token has expired)" in told
    )
    assert "in test mode, where the platform records nothing" in said(
        (order(), delivered()), test=True
    )


def test_what_is_older_than_the_journal_is_said_to_be_unknowable_and_since_when() -> None:
    told = said((order(), Verdict("unknown", "before_journal")))
    assert (
        "older than what the relay still keeps, so it cannot tell (since 2026-01-01 00:00" in told
    )


def test_doubts_are_said_even_if_all_have_arrived() -> None:
    told = said((order("11.90"), delivered("10.00", times=2)))
    assert "1 with another amount at the relay: 10.00 EUR instead of 11.90 EUR" in told
    assert "1 arrived more than once, under different event ids, and may be counted" in told


def test_an_amount_that_the_relay_was_never_told_is_no_amount_that_has_arrived_unseen() -> None:
    assert said((order("11.90"), delivered(None))) == (
        "tiktok-main: the only order has arrived, worth 11.90 EUR; 1 arrived without an amount."
    )


def test_no_orders_are_said_to_be_none() -> None:
    """The file may hold some, on lines that could not be read."""
    assert said() == "tiktok-main: no order could be read from the file."


@pytest.mark.parametrize(
    ("amounts", "text"),
    [
        ({}, ""),
        ({"EUR": "1234.5"}, "1,234.50 EUR"),
        ({"KWD": "1.234"}, "1.234 KWD"),
        ({"EUR": "200.000"}, "200.00 EUR"),
        ({"": "3"}, "3.00 without a currency"),
        ({"EUR": "1", "USD": "2"}, "1.00 EUR and 2.00 USD"),
        ({"A": "1", "B": "2", "C": "3", "D": "4"}, "1.00 A, 2.00 B and 2 more currencies"),
    ],
)
def test_money_as_people_write_it(amounts: dict[str, str], text: str) -> None:
    assert money({currency: Decimal(value) for currency, value in amounts.items()}) == text


def test_every_reason_has_its_words() -> None:
    assert set(words.SKIPPED) == set(get_args(SkipReason))
    assert set(words.DEAD) == set(get_args(DeadReason))
    assert set(words.UNKNOWN) == set(get_args(UnknownReason))
