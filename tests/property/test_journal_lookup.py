"""The look-up finds what a plain dictionary finds, however its runs came about."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Entry
from relay.journal.find import lookup
from relay.journal.find.lookup import MAX_FOUND, Kind, Place, Run, Tail, places
from tests.given.event.builders import conversion
from tests.given.journal.seed import new_journal

IDS = st.sampled_from([f"id-{number}" for number in range(12)])
PAIRS = st.lists(st.tuples(IDS, st.none() | IDS), min_size=1, max_size=60)
GROUPS = st.lists(st.tuples(st.sampled_from(Lane), PAIRS), max_size=30)
Group = tuple[Lane, int, list[Entry]]
Model = dict[tuple[Kind, str], set[Place]]


def event(event_id: str, order_id: str | None) -> Entry:
    return entry_of(
        conversion(event_id, order=None if order_id is None else Order(order_id=order_id)), {}
    )


def numbered(drawn: Sequence[tuple[Lane, Sequence[tuple[str, str | None]]]]) -> list[Group]:
    """Return the groups as they come in a log."""
    ends = dict.fromkeys(Lane, 0)
    groups = []
    for lane, pairs in drawn:
        groups.append((lane, ends[lane], [event(*pair) for pair in pairs]))
        ends[lane] += len(pairs)
    return groups


def model_of(groups: Sequence[Group]) -> Model:
    model: Model = defaultdict(set)
    for lane, first, entries in groups:
        for offset, each in enumerate(entries, first):
            model[Kind.EVENT, each.event_id].add(Place(lane, offset))
            if each.order_id is not None:
                model[Kind.ORDER, each.order_id].add(Place(lane, offset))
    return model


def newest(expected: set[Place]) -> set[Place]:
    """Return what a look-up is to find at most: the newest of each lane."""
    lanes = [sorted(each for each in expected if each.lane is lane) for lane in Lane]
    return {place for lane in lanes for place in lane[-MAX_FOUND:]}


@given(GROUPS, st.integers(0, 3))
def test_tail_and_runs_together_find_every_event(
    drawn: Sequence[tuple[Lane, Sequence[tuple[str, str | None]]]], held_back: int
) -> None:
    groups = numbered(drawn)
    stored = groups[: max(0, len(groups) - held_back)]
    held = groups[len(stored) :]
    tail = Tail()
    for group in held:
        tail.add(*group)
    with new_journal() as connection:
        for lane, first, entries in stored:
            run = Run(lane, first)
            run.add(entries)
            lookup.store(connection, run)
        for kind in Kind:
            for number in range(13):
                wanted = f"id-{number}"
                found = places(connection, kind, wanted)
                assert set(found) == newest(model_of(stored)[kind, wanted])
                assert len(found) == len(set(found))
                assert set(tail.places(kind, wanted)) == newest(model_of(held)[kind, wanted])


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50), st.integers(0, 2**32 - 1))
@example([0x02010101], 0x01010101)
def test_a_checksum_is_found_only_where_one_begins(checksums: Sequence[int], wanted: int) -> None:
    """Four bytes across two neighbours may look like another checksum; they are none."""
    packed = b"".join(each.to_bytes(4, "little") for each in [*checksums, wanted, *checksums])
    expected = [at for at, each in enumerate([*checksums, wanted, *checksums]) if each == wanted]
    found = list(lookup._positions(packed, wanted.to_bytes(4, "little")))
    assert found == expected[::-1]


@given(st.integers(MAX_FOUND + 1, 3 * MAX_FOUND))
def test_of_an_id_that_many_events_have_the_newest_are_found(count: int) -> None:
    run = Run(Lane.OTHER, 7)
    run.add([event("same", None)] * count)
    with new_journal() as connection:
        lookup.store(connection, run)
        found = places(connection, Kind.EVENT, "same")
    end = 7 + count
    assert found == [Place(Lane.OTHER, at) for at in range(end - 1, end - 1 - MAX_FOUND, -1)]
