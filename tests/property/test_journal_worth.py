"""The money at risk: at every moment exactly the purchases that wait, whatever became of others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.dead.letters import replay, to_replay
from relay.journal.entry import Entry, Passed
from relay.journal.figures.amount import sum_exactly
from relay.journal.figures.rollup import Deltas
from relay.journal.figures.worth import recount, waiting
from relay.journal.letter import DeadFilter
from tests.given.event.builders import conversion
from tests.given.event.strategies import hostile_amounts
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, Seed, new_journal

AMOUNTS = st.decimals(0, 10**12, places=4)
CURRENCIES = st.sampled_from(["USD", "EUR", None])
PASSED = st.sampled_from([{}, {PINTEREST: Passed("skipped", "no_consent")}])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    order = Order(value=draw(st.none() | AMOUNTS), currency=draw(CURRENCIES))
    event = conversion("e", draw(st.sampled_from(["purchase", "add_to_cart"])), order=order)
    return entry_of(event, draw(PASSED))


def worth(listed: Iterable[Entry]) -> dict[str, Decimal]:
    """Return what purchases are worth, added one by one."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in listed:
        if each.event == "purchase" and each.value is not None and each.currency:
            sums[each.currency] += each.value
    return {currency: value for currency, value in sums.items() if value}


@given(st.lists(entries(), min_size=1, max_size=12), st.data())
def test_it_is_what_the_waiting_purchases_are_worth(
    listed: Sequence[Entry], data: st.DataObject
) -> None:
    with new_journal() as connection:
        seed = Seed(connection)
        places = [seed.group(entry) for entry in listed]
        for name in DESTINATIONS:
            alive = {at for at, entry in enumerate(listed) if name not in entry.passed}
            delivered = data.draw(st.sets(st.sampled_from(sorted(alive))) if alive else st.just({}))
            dead = data.draw(st.sets(st.sampled_from(sorted(alive))) if alive else st.just({}))
            deltas = Deltas()
            deltas.delivered(name, [listed[at] for at in delivered])
            deltas.flush(connection, NOW_MS)
            for at in set(dead) - set(delivered):
                seed.dead(name, places[at], listed[at])
            left = [listed[at] for at in alive - set(delivered) - set(dead)]
            assert waiting(connection, name) == worth(left)
            where = DeadFilter(destination=name)
            meant = to_replay(connection, where, None).rows
            replay(connection, where, lambda *_: "sent", NOW_MS, meant)
            left = [listed[at] for at in alive - set(delivered)]
            assert waiting(connection, name) == worth(left)


@given(st.lists(entries(), max_size=12), st.lists(entries(), max_size=12))
def test_it_can_be_counted_anew(listed: Sequence[Entry], left: Sequence[Entry]) -> None:
    """A destination that comes back may have lost what retention took meanwhile."""
    with new_journal() as connection:
        deltas = Deltas()
        deltas.appended(listed, DESTINATIONS)
        deltas.flush(connection, NOW_MS)
        recount(connection, PINTEREST, left)
        assert waiting(connection, PINTEREST) == worth(left)


@given(st.lists(hostile_amounts, max_size=10))
def test_no_amount_spoils_the_sum_of_the_others(amounts: Sequence[Decimal]) -> None:
    good = [
        each
        for each in amounts
        if each.is_finite() and each.adjusted() <= 40 and int(each.as_tuple().exponent) >= -40
    ]
    assert sum_exactly(amounts) == sum_exactly(good)
