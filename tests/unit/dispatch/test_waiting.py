import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dispatch.batch import Batch
from relay.dispatch.batcher import Batcher
from relay.dispatch.waiting import MAX_ROTATING, MAX_WHOLE_TRIALS, Waiting
from relay.event_name import Lane
from relay.journal.entry import Pending
from tests.given.event.builders import NOW_S, payload, pending

NOW_MS = NOW_S * 1000
LATER_MS = NOW_MS + 60_000


def received(offset: int, after_ms: int = 0) -> Pending:
    """Return an event that was received some time after the others."""
    event = pending(offset)
    event.entry.received_ms = NOW_MS + after_ms
    return event


def batch(*pendings: Pending) -> Batch:
    return Batch(list(pendings), [payload() for _ in pendings])


def waiting(*pendings: Pending) -> Waiting:
    batcher = Batcher(max_events=10, max_bytes=10_000, linger_s=1.0)
    for each in pendings:
        batcher.extend(each.lane, [each], [payload()])
    return Waiting(batcher)


def offsets(found: Batch | None) -> list[int]:
    return [] if found is None else [each.offset for each in found.pendings]


def test_what_was_sent_in_vain_goes_before_anything_new_the_oldest_first() -> None:
    line = waiting(received(0))
    line.put([batch(received(2, 20)), batch(received(1, 10))])
    assert [offsets(line.next(LATER_MS)) for _ in range(4)] == [[1], [2], [0], []]


def test_what_is_new_has_the_linger_to_wait_for_others() -> None:
    assert waiting(received(0)).wait_s(NOW_MS) == 1.0


def test_a_probe_is_the_oldest_event_wherever_it_waits() -> None:
    line = waiting(received(5, 50), received(7, 70))
    line.put([batch(received(9, 90), received(6, 60))])
    tried = [offsets(line.trial(1, rotate=False)) for _ in range(5)]
    assert tried == [[5], [6], [7], [9], []]


def test_a_probe_that_failed_is_tried_again_unless_others_take_turns() -> None:
    line = waiting(received(1, 10))
    line.put([batch(received(0))])
    first = line.trial(1, rotate=True)
    assert first is not None
    line.put([first])
    assert offsets(line.trial(1, rotate=False)) == [0]
    line.put([first])
    assert offsets(line.trial(1, rotate=True)) == [1]


def test_rotation_tries_no_more_than_a_few_new_events() -> None:
    """However long an outage lasts, it holds few batches in memory: one more a round."""
    line = waiting(*(received(offset, offset) for offset in range(100)))
    for _ in range(200):
        tried = line.trial(1, rotate=True)
        assert tried is not None
        line.put([tried])
    assert len(line._again) < 2 * MAX_ROTATING


def test_new_events_are_tried_however_many_bad_ones_rotate() -> None:
    line = waiting(received(99, 500))
    line.put([batch(received(offset, offset)) for offset in range(2 * MAX_ROTATING)])
    for _ in range(2 * MAX_ROTATING):
        in_vain(line)
    assert in_vain(line) == [99]


@pytest.mark.parametrize("count", [MAX_ROTATING, 5 * MAX_ROTATING])
def test_bad_events_in_all_of_many_batches_block_no_good_one(count: int) -> None:
    """Once each batch had its turn, one of them is halved until it passes."""
    line = waiting()
    places = [range(start, start + 10) for start in range(0, 10 * count, 10)]
    line.put([batch(*(received(place, place) for place in tens)) for tens in places])
    for _ in range(count + math.ceil(math.log2(10))):
        tried = line.trial(50, rotate=True)
        assert tried is not None
        if all(offset % 10 for offset in offsets(tried)):
            return
        line.put([tried])
    pytest.fail("no good event had a turn without a bad one")


def test_the_trials_of_an_outage_that_is_over_give_nobody_a_later_turn() -> None:
    line = waiting()
    line.put([batch(received(0)), batch(received(1, 10))])
    for _ in range(6):
        in_vain(line)
    first = line.next(LATER_MS)
    assert first is not None
    line.put([first, batch(received(2, 20))])
    assert [in_vain(line) for _ in range(3)] == [[0], [1], [2]]


