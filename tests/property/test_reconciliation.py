"""Reconciling a shop's orders says of each what the timelines of its purchases say."""

import io
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.comparison.order_file import OrderFile
from relay.comparison.reconciliation import Question, Reconciliation, reconciliation
from relay.conversion import Conversion, Order
from relay.event_name import Lane
from relay.journal.codec import decode_group
from relay.journal.find.lookup import Place
from relay.journal.find.timeline import deliveries
from tests.given.event.builders import conversion
from tests.given.journal.columns import CUTS, EVENTS, columns, fill
from tests.given.journal.memory import memory
from tests.given.journal.seed import DESTINATIONS, Seed, new_journal

ORDER_IDS = ["A", "B", "C", "D"]
BEST_FIRST = ["delivered", "pending", "dead", "skipped"]
Told = dict[str, dict[str, str]]


@st.composite
def conversions(draw: st.DrawFn) -> Conversion:
    """Return an event of an order; without an order id, its event id may be one."""
    event = draw(st.sampled_from(["purchase", "purchase", "signup"]))
    order_id = draw(st.sampled_from([*ORDER_IDS, None]))
    event_id = draw(st.sampled_from([*ORDER_IDS, "other"]))
    return conversion(event_id, event, order=Order(Decimal(5), "EUR", order_id))


def reconciled(path: Path) -> Told:
    """Return the state of each order by destination, and check that the figures add up."""
    lines = "order_id,value,currency\n" + "".join(f"{each},5,EUR\n" for each in ORDER_IDS)
    orders = OrderFile(io.BytesIO(lines.encode()), "", lambda _: None)
    told: Told = {}
    result = path.with_name("result.csv")
    question = Question(path, DESTINATIONS, frozenset(), result)
    found = reconciliation(question, orders, lambda *_: None)
    for line in result.read_text().splitlines()[1:]:
        order_id, _, _, _, destination, state, *_ = line.split(",")
        told.setdefault(destination, {})[order_id] = state
    adds_up(found, told)
    return told


def adds_up(found: Reconciliation, told: Told) -> None:
    for each in found.destinations:
        states = list(told[each.destination].values())
        for share in each.shares:
            assert states.count(share.state) == each.count(share.state)
        assert sum(share.orders for share in each.shares) == each.orders == len(ORDER_IDS)
        assert each.value == {"EUR": Decimal(5 * len(ORDER_IDS))}
    complete = all(state == "delivered" for of in told.values() for state in of.values())
    assert found.complete == complete


def by_timelines(path: Path) -> Told:
    """Return the same by asking for one event at a time."""
    told = {name: dict.fromkeys(ORDER_IDS, "unknown") for name in DESTINATIONS}
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT first, entries FROM log WHERE lane = 0").fetchall()
        for first, data in rows:
            for offset, entry in enumerate(decode_group(data), first):
                order_id = entry.order_id or entry.event_id
                if entry.event != "purchase" or order_id not in ORDER_IDS:
                    continue
                place = Place(Lane.MONEY, offset)
                for each in deliveries(connection, place, entry, DESTINATIONS):
                    of = told[each.destination]
                    of[order_id] = better(of[order_id], each.state)
    return told


def better(one: str, other: str) -> str:
    return next((state for state in BEST_FIRST if state in (one, other)), "unknown")


@settings(max_examples=100)
@given(
    drawn=st.tuples(columns(), columns()),
    cuts=CUTS,
    events=st.lists(conversions(), min_size=EVENTS, max_size=EVENTS),
)
def test_an_order_is_where_its_best_purchase_is(
    drawn: Sequence[dict[str, Any]], cuts: Sequence[int], events: Sequence[Conversion]
) -> None:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path = Path(folder, "relay.db")
        with new_journal(path) as connection:
            fill(Seed(connection), drawn, cuts, events)
        assert reconciled(path) == by_timelines(path)
