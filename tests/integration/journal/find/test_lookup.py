"""The look-up across its life: ids wait in memory, go into runs, and survive a restart."""

from zlib import crc32

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Entry
from relay.journal.find.lookup import RUN_EVENTS, Kind, Place, Run, Tail, places, recover, store
from tests.given.event.builders import conversion, entry
from tests.given.journal.seed import Seed

HALF = RUN_EVENTS // 2


def tail_of(groups: int, lane: Lane = Lane.MONEY) -> Tail:
    """Return a tail with groups of half a run's worth each."""
    tail = Tail()
    for number in range(groups):
        tail.add(lane, number * HALF, events(number * HALF, HALF))
    return tail


def events(first: int, count: int) -> list[Entry]:
    return [entry(f"e{first + at}") for at in range(count)]


def test_a_run_has_a_checksum_for_each_id_in_a_form_that_every_version_reads() -> None:
    """Zero stands for no id, and so is the checksum of none."""
    run = Run(Lane.MONEY, 0)
    order = Order(order_id="4711")
    run.add([entry_of(conversion("a", order=order), {}), entry("b"), entry_of(conversion(""), {})])
    ids = [crc32(b"a"), crc32(b"b"), 1]
    assert (Kind.EVENT, Kind.ORDER) == (0, 1)
    assert run.packed(Kind.EVENT) == b"".join(each.to_bytes(4, "little") for each in ids)
    assert run.packed(Kind.ORDER) == crc32(b"4711").to_bytes(4, "little") + bytes(8)


def test_a_tail_is_full_with_one_runs_worth_of_a_lane() -> None:
    assert tail_of(1).full is None
    full = tail_of(3).full
    assert full is not None
    assert (full.first, len(full)) == (0, RUN_EVENTS)


def test_a_tail_forgets_what_is_released_and_keeps_the_rest() -> None:
    tail = tail_of(3)
    full = tail.full
    assert full is not None
    tail.release(full)
    assert tail.full is None
    assert not tail.places(Kind.EVENT, "e0")
    assert tail.places(Kind.EVENT, f"e{RUN_EVENTS}") == [Place(Lane.MONEY, RUN_EVENTS)]


def test_what_is_stored_is_found_in_its_run(seed: Seed) -> None:
    tail = tail_of(2)
    full = tail.full
    assert full is not None
    store(seed.connection, full)
    tail.release(full)
    assert places(seed.connection, Kind.EVENT, "e7") == [Place(Lane.MONEY, 7)]
    assert not places(seed.connection, Kind.ORDER, "e7")


def test_after_a_restart_the_tail_holds_what_no_run_covers(seed: Seed) -> None:
    for event_id in ("a", "b"):
        seed.group(entry(event_id))
    run = Run(Lane.MONEY, 0)
    run.add([entry("a")])
    store(seed.connection, run)
    tail = Tail()
    recover(seed.connection, tail)
    assert not tail.places(Kind.EVENT, "a")
    assert tail.places(Kind.EVENT, "b") == [Place(Lane.MONEY, 1)]


def test_a_restart_after_long_arrears_stores_runs_on_the_way(seed: Seed) -> None:
    per_group = 4_000
    for number in range(6):
        seed.group(*(entry(f"{number}-{at}") for at in range(per_group)))
    tail = Tail()
    recover(seed.connection, tail)
    assert tail.full is None
    assert seed.count("lookup_run") == len(Kind)
    assert places(seed.connection, Kind.EVENT, "0-0") == [Place(Lane.MONEY, 0)]
    assert tail.places(Kind.EVENT, "5-3999") == [Place(Lane.MONEY, 6 * per_group - 1)]


def test_an_id_that_no_text_encodes_is_simply_not_found(seed: Seed) -> None:
    assert not places(seed.connection, Kind.EVENT, "\ud800")
