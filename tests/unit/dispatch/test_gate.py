"""The gate without a journal on disk: what holds requests back, and what is told of it."""

import random
from pathlib import Path
from typing import cast

import pytest

from relay.config.secret import SecretRef, SecretSource
from relay.delivery import Answer
from relay.dispatch.gate import Gate
from relay.dispatch.pace import Pace
from relay.dispatch.steady import SteadyClock
from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.settlement import Pause, Wait
from tests.given.event.builders import NOW_S

BAD_TOKEN = Answer(kind="misconfigured", pause="token_rejected")


class Clock:
    now = float(NOW_S)

    def __call__(self) -> float:
        return self.now


class Pauses:
    """The part of a journal that keeps pauses and waits; it fails while a test says so."""

    def __init__(self, **kept: Pause) -> None:
        self.kept = kept
        self.kept_waits: dict[str, Wait] = {}
        self.fails = False

    def pauses(self) -> dict[str, Pause]:
        return dict(self.kept)

    async def save_pause(self, destination: str, pause: Pause | None) -> None:
        if self.fails:
            raise JournalUnavailable("the disk is full")
        self.kept.pop(destination, None)
        if pause is not None:
            self.kept[destination] = pause

    def waits(self) -> dict[str, Wait]:
        return dict(self.kept_waits)

    async def save_wait(self, destination: str, wait: Wait | None) -> None:
        if self.fails:
            raise JournalUnavailable("the disk is full")
        self.kept_waits.pop(destination, None)
        if wait is not None:
            self.kept_waits[destination] = wait


def gate(
    pauses: Pauses,
    clock: Clock,
    place: str = "env:TOKEN",
    *,
    rate: float = 10.0,
    pace: Pace | None = None,
) -> Gate:
    steady = SteadyClock(clock)
    return Gate(
        "shop",
        journal=cast("Journal", pauses),
        token=SecretSource(SecretRef(place), {"TOKEN": "canary"}, clock),
        pace=pace or Pace(rate, steady),
        clock=steady,
        randomness=random.Random(1),
    )


def sharing(clock: Clock) -> tuple[Pace, Gate, Gate]:
    """Return the pace of an account and two destinations of it, the first of which has sent."""
    pace = Pace(10.0, SteadyClock(clock))
    first, second = (gate(Pauses(), clock, pace=pace) for _ in range(2))
    first.take()
    return pace, first, second


async def test_it_waits_for_the_rate_and_for_room_in_flight() -> None:
    held = gate(Pauses(), Clock(), rate=10.0)
    assert held.wait_s(0) == 0
    assert held.wait_s(8) > 0
    held.take()
    assert 0 < held.wait_s(0) <= 0.1


async def test_a_missing_token_pauses_and_no_resume_ends_that() -> None:
    held = gate(Pauses(), Clock(), "env:NOWHERE")
    assert held.token() is None
    await held.resume()
    assert held.token() is None
    assert held.health().reason == "token_missing"


async def test_a_pause_that_cannot_be_written_is_written_by_the_next_call() -> None:
    pauses = Pauses()
    held = gate(pauses, Clock())
    pauses.fails = True
    held.note(BAD_TOKEN, NOW_S)
    await held.keep()
    assert not pauses.kept
    pauses.fails = False
    await held.keep()
    assert pauses.kept["shop"].reason == "token_rejected"


@pytest.mark.parametrize("verb", ["pause", "resume"])
async def test_an_operator_is_told_what_holds_but_is_not_on_disk(verb: str) -> None:
    """A full disk takes no pause; who was told that all is well would meet it after a restart."""
    kept = (
        {} if verb == "pause" else {"shop": Pause("paused_by_operator", NOW_S * 1000, "By hand.")}
    )
    pauses = Pauses(**kept)
    held = gate(pauses, Clock())
    pauses.fails = True
    with pytest.raises(JournalUnavailable, match=rf"^shop is {verb}d, .*: the disk is full$"):
        await getattr(held, verb)()
    assert held.health().state == ("paused" if verb == "pause" else "active")
    assert pauses.kept == kept
    pauses.fails = False
    await held.keep()
    assert ("shop" in pauses.kept) == (verb == "pause")


async def test_a_long_wait_is_written_down_and_forgotten_after_it() -> None:
    pauses, clock = Pauses(), Clock()
    held = gate(pauses, clock)
    held.note(Answer(kind="throttled", wait_s=60.0), clock())
    await held.keep()
    assert pauses.kept_waits["shop"].until_ms == (NOW_S + 60) * 1000
    assert gate(pauses, clock).wait_s(0) == 60
    clock.now += 61
    held.note(Answer(kind="settled"), clock())
    await held.keep()
    assert not pauses.kept_waits


async def test_a_short_wait_is_not_worth_a_write() -> None:
    pauses = Pauses()
    held = gate(pauses, Clock())
    held.note(Answer(kind="throttled", wait_s=1.0), NOW_S)
    await held.keep()
    assert not pauses.kept_waits


