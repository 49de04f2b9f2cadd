from typing import get_args

import pytest

from relay.delivery import DeadReason, PauseReason, SkipReason
from relay.outcome.health import STATES, State, sentence_of
from relay.outcome.wording import DEAD, PAUSED, SKIPPED, Wording

REASONS: tuple[PauseReason, ...] = get_args(PauseReason)


def test_every_reason_and_state_has_words_and_no_word_is_left_over() -> None:
    assert set(PAUSED) == set(REASONS)
    assert set(DEAD) == set(get_args(DeadReason))
    assert set(SKIPPED) == set(get_args(SkipReason))
    assert set(STATES) == set(get_args(State))


@pytest.mark.parametrize("reason", REASONS)
def test_a_pause_says_what_it_means_and_what_to_do(reason: PauseReason) -> None:
    text = sentence_of(reason)
    assert text == f"{PAUSED[reason].sentence} {PAUSED[reason].fix}"


@pytest.mark.parametrize(
    "wording", [*PAUSED.values(), *DEAD.values(), *SKIPPED.values(), *STATES.values()]
)
def test_words_are_whole_sentences(wording: Wording) -> None:
    for text in (wording.sentence, wording.fix):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "  " not in text