def test_a_trial_takes_the_oldest_of_a_large_batch_and_leaves_the_rest() -> None:
    line = waiting()
    line.put([batch(*(received(offset, 100 - offset) for offset in range(10)))])
    assert offsets(line.trial(3, rotate=True)) == [7, 8, 9]
    assert offsets(line.next(NOW_MS)) == [0, 1, 2, 3, 4, 5, 6]


def test_what_fails_in_every_turn_is_halved_until_each_event_had_a_turn_of_its_own() -> None:
    """Were one event at fault while nothing else waits, no other request could show it."""
    line = waiting()
    line.put([batch(*(received(offset, offset) for offset in range(6)))])
    tried: list[list[int]] = []
    for _ in range(30):
        taken = line.trial(50, rotate=True)
        assert taken is not None
        tried.append(offsets(taken))
        line.put([taken])
    assert tried[:MAX_WHOLE_TRIALS] == [list(range(6))] * MAX_WHOLE_TRIALS
    assert tried[MAX_WHOLE_TRIALS] == [0, 1, 2]
    assert {(offset,) for offset in range(6)} <= {tuple(each) for each in tried}


def test_halves_of_a_large_batch_are_few() -> None:
    """They are sent one by one once the outage is over."""
    line = waiting()
    line.put([batch(*(received(offset, offset) for offset in range(1_000)))])
    for _ in range(300):
        taken = line.trial(1_000, rotate=True)
        assert taken is not None
        line.put([taken])
    assert len(line._again) <= 3 * MAX_ROTATING


def test_a_probe_without_turns_is_not_halved() -> None:
    line = waiting()
    line.put([batch(*(received(offset, offset) for offset in range(6)))])
    for _ in range(MAX_WHOLE_TRIALS + 2):
        taken = line.trial(50, rotate=False)
        assert offsets(taken) == list(range(6))
        assert taken is not None
        line.put([taken])


def test_what_is_not_to_be_sent_any_more_is_taken_out_everywhere() -> None:
    line = waiting(received(0), received(1))
    line.put([batch(received(2), received(3)), batch(received(4))])
    gone = line.discard(lambda each: each.offset % 2 == 0)
    assert sorted(each.offset for each in gone) == [0, 2, 4]
    assert [offsets(line.next(LATER_MS)) for _ in range(3)] == [[3], [1], []]


def other(offset: int, after_ms: int = 0) -> Pending:
    """Return an event that earns no money."""
    event = pending(offset, "add_to_cart")
    event.entry.received_ms = NOW_MS + after_ms
    return event


def in_vain(line: Waiting) -> list[int]:
    """Try the platform, in vain, and return with what."""
    tried = line.trial(50, rotate=True)
    assert tried is not None
    line.put([tried])
    return offsets(tried)


def money_trial(line: Waiting, max_events: int = 50) -> list[int]:
    """Try the platform, in vain, and return with what."""
    tried = line.trial(max_events, rotate=True, money_first=True)
    assert tried is not None
    line.put([tried])
    return offsets(tried)


def test_a_platform_that_may_be_back_is_tried_with_money_alone() -> None:
    line = waiting(other(0), received(1, 10))
    line.put([batch(other(3), received(2, 20), received(4, 30))])
    assert [money_trial(line) for _ in range(4)] == [[2, 4], [1], [3], [0]]


def test_money_that_comes_during_an_outage_is_tried_however_much_else_is_held() -> None:
    batcher = Batcher(max_events=10, max_bytes=10_000, linger_s=1.0)
    line = Waiting(batcher)
    line.put([batch(other(offset)) for offset in range(2 * MAX_ROTATING)])
    assert money_trial(line) == [0]
    batcher.extend(Lane.MONEY, [received(99, 500)], [payload()])
    assert money_trial(line) == [99]
    batcher.extend(Lane.MONEY, [received(98, 600)], [payload()])  # one is enough
    for _ in range(MAX_ROTATING):
        money_trial(line)
    assert len(line._again) == 2 * MAX_ROTATING + 1


