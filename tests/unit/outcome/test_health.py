"""What a pause means and what to do, where the platform has no words of its own."""

from typing import get_args

import pytest

from relay.delivery import PauseReason
from relay.outcome.health import sentence_of
from relay.outcome.wording import PAUSED


@pytest.mark.parametrize("reason", get_args(PauseReason))
def test_a_pause_says_what_it_means_and_what_to_do(reason: PauseReason) -> None:
    text = sentence_of(reason)
    assert text == f"{PAUSED[reason].sentence} {PAUSED[reason].fix}"
