import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.delivery import DELIVERED, Answer, Verdict
from relay.dispatch.batch import Batch
from relay.dispatch.judge import MAX_ASIDE, MAX_NAMED, judge, safe_request_id, settlement_of
from relay.journal.entry import Pending
from relay.journal.settlement import Receipt
from tests.given.event.builders import payload, pending

REFUSED = Verdict("invalid", "40002", "Invalid value")
LATER = Verdict("transient")


def batch_of(count: int) -> Batch:
    return Batch([pending(at) for at in range(count)], [payload() for _ in range(count)])


def offsets(pendings: object) -> list[int]:
    assert isinstance(pendings, list)
    return [each.offset for each in pendings]


def test_each_event_gets_its_own_verdict() -> None:
    ruling = judge(batch_of(3), Answer(kind="settled", verdicts=[DELIVERED, REFUSED, LATER]))
    assert ruling.outcome == "partial"
    assert offsets(ruling.delivered) == [0]
    assert [each.pending.offset for each in ruling.dead] == [1]
    assert [each.pending.offset for each in ruling.retry] == [2]
    assert not ruling.again


def test_an_event_that_is_only_to_be_tried_again_makes_no_refusal() -> None:
    """Metrics and timeline would speak of a platform that refuses, where it only is not clear."""
    later = judge(batch_of(2), Answer(kind="settled", verdicts=[LATER, LATER]))
    assert later.outcome == "transient"
    assert [each.pending.offset for each in later.retry] == [0, 1]
    refused = judge(batch_of(2), Answer(kind="settled", verdicts=[LATER, REFUSED]))
    assert refused.outcome == "invalid"


def test_an_answer_that_does_not_fit_delivers_nothing() -> None:
    ruling = judge(batch_of(3), Answer(kind="settled", verdicts=[DELIVERED]))
    assert (ruling.outcome, ruling.delivered) == ("transient", ())
    assert [offsets(batch.pendings) for batch in ruling.again] == [[0, 1, 2]]


@pytest.mark.parametrize("at", range(4))
def test_a_named_culprit_is_dead_and_the_rest_goes_out_at_once(at: int) -> None:
    ruling = judge(batch_of(4), Answer(kind="refused", code="40002", culprits=[at]))
    assert [each.pending.offset for each in ruling.dead] == [at]
    rest = [offset for offset in range(4) if offset != at]
    assert [offsets(batch.pendings) for batch in ruling.again] == [rest]


def test_a_culprit_beyond_the_batch_is_no_culprit() -> None:
    ruling = judge(batch_of(4), Answer(kind="refused", culprits=[4, -1]))
    assert not ruling.dead
    assert [offsets(batch.pendings) for batch in ruling.again] == [[0, 1], [2, 3]]


def test_a_single_refused_event_is_the_culprit() -> None:
    ruling = judge(batch_of(1), Answer(kind="refused"))
    assert [each.reason for each in ruling.dead] == ["platform_rejected"]
    assert not ruling.again


def test_throttles_and_faults_send_the_same_events_again() -> None:
    for kind, outcome in (("throttled", "throttled"), ("misconfigured", "misconfigured")):
        ruling = judge(batch_of(2), Answer(kind=kind))  # type: ignore[arg-type]  # both are kinds
        assert ruling.outcome == outcome
        assert [offsets(batch.pendings) for batch in ruling.again] == [[0, 1]]


def test_a_doubtful_answer_becomes_a_refusal_once_confirmed() -> None:
    """Three more of the same and the batch is halved; a fault of the network never is."""
    batch = batch_of(2)
    doubtful = Answer(kind="transient", code="53102", confirmations=3)
    for _ in range(3):
        [batch] = judge(batch, doubtful).again
        assert len(batch.pendings) == 2
    assert [len(half.pendings) for half in judge(batch, doubtful).again] == [1, 1]


@pytest.mark.parametrize(
    "other", [{"code": "connect"}, {"confirmations": 3, "pause": "no_permission"}]
)
def test_trouble_of_another_kind_confirms_no_doubt_about_a_batch(other: dict[str, Any]) -> None:
    batch = batch_of(2)
    doubtful = Answer(kind="transient", code="53102", confirmations=3)
    for answer in [doubtful, Answer(kind="transient", **other), *[doubtful] * 3]:
        assert judge(batch, answer).again == [batch]
    assert len(judge(batch, doubtful).again) == 2


def test_the_platforms_words_are_scrubbed_before_they_are_kept() -> None:
    answer = Answer(kind="refused", code="40002", message="jane.doe@example.com is not valid")
    ruling = judge(batch_of(1), answer)
    receipt = Receipt(at_ms=0, duration_ms=0, outcome=ruling.outcome)
    settlement = settlement_of(ruling, receipt, lambda _: 0)
    assert "jane" not in settlement.dead[0].message


