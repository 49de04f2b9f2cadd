import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.delivery import Payload
from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.dispatch.queue import RETRIES
from relay.event_name import Lane
from relay.journal.entry import Pending
from tests.given.event.builders import NOW_S, payload, pending

NOW_MS = NOW_S * 1000


def batcher(*, max_events: int = 10, max_bytes: int = 10_000, linger_s: float = 1.0) -> Batcher:
    return Batcher(max_events=max_events, max_bytes=max_bytes, linger_s=linger_s)


def add(batcher: Batcher, pending: Pending, payload: Payload, record: bytes = b"") -> None:
    pending.entry.record = record
    line = RETRIES if pending.retry else pending.lane
    batcher.extend(line, [pending], [payload])


def offsets(batch: Batch | None) -> list[int]:
    return [] if batch is None else [each.offset for each in batch.pendings]


def test_a_full_request_goes_at_once() -> None:
    queue = batcher(max_events=3)
    for offset in range(4):
        add(queue, pending(offset), payload())
    assert offsets(queue.batch(NOW_MS)) == [0, 1, 2]
    assert offsets(queue.batch(NOW_MS)) == []


def test_fewer_events_wait_for_the_linger_of_the_oldest() -> None:
    queue = batcher(linger_s=2.0)
    add(queue, pending(0), payload())
    assert queue.wait_s(NOW_MS + 500) == 1.5
    assert queue.batch(NOW_MS + 1999) is None
    assert offsets(queue.batch(NOW_MS + 2000)) == [0]


def test_what_was_received_before_the_clock_was_set_back_has_lingered() -> None:
    queue = batcher(linger_s=2.0)
    add(queue, pending(0), payload())
    assert queue.wait_s(NOW_MS - 3_600_000) == 0
    assert offsets(queue.batch(NOW_MS - 3_600_000)) == [0]


def test_nothing_waiting_means_no_wait_to_speak_of() -> None:
    assert batcher().wait_s(NOW_MS) is None
    assert batcher().batch(NOW_MS) is None


def test_money_takes_nine_places_in_ten() -> None:
    queue = batcher(max_events=10)
    for offset in range(20):
        add(queue, pending(offset, "purchase"), payload())
        add(queue, pending(offset, "search"), payload())
    batch = queue.batch(NOW_MS)
    assert batch is not None
    lanes = [each.lane for each in batch.pendings]
    assert (lanes.count(Lane.MONEY), lanes.count(Lane.OTHER)) == (9, 1)


def test_free_places_are_filled_from_the_other_lane() -> None:
    queue = batcher(max_events=10)
    add(queue, pending(0, "purchase"), payload())
    for offset in range(20):
        add(queue, pending(offset, "search"), payload())
    batch = queue.batch(NOW_MS)
    assert batch is not None
    assert len(batch.pendings) == 10


def test_retries_take_at_most_a_fifth_beside_fresh_events() -> None:
    queue = batcher(max_events=10)
    for offset in range(20):
        add(queue, pending(offset), payload())
        add(queue, pending(100 + offset, retry=True), payload())
    batch = queue.batch(NOW_MS)
    assert batch is not None
    assert sum(each.retry for each in batch.pendings) == 2


def test_retries_take_no_more_where_fresh_events_leave_places_free() -> None:
    queue = batcher(max_events=10)
    add(queue, pending(0), payload())
    for offset in range(20):
        add(queue, pending(100 + offset, retry=True), payload())
    assert offsets(queue.batch(NOW_MS + 1000)) == [0, 100, 101]


def test_retries_alone_may_fill_a_request() -> None:
    queue = batcher(max_events=10)
    for offset in range(10):
        add(queue, pending(offset, retry=True), payload())
    assert len(offsets(queue.batch(NOW_MS))) == 10
    assert queue.retry_room() == 10


def test_batch_keys_never_share_a_request_and_take_turns() -> None:
    queue = batcher(max_events=2)
    for offset in range(4):
        add(queue, pending(offset), payload("web"))
    for offset in range(10, 12):
        add(queue, pending(offset), payload("offline"))
    assert [offsets(queue.batch(NOW_MS)) for _ in range(3)] == [[0, 1], [10, 11], [2, 3]]