def test_money_that_no_platform_takes_does_not_keep_the_rest_from_trials() -> None:
    """What earns money goes first only among what had as many trials."""
    line = waiting(received(0), other(1, 10))
    assert [money_trial(line) for _ in range(4)] == [[0], [1], [0], [1]]


def suspect(offset: int) -> Batch:
    return Batch([received(offset)], [payload()], suspect=True)


def test_a_suspect_travels_alone_one_at_a_time_and_seldom() -> None:
    line = waiting(*(received(offset) for offset in range(70)))
    line.put_suspects([suspect(100), suspect(101)])
    sent = [line.next(LATER_MS) for _ in range(8)]
    assert [len(each) for each in sent if each is not None] == [10, 10, 10, 10, 1, 10, 10, 10]
    assert offsets(sent[4]) == [100]
    assert line.next(LATER_MS) is None  # the other one waits until the first is answered
    assert line.wait_s(LATER_MS) is None
    assert sent[4] is not None
    line.ended(sent[4])
    assert offsets(line.next(LATER_MS)) == [101]


def test_a_suspect_that_is_throttled_stays_alone() -> None:
    line = waiting()
    line.put_suspects([suspect(100)])
    sent = line.next(LATER_MS)
    assert sent is not None
    line.put([sent])
    line.ended(sent)
    for _ in range(3):
        fresh = waiting(received(1))
        assert offsets(fresh.next(LATER_MS)) == [1]
    assert offsets(line.trial(50, rotate=True, money_first=True)) == [100]


@pytest.mark.parametrize("oldest", range(5))
def test_the_event_that_happened_first_is_found_wherever_it_waits(oldest: int) -> None:
    """By it a look for what grew too old is spared."""
    events = [received(offset) for offset in range(5)]
    events[oldest].entry.event_time = NOW_S - 60
    line = waiting(events[0])
    line.put([batch(events[1]), batch(events[2])])
    line.put_suspects([batch(events[3]), batch(events[4])])
    assert line.happened_at() == NOW_S - 60


def part(offset: int, after_ms: int = 0) -> Batch:
    return Batch([received(offset, after_ms)], [payload()], refused_at=NOW_S)


def test_what_steps_aside_goes_once_the_other_parts_have_been_answered() -> None:
    line, first = waiting(), part(0)
    first.step_aside()
    line.put([first, part(1, 10), part(2, 20)])
    others = [line.next(LATER_MS) for _ in range(2)]
    assert [offsets(each) for each in others] == [[1], [2]]
    for each in others:
        assert (line.next(LATER_MS), line.wait_s(LATER_MS)) == (None, None)
        assert each is not None
        line.ended(each)
    assert line.next(LATER_MS) is first


@given(
    fresh=st.integers(0, 30),
    vain=st.lists(st.integers(1, 12), max_size=5),
    steps=st.lists(st.sampled_from(["next", "trial", "probe", "fail"]), max_size=60),
)
def test_no_event_is_lost_or_doubled(fresh: int, vain: list[int], steps: list[str]) -> None:
    numbers = iter(range(1_000))
    line = waiting(*(received(next(numbers)) for _ in range(fresh)))
    line.put([batch(*(received(next(numbers)) for _ in range(count))) for count in vain])
    total = fresh + sum(vain)
    out: list[Batch] = []
    for step in steps:
        if step == "fail" and out:
            line.put([out.pop()])
            continue
        taken = (
            line.next(LATER_MS)
            if step == "next"
            else line.trial(1 if step == "probe" else 5, rotate=step == "trial")
        )
        if taken is not None:
            out.append(taken)
    while (rest := line.next(LATER_MS)) is not None:
        out.append(rest)
    assert sorted(offset for each in out for offset in offsets(each)) == list(range(total))
