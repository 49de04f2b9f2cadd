"""The chaotic script gives every row of both answer tables its chance, and success most."""

import random
from collections import Counter

from relay.sandbox.catalogue import ANSWERS
from relay.sandbox.playback import Asked, Playback
from relay.sandbox.scripts import parse
from tests.chaos import script


def test_every_row_of_both_tables_is_in_the_script() -> None:
    named = {step.action.answer for step in parse(script.chaotic()).steps}
    assert named >= ANSWERS.keys()


def test_rows_come_at_random_and_most_requests_get_the_platforms_own_answer() -> None:
    playback = Playback(parse(script.chaotic()).steps, lambda: 0.0, random.Random(1))
    drawn: Counter[str] = Counter()
    for _ in range(2_000):
        played = playback.play(Asked("pinterest", "1", ["purchase-1"]))
        assert played is not None, "the last step refuses what is bad"
        drawn[str(played.action.answer)] += 1
    rows = [name for name, row in ANSWERS.items() if row.platform == "pinterest"]
    assert drawn.keys() - {"None"} == set(rows)
    assert 0.6 < drawn["None"] / 2_000 < 0.8


def test_a_platform_that_is_away_answers_nobody() -> None:
    [step] = parse(script.away()).steps
    assert step.action.breaks
