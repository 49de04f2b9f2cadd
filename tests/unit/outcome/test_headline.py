"""The one sentence: it answers the question, and never promises too much."""

import pytest

from relay.outcome.insight.attention import tasks
from relay.outcome.insight.headline import condition, headline, share
from relay.outcome.view import DestinationView
from tests.page_view import summary, view

LABELS = {"p": "Pinterest", "t": "TikTok"}
TIKTOK = {"name": "t", "type": "tiktok"}


def told(*views: DestinationView, received: int = 1, ever: bool = True) -> tuple[str, str, str]:
    found = headline(summary(*views, received=received), (), LABELS, ever=ever)
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
        ([view(delivered=0, received=0)], 0, ("quiet", "No conversion came in during", "All is")),
        ([], 0, ("quiet", "No platform is set up yet.", "Ask whoever")),
        (
            [view(), view(**TIKTOK, state="paused", reason="token_expired")],
            2,
            ("bad", "Conversions are not reaching TikTok.", "Nothing is lost"),
        ),
        (
            [view(state="paused"), view(**TIKTOK, state="paused")],
            2,
            ("bad", "Conversions are not reaching Pinterest and TikTok.", "Nothing is lost"),
        ),
        (
            [view(state="degraded")],
            2,
            ("warn", "Pinterest does not answer at the moment.", "Nothing is lost"),
        ),
        (
            [view(pending=1, oldest_pending_seconds=301.0)],
            2,
            ("warn", "Conversions reach Pinterest late.", "Nothing is lost"),
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
    found = tasks("the disk is full", [], [])
    sentence = headline(summary(view(state="paused")), found, LABELS, ever=True).sentence

    assert sentence == "New conversions cannot be taken at the moment."


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
        (view(state="throttled"), ("warn", "Slowed down")),
        (view(state="degraded", dead=1), ("warn", "Not answering")),
        (view(state="paused", oldest_pending_seconds=900.0), ("bad", "Paused")),
    ],
)
def test_the_most_pressing_condition_is_told(
    found: DestinationView, expected: tuple[str, str]
) -> None:
    told = condition(found)

    assert (told.tone, told.word) == expected
    assert told.meaning.endswith(".")


def test_of_many_platforms_some_are_named_and_the_others_counted() -> None:
    paused = [view(name=name, state="paused") for name in "abcde"]
    found = headline(summary(*paused), [], {name: name.upper() for name in "abcde"}, ever=True)

    assert found.sentence == "Conversions are not reaching A, B and 3 others."


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (view(name="b"), True),
        (view(name="b", state="throttled"), False),
        (view(name="b", oldest_pending_seconds=301.0), False),
    ],
)
def test_others_are_called_not_affected_only_if_they_are_fine(
    other: DestinationView, *, told: bool
) -> None:
    found = headline(
        summary(view(name="a", state="degraded"), other), [], {"a": "A", "b": "B"}, ever=True
    )

    assert ("not affected" in found.detail) is told