def test_a_request_id_is_kept_only_if_it_looks_like_one() -> None:
    assert safe_request_id("20260131-abc") == "20260131-abc"
    assert safe_request_id("jane@example.com") == ""
    assert safe_request_id("x" * 65) == ""


def deliver(
    batch: Batch, answer: Callable[[Batch], Answer]
) -> tuple[int, list[Pending], list[int]]:
    """Send a batch and all that comes of it; return requests, delivered, and dead offsets."""
    waiting, requests = [batch], 0
    delivered: list[Pending] = []
    dead: list[int] = []
    while waiting:
        current = waiting.pop(0)
        requests += 1
        ruling = judge(current, answer(current))
        delivered += ruling.delivered
        dead += [each.pending.offset for each in ruling.dead]
        waiting[:0] = ruling.again
    return requests, delivered, dead


@given(count=st.integers(1, 1000), poison=st.sets(st.integers(0, 999), max_size=5))
def test_halving_finds_exactly_the_culprits_in_few_requests(count: int, poison: set[int]) -> None:
    """All-or-nothing answers without an index: 2·k·log2(n) + 10 requests at most."""
    poison = {at for at in poison if at < count}

    def answer(batch: Batch) -> Answer:
        if any(each.offset in poison for each in batch.pendings):
            return Answer(kind="refused")
        return Answer(kind="settled", verdicts=[DELIVERED] * len(batch.pendings))

    requests, delivered, dead = deliver(batch_of(count), answer)
    assert set(dead) == poison
    assert sorted(each.offset for each in delivered) == sorted(set(range(count)) - poison)
    assert requests <= 2 * len(poison) * math.log2(max(count, 2)) + 10


@given(count=st.integers(1, 1000), poison=st.sets(st.integers(0, 999), max_size=5))
def test_a_named_index_costs_one_request_a_culprit(count: int, poison: set[int]) -> None:
    poison = {at for at in poison if at < count}

    def answer(batch: Batch) -> Answer:
        at = next((at for at, each in enumerate(batch.pendings) if each.offset in poison), None)
        if at is not None:
            return Answer(kind="refused", culprits=[at])
        return Answer(kind="settled", verdicts=[DELIVERED] * len(batch.pendings))

    requests, delivered, dead = deliver(batch_of(count), answer)
    assert set(dead) == poison
    assert len(delivered) == count - len(poison)
    assert requests <= len(poison) + 2


@given(poison=st.sets(st.integers(0, 299), min_size=1, max_size=8))
def test_a_platform_that_names_the_wrong_event_costs_few_innocents(poison: set[int]) -> None:
    """It always names the first one; after five rounds the culprits are found by halving."""

    def answer(batch: Batch) -> Answer:
        if any(each.offset in poison for each in batch.pendings):
            return Answer(kind="refused", culprits=[0])
        return Answer(kind="settled", verdicts=[DELIVERED] * len(batch.pendings))

    requests, delivered, dead = deliver(batch_of(300), answer)
    assert poison <= set(dead)
    assert len(set(dead) - poison) <= MAX_NAMED
    assert len(delivered) + len(dead) == 300
    assert requests <= MAX_NAMED + 2 * len(poison) * math.log2(300) + 10


def alone(*, attempts: int = 0) -> Batch:
    batch = batch_of(1)
    batch.pendings[0].attempts = attempts
    return batch


NOT_AN_EVENTS_FAULT = Answer(kind="misconfigured", pause="token_rejected")
REQUEST_REFUSED = Answer(kind="misconfigured", pause="request_refused", code="40000")


def test_a_refused_request_is_the_configurations_fault_until_another_one_passes() -> None:
    batch = alone()
    first = judge(batch, REQUEST_REFUSED, sent_at=10, passed_at=5)
    assert (first.suspicious, first.again) == (False, [batch])
    second = judge(batch, REQUEST_REFUSED, sent_at=40, passed_at=20)
    assert (second.suspicious, len(second.retry)) == (True, 1)


def test_a_part_that_passed_acquits_the_configuration_of_the_rest() -> None:
    """The batch is refused at 10, its one half passes at 20, its other half fails at 30 and 40."""
    _, rest = judge(batch_of(4), Answer(kind="refused"), sent_at=10).again
    guilty, _ = judge(rest, Answer(kind="refused"), sent_at=30, passed_at=20).again
    ruling = judge(guilty, REQUEST_REFUSED, sent_at=40, passed_at=20)
    assert (ruling.suspicious, len(ruling.retry)) == (True, 1)


