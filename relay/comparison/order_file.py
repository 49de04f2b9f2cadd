"""Reads a shop's orders from the CSV file that its system exports.

Only the order id is required; without a value, no amounts are compared. Amounts may have a decimal
comma and thousands separators, as spreadsheets of some countries write them; an amount that could
be read in two ways is an error, never a guess. Shopify exports a line for each article; all lines
of an order but the first have neither its id nor its amount, and are skipped.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple

from relay.comparison.listing import Column, Faults, Line, Listing, Unusable, identifier, moment
from relay.journal.figures.amount import MOST_DIGITS, is_money

COLUMNS: Final = (
    Column(
        "order id",
        ("order_id", "order", "order_number", "transaction_id", "id", "order_name", "name"),
        required=True,
    ),
    Column("time", ("time", "created_at", "event_time", "order_time", "date", "order_date")),
    Column(
        "value", ("value", "subtotal", "total", "amount", "order_value", "total_price", "revenue")
    ),
    Column("currency", ("currency", "currency_code")),
)

_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?")
_THOUSANDS_POINT: Final = re.compile(r"(\d{1,3}(?:,\d{3})+)\.(\d+)")
_THOUSANDS_COMMA: Final = re.compile(r"(\d{1,3}(?:[. '\u00a0\u202f]\d{3})+),(\d+)")
_COMMA: Final = re.compile(r"(\d+),(\d{1,2})")
_POINT_OR_THOUSAND: Final = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_NEITHER: Final = str.maketrans("", "", ",. '\u00a0\u202f")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class ShopOrder(NamedTuple):
    """One order; `currency` is '' if the amount has none."""

    line: int
    order_id: str
    time_s: int | None
    value: Decimal | None
    currency: str


class OrderFile:
    """The orders of a file; lines that cannot be used are noted in `faults`.

    `columns` maps each wanted column to the file's name for it.
    """

    def __init__(self, file: BinaryIO, currency: str, watch: Callable[[int], None]) -> None:
        """Read the first line. `currency` applies to lines that name none."""
        self.faults = Faults()
        self._listing = Listing(file, COLUMNS, self.faults, watch)
        self.columns = self._listing.columns
        self._currency = currency

    def __iter__(self) -> Iterator[ShopOrder]:
        """Yield the orders, in the order of the file."""
        for line in self._listing:
            if self._continues(line):
                continue
            try:
                yield self._order(line)
            except Unusable as unusable:
                self.faults.add(line.number, str(unusable))

    def _continues(self, line: Line) -> bool:
        """Whether a line has neither order id, value nor currency: it continues an order."""
        order_id, _, value, currency = line.cells
        return "value" in self.columns and not (order_id or value or currency)

    def _order(self, line: Line) -> ShopOrder:
        order_id, time, value, currency = line.cells
        code = currency_of(currency) or self._currency
        return ShopOrder(
            line.number, identifier(order_id, "order id"), moment(time), amount(value, code), code
        )


def amount(text: str, currency: str) -> Decimal | None:
    """Return an amount, as spreadsheets write it; None if the text is empty. Raises `Unusable`."""
    if not text:
        return None
    if text.startswith("-"):
        raise Unusable("its value is negative; leave refunds out of the file")
    ambiguous = currency not in _THREE_DECIMALS and _POINT_OR_THOUSAND.fullmatch(text)
    if _PLAIN.fullmatch(text) and not ambiguous:
        return _money(text)
    parts = _THOUSANDS_POINT.fullmatch(text) or _THOUSANDS_COMMA.fullmatch(text)
    parts = parts or _COMMA.fullmatch(text)
    if parts is None:
        raise Unusable("its value is no amount that can be read without guessing; write 1234.50")
    return _money(f"{parts[1].translate(_NEITHER)}.{parts[2]}")


@lru_cache(1_024)
def currency_of(text: str) -> str:
    """Return a currency code in upper case, '' if the text is empty. Raises `Unusable`."""
    code = text.upper()
    if code and not _CURRENCY.fullmatch(code):
        raise Unusable("its currency is no ISO 4217 code such as EUR")
    return code


def _money(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > MOST_DIGITS and not is_money(value):
        raise Unusable("its value has more digits than any amount")
    return value
