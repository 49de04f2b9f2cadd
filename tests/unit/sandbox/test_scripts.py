"""A fault script is read strictly, and does what it says when it says."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ConfigError
from relay.sandbox.answer import PlatformName
from relay.sandbox.playback import Asked, Playback
from relay.sandbox.scenario import SCENARIOS, scenario
from relay.sandbox.scripts import Action, Culprits, answer_of, parse
from tests.unit.sandbox.sender import Clock

OUTAGE: dict[str, Any] = {"answer": "pinterest-503"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([{"action": {"anwser": "pinterest-429"}}], "unknown field `anwser`"),
        ([{"action": {"answer": "pinterest"}}], r"steps\[0\].action.answer: unknown name"),
        ([{"match": {"nth": 0}, "action": {}}], "`int` >= 1"),
        ([{"match": {"probability": 1.1}, "action": {}}], "`float` <= 1.0"),
        ([{"action": {"delay_s": 601}}], "`float` <= 600"),
        ([{"action": {"headers": {"A": "x\r\nB: y"}}}], "matching regex"),
        ([{"action": {"answer": {"status": 99}}}], "`int` >= 200"),
        ([{"platform": "tiktok", "action": OUTAGE}], "is for tiktok, its answer for pinterest"),
        ([{"action": {"status": 503}}], r"steps\[0\].action.status changes an answer"),
        ([{"action": {"answer": {"body": ""}, "status": 503}}], "action.status changes"),
        ([{"action": {"headers": {"Retry-After": "5"}}}], "action.headers changes an answer"),
        ([{"action": {"reset_s": 0}}], "action.reset_s changes an answer"),
        ([{"action": {}}] * 1_001, "length <= 1000"),
        ({"stepz": []}, "unknown field `stepz`"),
        ("throttled", "Expected `object`"),
    ],
)
def test_a_script_with_a_mistake_is_an_error_that_says_where(document: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(json.dumps(document).encode())


@pytest.mark.parametrize("document", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_script_that_is_no_json_is_an_error(document: bytes) -> None:
    with pytest.raises(ConfigError):
        parse(document)


def test_a_script_may_be_just_the_list_of_its_steps() -> None:
    assert parse(b'[{"action":{}}]').steps == parse(b'{"steps":[{"action":{}}]}').steps


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_a_script_with_a_sentence_about_it(name: str) -> None:
    assert scenario(name).about.endswith(".")


def test_an_unknown_scenario_is_an_error_that_names_the_others() -> None:
    with pytest.raises(ConfigError, match="ok, throttled, outage, bad-token, poison, slow, flaky"):
        scenario("storm")


def test_the_first_step_that_matches_acts() -> None:
    steps = [{"match": {"nth": 2}, "action": OUTAGE}, {"action": {"delay_s": 1}}]
    assert acting(playback(steps), 3) == [1, 0, 1]


def test_every_step_counts_all_requests_that_concern_it() -> None:
    steps = [{"match": {"nth": 1}, "action": OUTAGE}, {"match": {"nth": 2}, "action": OUTAGE}]
    assert acting(playback(steps), 3) == [0, 1, None]


def test_a_step_can_act_every_few_requests_and_so_often_at_most() -> None:
    steps = [{"match": {"every": 2}, "times": 2, "action": OUTAGE}]
    assert acting(playback(steps), 7) == [None, 0, None, 0, None, None, None]


def test_a_step_is_meant_for_a_platform_an_account_and_an_event() -> None:
    match = {"account": "a", "event_id": "poison"}
    played = playback([{"platform": "tiktok", "match": match, "action": {"delay_s": 1}}])
    assert played.play(Asked("pinterest", "a", ["poison-1"])) is None
    assert played.play(Asked("tiktok", "b", ["poison-1"])) is None
    assert played.play(Asked("tiktok", "a", ["order-1"])) is None
    assert played.play(Asked("tiktok", "a", ["order-1", "my-poison-1"])) is not None


def test_a_named_answer_says_its_platform_by_itself() -> None:
    played = playback([{"action": {"answer": "tiktok-40102"}}])
    assert played.play(Asked("pinterest", "a", [])) is None
    assert played.play(Asked("tiktok", "a", [])) is not None


def test_an_outage_comes_back_each_cycle_and_ends_with_the_last() -> None:
    clock = Clock()
    during = {"for_s": 30, "every_s": 60, "cycles": 2}
    played = playback([{"match": {"during": during}, "action": OUTAGE}], clock)
    seen = []
    for _ in range(5):
        seen += acting(played, 1)
        clock.now_s += 30
    assert seen == [0, None, 0, None, None]


def test_a_throttle_lets_some_through_and_tells_how_long_it_lasts() -> None:
    clock = Clock()
    over = {"requests": 2, "per_s": 10}
    played = playback([{"match": {"over": over}, "action": {"answer": "pinterest-429"}}], clock)
    assert acting(played, 2) == [None, None]
    clock.now_s += 4
    third = played.play(Asked("pinterest", "a", []))
    assert third is not None
    assert third.reset_s == 6
    clock.now_s += 6
    assert acting(played, 3) == [None, None, 0]


def test_a_step_may_say_itself_how_long_its_throttle_lasts() -> None:
    played = playback([{"action": {"answer": "pinterest-429", "reset_s": 3}}])
    acted = played.play(Asked("pinterest", "a", []))
    assert acted is not None
    assert acted.reset_s == 3


def test_a_seed_makes_chance_repeatable() -> None:
    steps = [{"match": {"probability": 0.5}, "action": {}}]
    first, second = (acting(playback(steps), 50) for _ in range(2))
    assert first == second
    assert 10 < first.count(0) < 40


def test_a_wait_is_fixed_or_random_between_two_bounds() -> None:
    played = playback([])
    assert played.wait_s(Action(delay_s=2)) == 2
    assert 1 <= played.wait_s(Action(delay_s=1, delay_up_to_s=3)) <= 3


def test_hits_tell_how_often_each_step_acted() -> None:
    played = playback([{"match": {"every": 2}, "action": OUTAGE}, {"action": {}}])
    acting(played, 5)
    assert [hits for _, hits in played.hits()] == [2, 3]


def test_culprits_are_found_by_prefix_text_or_share() -> None:
    assert Culprits(prefix="poison")("poison-1")
    assert not Culprits(prefix="poison")("my-poison")
    assert Culprits(contains="poison")("my-poison")
    assert not Culprits()("poison")


def test_about_one_event_in_a_hundred_is_a_culprit() -> None:
    culprit = Culprits(one_in=100)
    assert 60 < sum(culprit(f"order-{number}") for number in range(10_000)) < 140


@given(st.text(), st.integers(1, 10))
def test_the_same_event_is_always_or_never_a_culprit(event_id: str, one_in: int) -> None:
    assert Culprits(one_in=one_in)(event_id) == Culprits(one_in=one_in)(event_id)


def test_an_answer_can_be_written_in_full() -> None:
    custom = {"status": 599, "headers": {"A": "1"}, "body": "<oops>", "fate": "refused"}
    answer = answer_of(action({"answer": custom, "headers": {"B": "2"}}), "tiktok")
    assert answer is not None
    assert (answer.status, answer.body, answer.fate) == (599, "<oops>", "refused")
    assert answer.headers == {"A": "1", "B": "2"}


def test_a_named_answer_can_come_with_another_status_and_more_headers() -> None:
    changed = action({"answer": "tiktok-40105", "status": 403, "headers": {"Retry-After": "7"}})
    answer = answer_of(changed, "tiktok")
    assert answer is not None
    assert (answer.status, answer.code, answer.headers) == (403, 40105, {"Retry-After": "7"})


def test_an_action_without_an_answer_leaves_it_to_the_platform() -> None:
    assert answer_of(Action(delay_s=1), "pinterest") is None


def action(written: dict[str, Any]) -> Action:
    return parse(json.dumps([{"action": written}]).encode()).steps[0].action


def playback(steps: list[dict[str, Any]], clock: Clock | None = None) -> Playback:
    script = parse(json.dumps(steps).encode())
    return Playback(script.steps, clock or Clock(), random.Random(7))


def acting(played: Playback, count: int, platform: PlatformName = "pinterest") -> list[int | None]:
    """Return which step acts on each of the next `count` requests."""
    plays = [played.play(Asked(platform, "a", [])) for _ in range(count)]
    return [play.index if play else None for play in plays]
