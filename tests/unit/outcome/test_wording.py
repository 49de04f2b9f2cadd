"""Every word that the relay can say about an event has a sentence, a fix, and somebody to do it."""

import re
from collections.abc import Iterator, Mapping
from typing import get_args

import pytest

from relay.delivery import DeadReason, LateCode, PauseReason, SkipReason
from relay.destinations.pinterest import answer_case
from relay.destinations.tiktok import answer_code
from relay.destinations.tiktok.fix import FIXES
from relay.intake.problem import Code
from relay.outcome.health import STATES, State
from relay.outcome.platform_code import OWN, PINTEREST, TIKTOK, wording_of
from relay.outcome.wording import (
    DEAD,
    LATE,
    PAUSED,
    REJECTED,
    SKIPPED,
    TOO_OLD_ON_ARRIVAL,
    WHO,
    Who,
    Wording,
    dead_wording,
)

LISTED_FROM, LISTED_TO = 0, 99_999
JARGON = re.compile(r"\b(payload|sink|DLQ|4xx|5xx|ack|null|HTTP|API)\b", re.IGNORECASE)
"""What no marketer should have to read."""


def everything() -> Iterator[tuple[str, Wording]]:
    """Yield all there is to say."""
    sets: list[Mapping[str, Wording]] = [
        *(SKIPPED, DEAD, PAUSED, LATE, STATES, OWN),  # type: ignore[list-item] # by Literal
        REJECTED,
    ]
    for words in sets:
        yield from words.items()
    yield "expired on arrival", dead_wording("expired", TOO_OLD_ON_ARRIVAL)
    for platform, rows in (("TikTok", TIKTOK), ("Pinterest", PINTEREST)):
        for row in rows:
            yield f"{platform} {row.first}", row.wording


@pytest.mark.parametrize(
    ("closed_set", "words"),
    [
        (SkipReason, SKIPPED),
        (DeadReason, DEAD),
        (PauseReason, PAUSED),
        (LateCode, LATE),
        (State, STATES),
        (Code, REJECTED),
        (Who, WHO),
    ],
)
def test_each_closed_set_is_worded_whole(closed_set: object, words: Mapping[str, object]) -> None:
    assert set(get_args(closed_set)) == set(words)


def test_each_code_of_tiktok_that_its_table_names_has_words_of_its_own() -> None:
    named = [row for row in answer_code.BY_CODE if not row.meaning.startswith("unknown")]
    for row in named:
        for code in {row.first, row.last} & set(range(LISTED_FROM, LISTED_TO)):
            assert wording_of("tiktok", str(code), 200) is not None, code


def test_each_status_that_a_table_names_has_words() -> None:
    for status in answer_case.CASES:
        assert wording_of("pinterest", "", status) is not None, status
    for status in {row.first for row in answer_code.BY_STATUS[:-1]} | {500, 503, 599}:
        assert wording_of("tiktok", "", status) is not None, status
    assert wording_of("tiktok", "", 503) == wording_of("tiktok", "", 408)


def test_a_token_without_the_scope_is_told_from_one_that_is_refused() -> None:
    """Pinterest has one status for both, and a code that means other things elsewhere."""
    assert wording_of("pinterest", "3", 401) == PAUSED["no_permission"]
    assert wording_of("pinterest", "2", 401) == wording_of("pinterest", "", 401)
    assert wording_of("pinterest", "3", 400) == wording_of("pinterest", "", 400)


@pytest.mark.parametrize(("platform", "code"), [("pinterest", ""), ("tiktok", "40002")])
def test_whoever_corrects_a_refused_event_is_told_to_give_it_another_id(
    platform: str, code: str
) -> None:
    """Under the same id it would be skipped as a duplicate; sent again, it would be unchanged."""
    wording = wording_of(platform, code, 400)
    assert wording is not None
    assert "an event id of its own" in wording.fix


def test_a_missing_place_on_tiktoks_list_is_not_blamed_on_the_tokens_role() -> None:
    wording = wording_of("tiktok", "40118", 200)
    assert wording is not None
    assert "TikTok's sales" in wording.fix
    assert "TikTok's own list" in FIXES["no_permission"]


@pytest.mark.parametrize("platform", ["pinterest", "tiktok", "other"])
def test_the_relays_own_codes_mean_the_same_whatever_the_platform(platform: str) -> None:
    for code, wording in OWN.items():
        for status in (None, 200, 401):
            assert wording_of(platform, code, status) == wording


def test_what_is_said_agrees_with_what_is_done() -> None:
    """What waits by itself needs nobody; what pauses a destination needs somebody."""
    for row in answer_code.BY_CODE:
        if row.meaning.startswith("unknown"):
            continue
        wording = wording_of("tiktok", str(row.first), 200)
        assert wording is not None
        if row.kind in {"throttled", "accepted"} or (
            row.kind == "transient" and not row.confirmations
        ):
            assert wording.who == "nobody", row
        if row.kind == "misconfigured":
            assert wording.who in {"marketing", "engineer"}, row


def test_a_code_that_nobody_lists_is_left_to_the_platforms_own_words() -> None:
    assert wording_of("tiktok", "99999", 200) is None
    assert wording_of("tiktok", "<b>", None) is None
    assert wording_of("pinterest", "2", None) is None
    assert wording_of("other", "1", 200) is None


def test_what_was_too_old_on_arrival_is_the_shops_and_what_waited_the_engineers() -> None:
    assert dead_wording("expired", TOO_OLD_ON_ARRIVAL).who == "shop"
    assert dead_wording("expired", "").who == "engineer"


@pytest.mark.parametrize(("word", "wording"), list(everything()))
def test_each_wording_is_whole_sentences_without_jargon(word: str, wording: Wording) -> None:
    for text in (wording.sentence, wording.fix):
        assert text.endswith("."), word
        assert text[0].isupper(), word
        assert "  " not in text, word
        assert not JARGON.search(text), word
    assert ("Nothing to do" in wording.fix) <= (wording.who == "nobody"), word
