"""The one sentence: it answers the question, and never promises too much."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from relay.outcome.insight.attention import Arrivals, tasks
from relay.outcome.insight.condition import condition
from relay.outcome.insight.headline import Headline, Labels, headline, share
from relay.outcome.insight.situation import Situation
from relay.outcome.views.api import DestinationView
from tests.unit.outcome.insight.page_view import ROOMY, situation, view

LABELS = Labels({"p": "Pinterest", "t": "TikTok"}, "the last 24 hours")
TIKTOK: dict[str, Any] = {"name": "t", "type": "tiktok"}
BY_TOKEN: dict[str, Any] = {"state": "paused", "reason": "token_expired"}
BY_HAND: dict[str, Any] = {"state": "paused", "reason": "paused_by_operator"}


def of(*situations: Situation, received: int = 1, rejected: int = 0, ever: bool = True) -> Headline:
    return headline(Arrivals(received, rejected), situations, (), LABELS, ever=ever)


def told(
    *views: DestinationView, received: int = 1, rejected: int = 0, ever: bool = True
) -> tuple[str, str, str]:
    found = of(*map(situation, views), received=received, rejected=rejected, ever=ever)
    return found.tone, found.sentence, found.detail


@pytest.mark.parametrize(
    ("views", "received", "words"),
    [
        ([view(delivered=999, dead=1)], 1000, ("good", "Your conversions are arriving.", "99.9 %")),
        ([view(delivered=3)], 3, ("good", "Your conversions are arriving.", "100 % of")),
        (
            [view(delivered=98, dead=2)],
            100,
            ("warn", "Not all of your conversions are arriving.", "98.0 %"),
        ),
        (
            [view(delivered=0, dead=2)],
            2,
            ("bad", "Your conversions are not being taken.", "0.0 %"),
        ),
        ([view(delivered=0, pending=4)], 4, ("good", "Conversions are coming in.", "None of")),
        (
            [view(delivered=0, skipped=4)],
            4,
            (
                "quiet",
                "Conversions are coming in, but none is sent on.",
                "All of the last 24 hours were skipped on purpose.",
            ),
        ),
        (
            [view(delivered=0, skipped=4), view(**TIKTOK, delivered=0, pending=4)],
            4,
            ("good", "Conversions are coming in.", "None of the last 24 hours was sent yet."),
        ),
        ([view(delivered=0, received=0)], 0, ("quiet", "No conversion came in during", "All is")),
        ([], 0, ("quiet", "No platform is set up yet.", "Ask whoever")),
        (
            [view(), view(**TIKTOK, **BY_TOKEN)],
            2,
            ("bad", "Conversions are not reaching TikTok.", "What waits is kept"),
        ),
        (
            [view(state="paused"), view(**TIKTOK, state="paused")],
            2,
            (
                "bad",
                "Conversions are not reaching Pinterest and TikTok.",
                "What waits is kept",
            ),
        ),
        (
            [view(state="degraded")],
            2,
            ("warn", "Pinterest does not answer at the moment.", "What waits is kept"),
        ),
        (
            [view(pending=1, oldest_pending_seconds=301.0)],
            2,
            ("warn", "Conversions reach Pinterest late.", "What waits is kept"),
        ),
    ],
)
def test_the_question_is_answered(
    views: list[DestinationView], received: int, words: tuple[str, str, str]
) -> None:
    tone, sentence, detail = told(*views, received=received)

    assert tone == words[0]
    assert sentence.startswith(words[1])
    assert detail.startswith(words[2])


def test_a_relay_that_never_got_any_waits_for_the_first() -> None:
    _, sentence, _ = told(view(received=0, delivered=0), received=0, ever=False)

    assert sentence == "Waiting for the first conversion."


def test_that_none_are_taken_goes_before_everything_else() -> None:
    found = tasks(replace(ROOMY, unavailable="the disk is full"), Arrivals(1, 0), [], [])
    paused = [situation(view(state="paused"))]
    sentence = headline(Arrivals(1, 0), paused, found, LABELS, ever=True).sentence

    assert sentence == "New conversions cannot be taken at the moment."


def test_a_busy_platform_hides_none_that_takes_nothing() -> None:
    busy = view(received=2_520, delivered=2_520)
    dead = view(**TIKTOK, received=20, delivered=0, dead=20)

    assert told(busy, dead) == (
        "bad",
        "TikTok takes none of your conversions.",
        "0.0 % of the conversions sent to TikTok in the last 24 hours were delivered.",
    )


def test_a_busy_platform_hides_none_that_takes_too_little() -> None:
    busy = view(received=2_520, delivered=2_520)
    poor = view(**TIKTOK, received=100, delivered=60, dead=40)

    assert told(busy, poor) == (
        "warn",
        "Not all of your conversions reach TikTok.",
        "60.0 % of the conversions sent to TikTok in the last 24 hours were delivered.",
    )


@given(
    st.lists(
        st.builds(
            situation,
            st.builds(
                view,
                state=st.sampled_from(["active", "paused", "degraded", "throttled"]),
                test=st.booleans(),
                delivered=st.integers(0, 300),
                dead=st.integers(0, 3),
                oldest_pending_seconds=st.sampled_from([0.0, 301.0]),
            ),
            settled=st.integers(0, 3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_sentence_is_never_green_while_a_card_is_amber(situations: list[Situation]) -> None:
    tones = {condition(each).tone for each in situations if not each.view.test}

    if of(*situations).tone == "good":
        assert tones <= {"good", "quiet"}


def test_what_somebody_decided_on_is_no_failure() -> None:
    dismissed = situation(view(received=80, delivered=60, dead=20), settled=20)

    assert of(dismissed).sentence == "Your conversions are arriving."
    assert condition(dismissed).word == "Working"


@pytest.mark.parametrize(
    ("delivered", "settled", "first", "aside"),
    [
        (60, 20, "100 %", "leaving aside 20 that were dismissed or erased."),
        (60, 1, "100 %", "leaving aside 1 that was dismissed or erased."),
        (0, 2, "None of the last 24 hours", "leaving aside 2 that were dismissed or erased."),
    ],
)
def test_a_share_says_what_it_leaves_aside(
    delivered: int, settled: int, first: str, aside: str
) -> None:
    """The row below counts them as not delivered."""
    dead = view(received=80, delivered=delivered, dead=settled)

    detail = of(situation(dead, settled=settled)).detail
    assert detail.startswith(first)
    assert detail.endswith(aside)


@pytest.mark.parametrize(
    ("received", "rejected", "words"),
    [
        (0, 50, ("bad", "Nothing that the shop sends can be used.", "100 % of what came in")),
        (50, 50, ("warn", "Part of what the shop sends cannot be used.", "50.0 % of what")),
        (95, 5, ("good", "Your conversions are arriving.", "100 %")),
    ],
)
def test_what_is_refused_on_arrival_is_told(
    received: int, rejected: int, words: tuple[str, str, str]
) -> None:
    found = told(view(), received=received, rejected=rejected, ever=False)

    assert found[:2] == words[:2]
    assert found[2].startswith(words[2])


def test_what_is_refused_is_told_also_where_all_the_rest_is_skipped() -> None:
    found = told(view(delivered=0, skipped=50), received=50, rejected=50)

    assert found[:2] == ("warn", "Part of what the shop sends cannot be used.")


def test_where_only_tests_are_sent_nothing_is_recorded() -> None:
    assert told(view(test=True), view(**TIKTOK, test=True)) == (
        "warn",
        "Nothing is recorded: only tests are sent.",
        "100 % of the tests sent in the last 24 hours were delivered.",
    )
    assert condition(situation(view(test=True))).word == "Test mode"


@pytest.mark.parametrize(
    ("views", "once"),
    [
        ([view(**BY_HAND)], "once somebody resumes it."),
        ([view(**BY_TOKEN)], "once that is fixed."),
        ([view(**BY_TOKEN), view(**TIKTOK, **BY_HAND)], "fixed or once somebody resumes it."),
        ([view(state="degraded")], "goes out by itself."),
    ],
)
def test_what_waits_goes_out_by_itself_only_if_nobody_has_to_act(
    views: list[DestinationView], once: str
) -> None:
    assert told(*views)[2].endswith(once)


def test_every_platform_in_trouble_is_named() -> None:
    paused, down = view(**TIKTOK, **BY_TOKEN), view(state="degraded")
    _, sentence, detail = told(paused, down)

    assert sentence == "Conversions are not reaching TikTok."
    assert detail.startswith("Pinterest does not answer at the moment.")
    assert told(down, view(**TIKTOK, state="degraded"))[1] == (
        "Pinterest and TikTok do not answer at the moment."
    )


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (99_999, 100_000, "99.9 %"),
        (100_000, 100_000, "100 %"),
        (0, 3, "0.0 %"),
        (1, 3, "33.3 %"),
        (1, 1_001, "< 0.1 %"),
        (0, 0, "\N{EN DASH}"),
    ],
)
def test_only_all_of_them_are_all_of_them(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (view(), ("good", "Working")),
        (view(received=0, delivered=0), ("quiet", "No recent events")),
        (view(dead=1), ("warn", "Not all delivered")),
        (view(delivered=99, dead=1), ("warn", "Not all delivered")),
        (view(delivered=100, dead=1), ("good", "Working")),
        (view(dead=1, oldest_pending_seconds=301.0), ("warn", "Delayed")),
        (view(oldest_pending_seconds=300.0), ("good", "Working")),
        (view(state="throttled"), ("quiet", "Slowed down")),
        (view(state="throttled", dead=1), ("warn", "Not all delivered")),
        (view(state="throttled", oldest_pending_seconds=301.0), ("warn", "Slowed down")),
        (view(state="degraded", dead=1), ("warn", "Not answering")),
        (view(state="paused", oldest_pending_seconds=900.0), ("bad", "Paused")),
    ],
)
def test_the_most_pressing_condition_is_told(
    found: DestinationView, expected: tuple[str, str]
) -> None:
    told = condition(situation(found))

    assert (told.tone, told.word) == expected
    assert told.meaning.endswith(".")


def test_of_many_platforms_some_are_named_and_the_others_counted() -> None:
    paused = [situation(view(name=name, state="paused")) for name in "abcde"]
    labels = Labels({name: name.upper() for name in "abcde"}, "the last hour")
    found = headline(Arrivals(1, 0), paused, [], labels, ever=True)

    assert found.sentence == "Conversions are not reaching A, B and 3 others."


@pytest.mark.parametrize(
    ("other", "is_told"),
    [
        (view(), True),
        (view(state="throttled"), False),
        (view(oldest_pending_seconds=301.0), False),
        (view(delivered=607, dead=393), False),
    ],
)
def test_others_are_called_not_affected_only_if_they_are_fine(
    other: DestinationView, *, is_told: bool
) -> None:
    detail = told(view(**TIKTOK, state="degraded"), other)[2]

    assert ("not affected" in detail) is is_told
