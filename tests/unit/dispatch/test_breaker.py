import random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.delivery import Answer, PauseReason
from relay.dispatch.breaker import Breaker
from relay.dispatch.retry import HINT_MAX_S
from relay.journal.settlement import Pause, Wait
from relay.outcome.health import DEGRADED
from tests.given.event.builders import NOW_S

OK = Answer(kind="settled")
DOWN = Answer(kind="transient", http_status=502)
SILENCE = Answer(kind="transient", code="timeout")
BAD_TOKEN = Answer(kind="misconfigured", pause="token_rejected")


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW_S)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock, random.Random(1))


def test_a_new_breaker_lets_everything_through(breaker: Breaker) -> None:
    assert breaker.wait_s() == 0
    assert breaker.health().state == "active"
    assert not breaker.one_at_a_time
    assert breaker.max_events is None


def test_one_fault_is_everyday_life_and_two_are_degraded(breaker: Breaker, clock: Clock) -> None:
    breaker.note(DOWN, clock())
    assert breaker.health().state == "active"
    clock.now += 5
    breaker.note(DOWN, clock())
    health = breaker.health()
    assert (health.state, health.since) == ("degraded", NOW_S)
    assert breaker.one_at_a_time


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("name", "name server"),
        ("connect", "firewall"),
        ("tls", "SSL_CERT_FILE"),
        ("proxy", "HTTPS_PROXY"),
        ("timeout", ""),
    ],
)
def test_what_lies_before_the_platform_is_not_told_as_its_own_trouble(
    breaker: Breaker, clock: Clock, code: str, words: str
) -> None:
    for _ in range(2):
        breaker.note(Answer(kind="transient", code=code), clock())
        clock.now += 5
    message = breaker.health().message
    assert words in message
    assert (message == DEGRADED) is (words == "")


