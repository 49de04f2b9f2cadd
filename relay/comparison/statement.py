"""Sums up what one destination has of a shop's orders: in orders, and in money by currency.

The money of a state is the shop's own figure. If the relay was sent another amount, both are
summed, so that a wrong field shows (taxes, shipping, cents). Orders that arrived without an amount
are counted. Sums are exact.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from relay.comparison.order_file import ShopOrder
from relay.comparison.verdict import RANKS, OrderState, Verdict
from relay.journal.figures.amount import ZERO, add_exactly, is_money

Money = Mapping[str, Decimal]
"""Amounts by currency; '' holds those without one."""
_Key = tuple[OrderState, str | None]
"""A state, and the reason for it."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The orders in one state, for one reason."""

    state: OrderState
    reason: str | None
    orders: int
    value: Money


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Orders in one currency for which the relay was sent another amount, with both sums.

    An order whose line names no currency has the one that the relay was sent.
    """

    currency: str
    orders: int
    shop: Decimal
    relay: Decimal


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One destination; `sentence` says it all in words."""

    destination: str
    orders: int
    value: Money
    shares: Sequence[Share]
    """Best news first."""
    differences: Sequence[Difference]
    without_value: int
    """Orders that were delivered without an amount, although the shop has one."""
    other_currency: int
    """Orders for which the relay was sent another currency."""
    more_than_once: int
    """Orders delivered under several event ids; each id may be counted as an order."""
    paused: str | None
    test: bool
    sentence: str = ""

    def count(self, state: OrderState) -> int:
        """Return how many orders are in a state."""
        return sum(share.orders for share in self.shares if share.state == state)

    def worth(self, state: OrderState) -> Money:
        """Return what the orders in a state are worth."""
        return _sum([share.value for share in self.shares if share.state == state])

    @property
    def complete(self) -> bool:
        """Whether every order is delivered."""
        return self.count("delivered") == self.orders


class Account:
    """Adds up the verdicts on the orders of one destination."""

    def __init__(self) -> None:
        self._orders: Counter[_Key] = Counter()
        self._money: defaultdict[_Key, dict[str, Decimal]] = defaultdict(dict)
        self._differing: dict[str, tuple[int, Decimal, Decimal]] = {}
        self._without_value = 0
        self._other_currency = 0
        self._more_than_once = 0

    def add(self, order: ShopOrder, verdict: Verdict) -> None:
        """Count an order."""
        key = (verdict.state, verdict.reason)
        self._orders[key] += 1
        if order.value is not None:
            money = self._money[key]
            money[order.currency] = add_exactly(money.get(order.currency, ZERO), order.value)
        if verdict.deliveries > 1:
            self._more_than_once += 1
        if verdict.purchase is not None:
            # The amount of an event that has been dead for long is no longer kept.
            told_none = verdict.state == "delivered" and verdict.purchase.value is None
            self._without_value += told_none and bool(order.value)
            self._compare(order, verdict.purchase.value, verdict.purchase.currency)

    def statement(self, destination: str, *, paused: str | None, test: bool) -> Statement:
        """Return the counts and sums; `sentence` is still empty."""
        shares = self._shares()
        return Statement(
            destination=destination,
            orders=sum(self._orders.values()),
            value=_sum([share.value for share in shares]),
            shares=shares,
            differences=[
                Difference(currency=currency, orders=orders, shop=shop, relay=relay)
                for currency, (orders, shop, relay) in sorted(self._differing.items())
            ],
            without_value=self._without_value,
            other_currency=self._other_currency,
            more_than_once=self._more_than_once,
            paused=paused,
            test=test,
        )

    def _compare(self, order: ShopOrder, value: Decimal | None, currency: str | None) -> None:
        if order.value is None or value is None:
            return
        if order.currency and order.currency != currency:
            self._other_currency += 1
        elif value != order.value and is_money(value):
            shared = order.currency or currency or ""
            orders, shop, relay = self._differing.get(shared, (0, ZERO, ZERO))
            sums = (add_exactly(shop, order.value), add_exactly(relay, value))
            self._differing[shared] = (orders + 1, *sums)

    def _shares(self) -> list[Share]:
        """Return the shares, best state first; within a state, the most frequent reason first."""
        frequent = self._orders.most_common()
        return [
            Share(
                state=state,
                reason=reason,
                orders=orders,
                value=dict(sorted(self._money[state, reason].items())),
            )
            for (state, reason), orders in sorted(frequent, key=lambda each: RANKS[each[0][0]])
        ]


def _sum(all_money: Sequence[Money]) -> Money:
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for money in all_money:
        for currency, value in money.items():
            sums[currency] = add_exactly(sums[currency], value)
    return dict(sorted(sums.items()))