def test_a_request_stays_within_its_bytes() -> None:
    queue = batcher(max_bytes=100)
    for offset in range(3):
        add(queue, pending(offset), payload(body=b"x" * 40))
    assert offsets(queue.batch(NOW_MS)) == [0, 1]


def test_an_event_larger_than_a_request_goes_alone() -> None:
    queue = batcher(max_bytes=100)
    add(queue, pending(0), payload(body=b"x" * 400))
    add(queue, pending(1), payload(body=b"x"))
    assert offsets(queue.batch(NOW_MS)) == [0]


def test_an_event_counts_at_least_for_a_quarter_of_its_stored_form() -> None:
    """Else long texts that a platform does not take would wait in memory by the thousand."""
    queue = batcher(max_bytes=100)
    for offset in range(3):
        add(queue, pending(offset), payload(), record=b"x" * 160)
    assert queue.room(Lane.MONEY) == 0
    assert offsets(queue.batch(NOW_MS)) == [0, 1]
    assert queue.room(Lane.MONEY) > 0


def test_what_is_taken_out_leaves_its_room_to_others() -> None:
    """The rest is counted as large as it is, then and once it goes."""
    queue = batcher(max_bytes=100)
    for offset, size in enumerate((400, 160, 160)):
        add(queue, pending(offset), payload(), record=b"x" * size)
    queue.discard(lambda each: each.offset == 0)
    assert queue.room(Lane.MONEY) > 0
    assert offsets(queue.batch(NOW_MS + 1000)) == [1, 2]
    for offset in (3, 4, 5):
        add(queue, pending(offset), payload(), record=b"x" * 160)
    assert queue.room(Lane.MONEY) == 0


def test_a_trial_takes_what_waits_without_lingering() -> None:
    queue = batcher(linger_s=60)
    add(queue, pending(0), payload())
    add(queue, pending(1), payload())
    assert offsets(queue.trial(1)) == [0]


@pytest.mark.parametrize("key", ["web", "offline"])
@pytest.mark.parametrize(("old", "new"), [("purchase", "search"), ("search", "purchase")])
def test_linger_and_trials_go_by_the_event_that_waits_longest(old: str, new: str, key: str) -> None:
    """Whatever its lane and its batch key."""
    queue, later = batcher(linger_s=2.0), pending(1, new)
    later.entry.received_ms = NOW_MS + 500
    add(queue, later, payload("web"))
    add(queue, pending(0, old), payload(key))
    assert (queue.wait_s(NOW_MS + 500), queue.oldest_ms()) == (1.5, NOW_MS)
    assert offsets(queue.trial(1)) == [0]


def test_what_stays_while_others_are_taken_out_keeps_its_payload() -> None:
    """Else a person who is being erased would be sent under somebody else's name."""
    queue = batcher()
    for offset in range(6):
        add(queue, pending(offset), payload(body=b"%d" % offset))
    queue.discard(lambda each: each.offset % 2 == 0)
    batch = queue.batch(NOW_MS + 1000)
    assert batch is not None
    assert [each.body for each in batch.payloads] == [b"1", b"3", b"5"]


def test_halves_hold_every_event_once() -> None:
    batch = Batch([pending(at) for at in range(5)], [payload() for _ in range(5)])
    first, second = batch.halves()
    assert offsets(first) + offsets(second) == [0, 1, 2, 3, 4]


def test_reading_ahead_stops_at_a_full_request_of_events_or_bytes() -> None:
    by_count, by_size = batcher(max_events=10), batcher(max_events=10, max_bytes=100)
    assert by_count.room(Lane.MONEY) == 20
    for offset in range(10):
        add(by_count, pending(offset), payload())
    assert (by_count.room(Lane.MONEY), by_count.room(Lane.OTHER)) == (0, 20)
    for offset in range(3):
        add(by_size, pending(offset), payload(body=b"x" * 40))
    assert by_size.room(Lane.MONEY) == 0