def test_what_is_refused_alone_lets_the_other_parts_go_first() -> None:
    """The first of two is refused alone, and again once the second one has passed."""
    guilty, _ = judge(batch_of(2), Answer(kind="refused"), sent_at=10, passed_at=5).again
    aside = judge(guilty, REQUEST_REFUSED, sent_at=20, passed_at=5)
    assert (aside.suspicious, aside.again, guilty.aside) == (True, [guilty], True)
    ruling = judge(guilty, REQUEST_REFUSED, sent_at=40, passed_at=30)
    assert (ruling.suspicious, len(ruling.retry)) == (True, 1)


def test_where_no_part_passes_the_configuration_is_at_fault() -> None:
    half, _ = judge(batch_of(2), Answer(kind="refused"), sent_at=10, passed_at=5).again
    judge(half, REQUEST_REFUSED, sent_at=20, passed_at=5)
    ruling = judge(half, REQUEST_REFUSED, sent_at=30, passed_at=5)
    assert (ruling.suspicious, ruling.again) == (False, [half])


def test_a_wrong_configuration_is_told_after_a_few_events_of_a_batch() -> None:
    batch = batch_of(MAX_ASIDE + 1)
    batch.refused_at = 10
    parts = [batch.part([at]) for at in range(len(batch))]
    told = [not judge(each, REQUEST_REFUSED, sent_at=20, passed_at=5).suspicious for each in parts]
    assert told == [False] * MAX_ASIDE + [True]


def test_an_event_refused_alone_again_and_again_is_dead_with_the_platforms_words() -> None:
    ends = [judge(alone(attempts=attempts), REQUEST_REFUSED) for attempts in (1, 2)]
    assert [(len(each.retry), len(each.dead)) for each in ends] == [(1, 0), (0, 1)]
    assert (ends[1].dead[0].code, ends[1].dead[0].reason) == ("40000", "platform_rejected")


def test_a_bad_token_is_never_an_events_fault() -> None:
    batch = alone(attempts=5)
    batch.failed(10)
    ruling = judge(batch, NOT_AN_EVENTS_FAULT, sent_at=30, passed_at=20)
    assert (ruling.suspicious, ruling.dead, ruling.retry) == (False, (), ())


def test_a_batch_that_fails_while_others_pass_is_taken_apart() -> None:
    batch, down = batch_of(4), Answer(kind="transient", http_status=502)
    for sent_at in (10, 20):
        assert len(judge(batch, down, sent_at=sent_at, passed_at=sent_at - 1).again) == 1
    ruling = judge(batch, down, sent_at=30, passed_at=25)
    assert ruling.suspicious
    assert [len(each) for each in ruling.again] == [2, 2]


def test_an_outage_takes_nothing_apart_and_kills_nothing() -> None:
    batch, down = batch_of(4), Answer(kind="transient", http_status=502)
    for sent_at in range(10, 100):
        ruling = judge(batch, down, sent_at=sent_at, passed_at=5)
        assert ruling.again == [batch]
        assert not ruling.suspicious


def test_what_fails_alone_without_an_answer_is_tried_until_it_is_too_old() -> None:
    ruling = judge(alone(attempts=1_000), Answer(kind="transient"), sent_at=10, passed_at=9)
    assert (len(ruling.retry), ruling.dead) == (1, ())


def test_events_that_failed_before_are_parted_from_those_that_did_not() -> None:
    batch = batch_of(4)
    batch.pendings[2].attempts = 1
    ruling = judge(batch, Answer(kind="transient"), sent_at=10, passed_at=5)
    assert [offsets(each.pendings) for each in ruling.again] == [[0, 1, 3], [2]]


def test_a_batch_remembers_through_its_parts_what_became_of_it() -> None:
    batch = batch_of(4)
    assert (batch.begin(), batch.begin()) == (0, 4)
    batch.failed(10)
    batch.named = 2
    half, _ = batch.halves()
    assert (half.sent, half.failures, half.failed_at, half.named) == (True, 1, 10, 2)
    assert half.begin() == 2


def test_events_that_came_back_alone_count_as_sent_before() -> None:
    batch = batch_of(4)
    batch.pendings[2].attempts = 1
    assert batch.begin() == 1


def test_a_batch_remembers_when_the_platform_may_have_taken_it_without_saying_so() -> None:
    """The earliest such moment counts, for its parts as well; what was never sent does not."""
    batch = batch_of(4)
    for code in ("name", "connect", "tls", "proxy"):
        judge(batch, Answer(kind="transient", code=code), sent_at=10.0)
    assert batch.unknown_at == math.inf
    judge(batch, Answer(kind="throttled"), sent_at=20.0)
    assert batch.unknown_at == math.inf
    judge(batch, Answer(kind="transient", code="timeout"), sent_at=30.0)
    judge(batch, Answer(kind="transient", http_status=500), sent_at=40.0)
    assert [half.unknown_at for half in batch.halves()] == [30.0, 30.0]