async def test_after_a_clock_was_set_back_a_wait_is_told_and_kept_by_it() -> None:
    """A clock that was a day ahead made a wait of 20 s one of an hour at the next start."""
    pauses, clock = Pauses(), Clock()
    held = gate(pauses, clock)
    clock.now -= 86_400
    held.note(Answer(kind="throttled", wait_s=20.0), clock() + 86_400)
    await held.keep()
    assert (held.health().since, held.health().until) == (clock(), clock() + 20)
    assert gate(pauses, clock).wait_s(0) == held.wait_s(0) == 20


async def test_what_began_before_the_clock_was_set_back_is_kept_anew() -> None:
    pauses, clock = Pauses(), Clock()
    held = gate(pauses, clock)
    held.note(Answer(kind="throttled", wait_s=60.0), clock())
    await held.pause()
    clock.now -= 3_600
    await held.keep()
    assert held.health().since == clock()
    assert pauses.kept["shop"].since_ms == clock() * 1000
    assert pauses.kept_waits["shop"].until_ms == (clock() + 60) * 1000


async def test_a_resume_forgets_the_pause_on_disk() -> None:
    pauses = Pauses(shop=Pause("paused_by_operator", NOW_S * 1000, "By hand."))
    held = gate(pauses, Clock())
    assert held.health().reason == "paused_by_operator"
    await held.resume()
    assert not pauses.kept


async def test_each_change_of_state_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    held = gate(Pauses(), Clock())
    held.note(BAD_TOKEN, NOW_S)
    for _ in range(3):
        await held.keep()
    await held.resume()
    await held.keep()
    told = [(record.levelname, record.__dict__["fields"]) for record in caplog.records]
    assert [(level, each["state"], each["reason"]) for level, each in told] == [
        ("WARNING", "paused", "token_rejected"),
        ("INFO", "active", None),
    ]


async def test_a_throttle_is_told_only_if_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    """What a platform allows is found out by a throttle now and then."""
    caplog.set_level("INFO")
    clock = Clock()
    held = gate(Pauses(), clock)
    for wait_s in (1.0, 60.0):
        held.note(Answer(kind="throttled", wait_s=wait_s), clock())
        await held.keep()
        assert held.health().state == "throttled"
        clock.now += wait_s
        await held.keep()
    told = [record.__dict__["fields"]["state"] for record in caplog.records]
    assert told == ["throttled", "active"]


async def test_slow_answers_are_given_more_requests_in_flight_and_a_throttle_fewer() -> None:
    clock = Clock()
    held = gate(Pauses(), clock, rate=1000.0)
    assert held.wait_s(7) == 0
    assert held.wait_s(8) > 0
    for _ in range(10):
        held.wait_s(8)
        clock.now += 0.5
        held.note(Answer(kind="settled"), clock() - 0.5)
    assert held.wait_s(8) == 0
    held.note(Answer(kind="throttled", wait_s=1.0), clock())
    clock.now += 1
    assert held.wait_s(6) > 0


async def test_a_platform_in_trouble_is_given_fewer_requests_in_flight_once_a_round() -> None:
    clock = Clock()
    held = gate(Pauses(), clock)
    before = held.health().max_in_flight
    sent_at = clock()
    clock.now += 1
    for _ in range(2):  # both were under way together
        held.note(Answer(kind="transient", http_status=503), sent_at)
    held.note(Answer(kind="settled"), clock())
    assert 1 < held.health().max_in_flight < before


async def test_destinations_of_one_budget_are_lowered_together_and_stopped_alone() -> None:
    """A state is a destination's own, from its own answers; the rate is that of the account."""
    clock = Clock()
    pace, first, second = sharing(clock)
    first.note(Answer(kind="throttled", wait_s=60.0), clock())
    assert pace.per_s < 10
    clock.now += 1
    assert (first.health().state, second.health().state) == ("throttled", "active")
    assert second.wait_s(0) == 0


async def test_a_spent_budget_holds_all_its_destinations_until_one_is_resumed() -> None:
    clock = Clock()
    _, first, second = sharing(clock)
    first.note(Answer(kind="settled", spent_s=60.0), clock())
    clock.now += 1
    assert 59 <= second.wait_s(0) < 59.1
    await first.resume()
    assert (first.wait_s(0), second.wait_s(0)) == (0, 0)


async def test_a_new_token_in_its_file_is_tried_at_once_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    clock, file = Clock(), tmp_path / "token"
    file.write_text("old")
    held = gate(Pauses(), clock, f"file:{file}")
    assert held.token() == "old"
    held.note(BAD_TOKEN, clock())
    assert held.wait_s(0) > 0
    file.write_text("newer")
    clock.now += 2
    assert held.token() == "newer"
    assert held.wait_s(0) == 0
    assert held.max_events == 1
    assert [record.getMessage() for record in caplog.records] == ["the token was replaced"]


async def test_a_refusal_of_the_token_before_pauses_nobody(tmp_path: Path) -> None:
    """Requests with the old token may be in flight while it is replaced."""
    clock, file = Clock(), tmp_path / "token"
    file.write_text("old")
    held = gate(Pauses(), clock, f"file:{file}")
    held.token()
    sent_at = clock()
    file.write_text("newer")
    clock.now += 2
    held.token()
    held.note(BAD_TOKEN, sent_at)
    assert held.health().state == "active"
    held.note(BAD_TOKEN, clock())
    assert held.health().state == "paused"