def test_shares_hold_over_requests_that_are_smaller_than_a_share() -> None:
    queue = batcher(max_events=1, linger_s=0)
    for offset in range(50):
        add(queue, pending(offset, "purchase"), payload())
        add(queue, pending(100 + offset, "search"), payload())
        add(queue, pending(200 + offset, retry=True), payload())
    sent = [queue.batch(NOW_MS) for _ in range(40)]
    first = [batch.pendings[0] for batch in sent if batch is not None]
    assert sum(each.retry for each in first) == 8
    assert sum(each.lane is Lane.OTHER for each in first) == 4


def test_a_share_holds_where_bytes_and_not_events_fill_a_request() -> None:
    queue = batcher(max_events=100, max_bytes=1_000, linger_s=0)
    for offset in range(50):
        add(queue, pending(offset, "purchase"), payload(body=b"x" * 50))
        add(queue, pending(100 + offset, "search"), payload(body=b"x" * 50))
    batch = queue.batch(NOW_MS)
    assert batch is not None
    lanes = [each.lane for each in batch.pendings]
    assert (lanes.count(Lane.MONEY), lanes.count(Lane.OTHER)) == (18, 2)
    assert lanes == sorted(lanes)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["purchase", "search"]),
        st.sampled_from(["web", "offline"]),
        st.booleans(),
        st.integers(1, 60),
    ),
    max_size=60,
)


@given(events=EVENTS, max_events=st.integers(1, 12), max_bytes=st.integers(10, 200))
def test_every_event_goes_out_once_and_in_order_of_its_line(
    events: list[tuple[str, str, bool, int]], max_events: int, max_bytes: int
) -> None:
    """Whatever waits, requests hold their bounds, and nothing is lost, doubled or overtaken."""
    queue = batcher(max_events=max_events, max_bytes=max_bytes, linger_s=0)
    for offset, (name, key, retry, size) in enumerate(events):
        add(queue, pending(offset, name, retry=retry), payload(key, b"x" * size))
    lines: dict[tuple[str, Lane, bool], list[int]] = {}
    while batch := queue.batch(NOW_MS):
        assert 0 < len(batch.pendings) <= max_events
        assert len(batch.pendings) == 1 or sum(len(p.body) for p in batch.payloads) <= max_bytes
        assert len({each.batch_key for each in batch.payloads}) == 1
        for each, body in zip(batch.pendings, batch.payloads, strict=True):
            lines.setdefault((body.batch_key, each.lane, each.retry), []).append(each.offset)
    sent = [offset for line in lines.values() for offset in line]
    assert sorted(sent) == list(range(len(events)))
    for line in lines.values():
        assert line == sorted(line)
    assert queue.wait_s(NOW_MS) is None
    assert queue.room(Lane.MONEY) == queue.room(Lane.OTHER) == 2 * queue.retry_room()


@given(
    waiting=st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)),
    max_events=st.integers(1, 25),
    max_bytes=st.integers(1, 25),
)
def test_shares_are_those_of_handing_out_one_place_after_the_other(
    waiting: tuple[int, int, int], max_events: int, max_bytes: int
) -> None:
    """Counted at once, each line gets what it would get place by place."""
    queue = batcher(max_events=max_events, max_bytes=max_bytes, linger_s=0)
    for line, count in enumerate(waiting):
        name, retry = ("search" if line == Lane.OTHER else "purchase"), line == len(Lane)
        for _ in range(count):
            add(queue, pending(0, name, retry=retry), payload(body=b"x"))
    left, place = list(waiting), 0
    while batch := queue.batch(NOW_MS):
        tries = max(1, max_events // 5) if left[0] or left[1] else max_events
        expected = [0, 0, 0]
        for _ in range(min(max_events, max_bytes)):
            money, other, retries = left[0], left[1], min(left[2], tries - expected[2])
            if not (money or other or retries):
                break
            place += 1
            fresh = money or other
            if retries and (not fresh or place % 5 == 0):
                line = 2
            elif other and (not money or place % 10 == 1):
                line = 1
            else:
                line = 0
            expected[line] += 1
            left[line] -= 1
        sent = [len(Lane) if each.retry else int(each.lane) for each in batch.pendings]
        assert [sent.count(line) for line in range(3)] == expected
