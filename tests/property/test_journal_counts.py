"""The sums of the journal: they hold whatever happens to events, and folding changes none."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from relay.conversion import Order
from relay.journal.codec import entry_of
from relay.journal.dead.letters import drop, replay, to_drop, to_replay
from relay.journal.entry import Entry, Passed, Rejection
from relay.journal.figures.fold import fold_minutes
from relay.journal.figures.reports import report, totals
from relay.journal.figures.rollup import DAY_S, HOUR_S, MINUTE_S, Deltas, row_of
from relay.journal.letter import DeadFilter, Prospect
from tests.given.event.builders import conversion
from tests.given.event.strategies import hostile_amounts
from tests.given.journal.seed import DESTINATIONS, NOW_MS, PINTEREST, Seed, new_journal

AGES_S = st.integers(0, 4 * DAY_S)
AMOUNTS = st.decimals(0, 10**12, places=4)
CURRENCIES = st.sampled_from(["USD", "EUR", None])
NAMES = st.sampled_from(["purchase", "page_view", "Wish Shared"])
PROSPECTS: Sequence[Prospect] = ("sent", "late", "expired", "barred")
PASSED = st.sampled_from([{}, {PINTEREST: Passed("skipped", "no_consent")}])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    order = Order(value=draw(st.none() | AMOUNTS), currency=draw(CURRENCIES))
    received_ms = NOW_MS - draw(AGES_S) * 1000
    event = conversion("e", draw(NAMES), received_ms=received_ms, order=order)
    return entry_of(event, draw(PASSED))


def sums(connection: sqlite3.Connection) -> dict[str, Counter[str]]:
    """Return everything that the roll-ups count, by destination."""
    whole = report(connection, 0)
    found = {
        name: Counter(
            received=funnel.received,
            skipped=funnel.skipped,
            delivered=funnel.delivered,
            dead=funnel.dead,
        )
        for name, funnel in whole.destinations.items()
    }
    return {"": Counter(received=whole.received, rejected=whole.rejected), **found}


def check_conservation(connection: sqlite3.Connection, pending: dict[str, int]) -> None:
    """The promise of every scrape, and that the roll-ups say the same as the totals."""
    lifetime, whole = totals(connection), report(connection, 0)
    for name in DESTINATIONS:
        ended = sum(
            count
            for counts in (lifetime.skipped, lifetime.delivered, lifetime.dead)
            for (destination, _), count in counts.items()
            if destination == name
        )
        begun = lifetime.accepted.get(name, 0) + lifetime.replayed.get(name, 0)
        assert begun == ended + pending[name]
        if name in whole.destinations:
            assert whole.destinations[name].pending == pending[name]


@given(st.lists(entries(), max_size=20), st.integers(0, 6 * DAY_S))
def test_folding_at_any_moment_changes_no_sum(listed: Sequence[Entry], later_s: int) -> None:
    with new_journal() as connection:
        deltas = Deltas()
        deltas.appended(listed, DESTINATIONS)
        deltas.delivered("tiktok-main", listed)
        deltas.rejected([Rejection(NOW_MS, "http", None, None, "missing", "event", "")])
        deltas.flush(connection, NOW_MS)
        before, values = sums(connection), report(connection, 0).destinations
        while fold_minutes(connection, NOW_MS // 1000 + later_s):
            pass
        assert sums(connection) == before
        assert [each.value_delivered for each in report(connection, 0).destinations.values()] == [
            each.value_delivered for each in values.values()
        ]


@given(st.lists(st.tuples(entries(), st.integers(0, 6 * DAY_S)), max_size=20))
def test_a_count_that_comes_late_finds_its_row_folded_or_not(
    listed: Sequence[tuple[Entry, int]],
) -> None:
    """Each delivery is counted at another moment, before or after its minute became an hour."""
    with new_journal() as connection:
        arrival = Deltas()
        arrival.appended([entry for entry, _ in listed], DESTINATIONS)
        arrival.flush(connection, NOW_MS)
        for entry, later_s in sorted(listed, key=lambda pair: pair[1]):
            now_ms = NOW_MS + later_s * 1000
            fold_minutes(connection, now_ms // 1000)
            late = Deltas()
            late.delivered("tiktok-main", [entry])
            late.flush(connection, now_ms)
        while fold_minutes(connection, NOW_MS // 1000 + 6 * DAY_S):
            pass
        rows = connection.execute(
            "SELECT received, delivered FROM rollup WHERE destination = 'tiktok-main'"
        ).fetchall()
        assert all(received == delivered for received, delivered in rows)


@given(st.lists(entries(), min_size=1, max_size=12), st.data())
def test_deaths_replays_and_drops_keep_every_event_accounted_for(
    listed: Sequence[Entry], data: st.DataObject
) -> None:
    with new_journal() as connection:
        seed = Seed(connection)
        pending: Counter[str] = Counter()
        alive = []
        for entry in listed:
            place = seed.group(entry)
            for name in DESTINATIONS:
                if name not in entry.passed:
                    alive.append((name, place, entry))
                    pending[name] += 1
        for name, place, entry in data.draw(st.lists(st.sampled_from(alive), unique_by=id)):
            seed.dead(name, place, entry)
            pending[name] -= 1
        check_conservation(connection, pending)
        destination = data.draw(st.none() | st.sampled_from(DESTINATIONS))
        where = DeadFilter(destination=destination)
        if data.draw(st.booleans()):
            drop(connection, where, "", to_drop(connection, where, None).rows)
        check_conservation(connection, pending)
        meant = to_replay(connection, where, None).rows
        replay(connection, where, lambda *_: data.draw(st.sampled_from(PROSPECTS)), NOW_MS, meant)
        for name, count in connection.execute(
            "SELECT destination, count(*) FROM retry GROUP BY destination"
        ):
            pending[name] += count
        check_conservation(connection, pending)


@given(st.lists(hostile_amounts, max_size=10))
def test_no_amount_stops_the_count_and_sums_are_exact(amounts: Sequence[Decimal]) -> None:
    expected: defaultdict[str, Fraction] = defaultdict(Fraction)
    with new_journal() as connection:
        deltas = Deltas()
        for amount in amounts:
            order = Order(value=amount, currency="USD")
            deltas.delivered(PINTEREST, [entry_of(conversion(order=order), {})])
            exponent = amount.as_tuple().exponent
            if isinstance(exponent, int) and exponent >= -40 and amount.adjusted() <= 40:
                expected["USD"] += Fraction(amount)
        deltas.flush(connection, NOW_MS)
        lifetime = totals(connection)
    assert lifetime.delivered.get((PINTEREST, "purchase"), 0) == len(amounts)
    told = {key: Fraction(value) for key, value in lifetime.value_delivered.items()}
    assert told == {(PINTEREST, currency): value for currency, value in expected.items()}


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_row_holds_its_moment(received_ms: int, now_ms: int) -> None:
    start_s, width_s = row_of(received_ms, now_ms)
    assert width_s in {MINUTE_S, HOUR_S}
    assert start_s % width_s == 0
    assert start_s <= received_ms // 1000 < start_s + width_s
