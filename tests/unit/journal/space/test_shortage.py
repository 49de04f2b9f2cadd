"""A shortage of room is two lines in the log, however often events are refused in it."""

import logging
from collections.abc import Iterator

import pytest

from relay.journal.space.room import AT_LIMIT, DISK_FULL
from relay.journal.space.shortage import CALM_S, Shortage
from tests.given.event.builders import NOW_S

FULL, BACK = "the journal takes no events", "the journal has room again"


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO, logger="relay"):
        yield


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    return [(each.getMessage(), getattr(each, "reason", None)) for each in caplog.records]


def test_nothing_is_told_of_a_journal_with_room(caplog: pytest.LogCaptureFixture) -> None:
    Shortage().note(None, 0)

    assert told(caplog) == []


def test_taking_and_refusing_in_turn_is_one_shortage(caplog: pytest.LogCaptureFixture) -> None:
    shortage = Shortage()
    for at in range(10):
        shortage.note(AT_LIMIT if at % 2 else None, at)

    assert told(caplog) == [(FULL, AT_LIMIT)]


def test_it_is_over_after_a_while_without_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    shortage = Shortage()
    for refusal, at in ((AT_LIMIT, 0), (None, CALM_S - 1), (None, CALM_S), (None, CALM_S + 1)):
        shortage.note(refusal, at)

    assert told(caplog) == [(FULL, AT_LIMIT), (BACK, None)]


def test_the_while_begins_with_the_last_refusal(caplog: pytest.LogCaptureFixture) -> None:
    shortage, last = Shortage(), NOW_S + CALM_S / 2
    for refusal, at in ((AT_LIMIT, NOW_S), (AT_LIMIT, last), (None, last + CALM_S - 1)):
        shortage.note(refusal, at)
    assert told(caplog) == [(FULL, AT_LIMIT)]

    shortage.note(None, last + CALM_S)
    assert told(caplog) == [(FULL, AT_LIMIT), (BACK, None)]


def test_another_reason_is_news(caplog: pytest.LogCaptureFixture) -> None:
    shortage = Shortage()
    shortage.note(AT_LIMIT, 0)
    shortage.note(DISK_FULL, 1)

    assert told(caplog) == [(FULL, AT_LIMIT), (FULL, DISK_FULL)]