def test_a_platform_that_throttles_is_not_told_as_out_of_reach_any_more(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(2):
        breaker.note(Answer(kind="transient", code="connect"), clock())
        clock.now += 5
    breaker.note(Answer(kind="throttled", code="8", wait_s=60.0), clock())
    assert (breaker.health().state, breaker.health().message) == ("degraded", DEGRADED)


def test_an_outage_is_tried_at_least_every_15_seconds(breaker: Breaker, clock: Clock) -> None:
    for _ in range(50):
        breaker.note(DOWN, clock())
        wait_s = breaker.wait_s()
        assert wait_s is not None
        assert 0 < wait_s <= 15
        clock.now += wait_s


def test_a_wave_of_faults_counts_once(breaker: Breaker, clock: Clock) -> None:
    """Eight requests in flight that fail together are one fault of the platform."""
    sent_at = clock()
    clock.now += 1
    for _ in range(8):
        breaker.note(DOWN, sent_at)
    assert breaker.health().state == "active"


def test_a_wave_of_requests_that_hang_is_an_outage(breaker: Breaker, clock: Clock) -> None:
    """Each was silent for the whole timeout; a further one would take as long again to tell."""
    sent_at = clock()
    clock.now += 10
    breaker.note(SILENCE, sent_at)
    assert breaker.health().state == "active"
    clock.now += 1
    wait_s = breaker.wait_s()
    for _ in range(7):
        breaker.note(SILENCE, sent_at + 1)
    health = breaker.health()
    assert (health.state, health.since) == ("degraded", NOW_S + 10)
    assert breaker.wait_s() == wait_s


def test_two_that_hang_while_others_pass_are_no_outage(breaker: Breaker, clock: Clock) -> None:
    sent_at = clock()
    clock.now += 10
    for _ in range(2):
        breaker.note(SILENCE, sent_at)
        breaker.note(OK, sent_at)
    assert breaker.health().state == "active"


def test_success_ends_an_outage(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        breaker.note(DOWN, clock())
        assert breaker.one_at_a_time
    breaker.note(OK, clock())
    assert breaker.health().state == "active"
    assert not breaker.one_at_a_time


def test_trouble_ends_when_nothing_is_left_to_try(breaker: Breaker, clock: Clock) -> None:
    breaker.note(DOWN, clock())
    breaker.note(DOWN, clock())
    breaker.rest()
    assert breaker.health().state == "active"


def test_a_wait_that_was_asked_for_goes_on_with_nothing_left_to_try(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.note(Answer(kind="throttled", wait_s=600.0), clock())
    breaker.rest()
    assert breaker.health().state == "throttled"
    assert breaker.wait is not None


def test_a_pause_goes_on_with_nothing_left_to_try(breaker: Breaker, clock: Clock) -> None:
    breaker.note(BAD_TOKEN, clock())
    breaker.rest()
    assert breaker.health().state == "paused"


def test_a_refused_event_is_no_fault(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Answer(kind="refused"), clock())
    assert breaker.wait_s() == 0
    assert not breaker.one_at_a_time


def test_a_throttle_waits_as_told_and_is_no_fault(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Answer(kind="throttled", wait_s=42.0), clock())
    health = breaker.health()
    assert (health.state, health.until) == ("throttled", NOW_S + 42)
    assert not breaker.one_at_a_time
    clock.now += 42
    assert breaker.wait_s() == 0
    assert breaker.health().state == "active"


def test_the_last_request_of_a_budget_is_followed_by_a_wait(breaker: Breaker, clock: Clock) -> None:
    sent_at = clock()
    clock.now += 1
    breaker.note(Answer(kind="settled", spent_s=58.0), sent_at)
    breaker.note(OK, sent_at)  # it was under way, and says nothing of what is left
    health = breaker.health()
    assert (health.state, health.until) == ("throttled", NOW_S + 59)
    assert not breaker.one_at_a_time
    kept = breaker.wait  # over a restart
    assert kept is not None
    assert kept.state == "throttled"
    clock.now += 58
    assert breaker.wait_s() == 0
    breaker.note(OK, clock())
    assert (breaker.health().state, breaker.wait) == ("active", None)


def test_a_platform_that_took_a_trial_as_its_last_request_is_back_but_waited_for(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.note(BAD_TOKEN, clock())
    clock.now += 60
    breaker.note(Answer(kind="settled", spent_s=30.0), clock())
    assert (breaker.pause, breaker.wait_s()) == (None, 30)


@given(
    seed=st.integers(), asked_s=st.floats(0, 7200), kind=st.sampled_from(["throttled", "transient"])
)
def test_no_wait_is_below_what_the_platform_asks_for(
    seed: int, asked_s: float, kind: Literal["throttled", "transient"]
) -> None:
    breaker = Breaker(lambda: 0.0, random.Random(seed))
    breaker.note(Answer(kind=kind, wait_s=asked_s), 0.0)
    assert (breaker.wait_s() or 0) >= min(asked_s, HINT_MAX_S)


def test_a_hostile_wait_is_clamped(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Answer(kind="throttled", wait_s=1e9), clock())
    assert breaker.wait_s() == 3600


@pytest.mark.parametrize("answer", [BAD_TOKEN, DOWN])
def test_a_bad_token_pauses_and_one_event_is_tried_after_30_s_rising_to_5_min(
    breaker: Breaker, clock: Clock, answer: Answer
) -> None:
    """Also where the platform does not even answer any more."""
    waits = []
    for each in (BAD_TOKEN, *[answer] * 5):
        breaker.note(each, clock())
        wait_s = breaker.wait_s()
        assert wait_s is not None
        waits.append(wait_s)
        clock.now += wait_s
    assert waits == [30, 60, 120, 240, 300, 300]
    assert breaker.max_events == 1
    health = breaker.health()
    assert (health.state, health.reason, health.since) == ("paused", "token_rejected", NOW_S)


def test_one_success_resumes_a_pause(breaker: Breaker, clock: Clock) -> None:
    breaker.note(BAD_TOKEN, clock())
    breaker.note(OK, clock())
    assert breaker.pause is None


def test_a_new_token_is_tried_at_once(breaker: Breaker, clock: Clock) -> None:
    breaker.note(BAD_TOKEN, clock())
    breaker.token_changed(present=True)
    assert breaker.wait_s() == 0
    assert breaker.health().reason == "token_rejected"


def test_a_missing_token_pauses_until_there_is_one(breaker: Breaker) -> None:
    breaker.token_changed(present=False)
    assert breaker.health().reason == "token_missing"
    breaker.token_changed(present=True)
    assert breaker.health().state == "active"


def test_only_resume_ends_an_operators_pause(breaker: Breaker, clock: Clock) -> None:
    breaker.stop("paused_by_operator")
    breaker.note(OK, clock())
    breaker.note(BAD_TOKEN, clock())
    breaker.token_changed(present=False)
    assert breaker.health().reason == "paused_by_operator"
    assert breaker.wait_s() is None
    breaker.resume()
    assert breaker.wait_s() == 0


def test_resume_clears_an_outage_and_a_throttle(breaker: Breaker, clock: Clock) -> None:
    breaker.note(DOWN, clock())
    breaker.note(Answer(kind="throttled", wait_s=600), clock())
    breaker.resume()
    assert breaker.wait_s() == 0
    assert breaker.health().state == "active"


@pytest.mark.parametrize("reason", ["token_rejected", "no_permission"])
def test_a_doubtful_401_pauses_only_once_confirmed_within_15_s(
    breaker: Breaker, clock: Clock, reason: PauseReason
) -> None:
    """A gateway may answer 401 on its own: two more of the same make it a pause."""
    doubtful = Answer(kind="transient", pause=reason, confirmations=2)
    for _ in range(2):
        breaker.note(doubtful, clock())
        assert breaker.pause is None
        clock.now += breaker.wait_s() or 0
    breaker.note(doubtful, clock())
    assert breaker.health().reason == reason
    assert clock.now - NOW_S <= 15


def test_a_fault_of_another_kind_confirms_no_doubt(breaker: Breaker, clock: Clock) -> None:
    doubtful = Answer(kind="transient", pause="token_rejected", confirmations=2)
    for answer in (doubtful, DOWN, doubtful, doubtful):
        breaker.note(answer, clock())
        assert breaker.pause is None
        clock.now += breaker.wait_s() or 0
    breaker.note(doubtful, clock())
    assert breaker.health().reason == "token_rejected"


def test_a_pause_found_at_start_is_kept_and_tried_at_once(clock: Clock) -> None:
    breaker = Breaker(clock, random.Random(1), Pause("token_expired", 1000, "It has expired."))
    assert breaker.health().reason == "token_expired"
    assert breaker.wait_s() == 0
    assert breaker.max_events == 1


def test_a_wave_that_was_in_flight_makes_the_first_probe_no_later(
    breaker: Breaker, clock: Clock
) -> None:
    sent_at = clock()
    clock.now += 1
    for _ in range(8):
        breaker.note(BAD_TOKEN, sent_at)
        breaker.note(DOWN, sent_at)
    assert breaker.wait_s() == 30


def test_a_success_from_before_a_pause_does_not_end_it(breaker: Breaker, clock: Clock) -> None:
    sent_at = clock()
    clock.now += 1
    breaker.note(BAD_TOKEN, sent_at)
    breaker.note(OK, sent_at)
    assert breaker.health().state == "paused"


def test_the_wait_after_a_fault_begins_with_the_request(breaker: Breaker, clock: Clock) -> None:
    """A platform that hangs for 15 s before it fails is tried again at once."""
    for _ in range(10):
        sent_at = clock()
        clock.now += 15
        breaker.note(DOWN, sent_at)
        assert breaker.wait_s() == 0


def test_a_fault_with_a_longer_wait_is_waited_for(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Answer(kind="transient", wait_s=120.0), clock())
    assert breaker.wait_s() == 120


def test_a_throttle_with_a_wait_is_never_waited_for_longer(breaker: Breaker, clock: Clock) -> None:
    """However often it comes: the platform knows best when it takes requests again."""
    for _ in range(20):
        breaker.note(Answer(kind="throttled", wait_s=1.0), clock())
        assert breaker.wait_s() == 1.0
        clock.now += 1


@pytest.mark.parametrize("seed", range(10))
def test_a_throttle_without_a_wait_is_a_breath_and_repeated_ones_wait_longer(
    clock: Clock, seed: int
) -> None:
    """Full jitter, up to a minute; from the second in a row, a single request finds out."""
    breaker = Breaker(clock, random.Random(seed))
    bound_s = 0.25
    for number in range(12):
        breaker.note(Answer(kind="throttled"), clock())
        assert 0 < (breaker.wait_s() or 0) <= bound_s
        assert breaker.health().until == pytest.approx(clock() + (breaker.wait_s() or 0))
        assert breaker.one_at_a_time == (number > 0)
        clock.now += breaker.wait_s() or 0
        bound_s = min(bound_s * 2, 60)
    breaker.note(OK, clock())
    breaker.note(Answer(kind="throttled"), clock())
    assert (breaker.wait_s() or 0) <= 0.25


def test_a_fault_is_not_told_as_a_throttle_that_is_over(breaker: Breaker, clock: Clock) -> None:
    for answer in (Answer(kind="throttled"), OK, DOWN):
        breaker.note(answer, clock())
    assert (breaker.wait_s() or 0) > 0
    assert breaker.health().state == "active"


def test_a_throttle_of_a_wave_counts_once(breaker: Breaker, clock: Clock) -> None:
    sent_at = clock()
    clock.now += 1
    for _ in range(8):
        breaker.note(Answer(kind="throttled"), sent_at)
    assert not breaker.one_at_a_time
    assert (breaker.wait_s() or 0) <= 0.25


def test_a_new_reason_replaces_the_old_one_and_a_probe_goes_on(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.note(BAD_TOKEN, clock())
    clock.now += 30
    breaker.note(Answer(kind="misconfigured", pause="no_permission"), clock())
    assert breaker.health().reason == "no_permission"
    assert breaker.wait_s() == 60


@pytest.mark.parametrize(
    ("reason", "rotates"), [("token_rejected", False), ("request_refused", True)]
)
def test_only_what_an_event_could_cause_makes_probes_take_turns(
    breaker: Breaker, clock: Clock, *, reason: PauseReason, rotates: bool
) -> None:
    assert breaker.rotates
    breaker.note(Answer(kind="misconfigured", pause=reason), clock())
    assert breaker.rotates is rotates


def test_a_probe_that_fails_without_a_word_about_the_token_gives_others_a_turn(
    breaker: Breaker, clock: Clock
) -> None:
    """The event may be at fault, and the token may be good by now."""
    breaker.note(BAD_TOKEN, clock())
    clock.now += 30
    breaker.note(DOWN, clock())
    assert breaker.rotates
    clock.now += 60
    breaker.note(BAD_TOKEN, clock())
    assert not breaker.rotates


def test_a_fault_with_a_named_wait_is_degraded_at_once(breaker: Breaker, clock: Clock) -> None:
    breaker.note(Answer(kind="transient", wait_s=40.0), clock())
    health = breaker.health()
    assert (health.state, health.since, health.until) == ("degraded", NOW_S, NOW_S + 40)
    clock.now += 41
    assert breaker.wait_s() == 0
    assert (breaker.health().state, breaker.health().until) == ("degraded", None)


def test_a_wait_that_the_platform_asked_for_outlasts_a_new_token(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.note(Answer(kind="throttled", wait_s=60.0), clock())
    breaker.token_changed(present=True)
    assert breaker.wait_s() == 60


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(kind="throttled"), "throttled"),
        (Answer(kind="throttled", wait_s=60.0), "throttled"),
        (Answer(kind="transient", wait_s=60.0), "degraded"),
    ],
)
def test_an_answer_from_before_a_wait_does_not_end_it(
    breaker: Breaker, clock: Clock, answer: Answer, state: str
) -> None:
    sent_at = clock()
    clock.now += 1
    breaker.note(answer, clock())
    wait = breaker.wait
    breaker.note(OK, sent_at)
    assert (breaker.health().state, breaker.wait) == (state, wait)


@pytest.mark.parametrize("kind", ["throttled", "transient"])
def test_a_wait_found_at_start_goes_on(
    breaker: Breaker, clock: Clock, kind: Literal["throttled", "transient"]
) -> None:
    breaker.note(Answer(kind=kind, wait_s=60.0), clock())
    before = breaker.health()
    clock.now += 20
    later = Breaker(clock, random.Random(1), wait=breaker.wait)
    later.token_changed(present=True)
    assert later.wait_s() == 40
    assert later.health() == before
    later.resume()
    assert (later.wait_s(), later.wait) == (0, None)


def test_a_wait_found_at_start_that_is_over_counts_no_more(clock: Clock) -> None:
    over = Wait("degraded", 1000, round(clock() * 1000))
    later = Breaker(clock, random.Random(1), wait=over)
    assert (later.wait, later.wait_s(), later.health().state) == (None, 0, "active")


def test_a_wait_found_at_start_is_bounded_if_the_clock_was_set_back(clock: Clock) -> None:
    now_ms = round(clock() * 1000)
    later = Breaker(clock, random.Random(1), wait=Wait("throttled", now_ms, 10 * now_ms))
    assert later.wait_s() == 3600


def test_only_a_wait_that_was_asked_for_names_its_end(breaker: Breaker, clock: Clock) -> None:
    breaker.note(BAD_TOKEN, clock())
    assert breaker.health().until is None
    breaker.resume()
    breaker.note(DOWN, clock())
    breaker.note(DOWN, clock())
    assert breaker.health().until is None
