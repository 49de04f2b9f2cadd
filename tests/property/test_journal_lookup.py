"""The look-up finds what a plain dictionary finds, however its runs came about."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from relay.event_name import Lane
from relay.journal import lookup
from relay.journal.lookup import MAX_FOUND, Group, Kind, Place, Run, Tail, build, merge, places
from tests.journal_seed import new_journal

IDS = st.sampled_from([f"id-{number}" for number in range(12)])
PAIRS = st.tuples(IDS, st.none() | IDS)
GROUPS = st.lists(
    st.tuples(st.sampled_from(Lane), st.lists(PAIRS, min_size=1, max_size=60)), max_size=30
)
Model = dict[tuple[Kind, str], set[Place]]


def numbered(drawn: Sequence[tuple[Lane, Sequence[tuple[str, str | None]]]]) -> list[Group]:
    """Return the groups as rows of a log."""
    ends = dict.fromkeys(Lane, 0)
    groups = []
    for log_id, (lane, ids) in enumerate(drawn, start=1):
        groups.append(Group(log_id, lane, ends[lane], ids))
        ends[lane] += len(ids)
    return groups


def model_of(groups: Sequence[Group]) -> Model:
    model: Model = defaultdict(set)
    for group in groups:
        for offset, (event_id, order_id) in enumerate(group.ids, group.first):
            model[Kind.EVENT, event_id].add(Place(group.lane, offset))
            if order_id is not None:
                model[Kind.ORDER, order_id].add(Place(group.lane, offset))
    return model


def agree(found: Sequence[Place], expected: set[Place]) -> bool:
    """Whether a look-up found everything, or as much of it as it is to find."""
    if len(expected) <= MAX_FOUND:
        return set(found) == expected and len(found) == len(expected)
    return len(found) == MAX_FOUND and set(found) <= expected


@given(GROUPS, st.integers(1, 10), st.integers(0, 3))
def test_tail_and_runs_together_find_every_event(
    drawn: Sequence[tuple[Lane, Sequence[tuple[str, str | None]]]], per_run: int, held_back: int
) -> None:
    groups = numbered(drawn)
    stored = groups[: max(0, len(groups) - held_back)]
    tail = Tail()
    for group in groups[len(stored) :]:
        tail.add(group)
    with new_journal() as connection:
        for at in range(0, len(stored), per_run):
            lookup.store(connection, build(stored[at : at + per_run]))
            if merged := merge(connection):
                lookup.store(connection, merged)
        for kind in Kind:
            for number in range(13):
                wanted = f"id-{number}"
                found = places(connection, kind, wanted)
                assert agree(found, model_of(stored)[kind, wanted])
                assert agree(
                    tail.places(kind, wanted), model_of(groups[len(stored) :])[kind, wanted]
                )


@given(st.lists(PAIRS, min_size=1, max_size=900))
def test_an_id_that_fills_many_pages_is_found_newest_first(
    pairs: Sequence[tuple[str, str | None]],
) -> None:
    repeated = [("same", None)] * 700 + list(pairs)
    with new_journal() as connection:
        lookup.store(connection, build([Group(1, Lane.OTHER, 0, repeated)]))
        found = places(connection, Kind.EVENT, "same")
    assert found == [Place(Lane.OTHER, offset) for offset in range(699, 699 - MAX_FOUND, -1)]


@given(GROUPS.filter(bool))
def test_a_merge_keeps_the_records_and_the_rows_that_its_runs_covered(
    drawn: Sequence[tuple[Lane, Sequence[tuple[str, str | None]]]],
) -> None:
    groups = numbered(drawn)
    whole = build(groups)
    with new_journal() as connection:
        parts = [groups[at :: lookup.MERGE_RUNS] for at in range(lookup.MERGE_RUNS)]
        if not all(parts):
            return
        for part in parts:
            lookup.store(connection, build(part))
        merged = merge(connection)
    assert merged is not None
    assert content(merged) == content(whole)
    assert len(merged.replaces) == lookup.MERGE_RUNS
    assert merged.last_log == groups[-1].log_id


def content(run: Run) -> tuple[int, bytes]:
    return run.records, b"".join(records for _, records in run.pages)
