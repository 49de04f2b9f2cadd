"""The page: honest figures, words that say what to do, and nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from relay.admin.pages import Condition, condition, grouped, headline, moment, spoken
from relay.journal.base import Passed, Receipt, Rejection
from relay.outcome.health import Health, State
from relay.outcome.view import DestinationView, Summary
from tests.admin_port import INVALID, PINTEREST, AdminPort
from tests.builders import NOW_S

RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=90, outcome="ok", http_status=200)
HOSTILE = '<script src="//evil.example">{{ 7 * 7 }}&'


def view(**changes: object) -> DestinationView:
    """Return a destination at which nothing is wrong."""
    plain: dict[str, object] = {
        "name": "p",
        "type": "pinterest",
        "test": False,
        "state": "active",
        "reason": None,
        "message": "",
        "since": None,
        "until": None,
        "received": 1,
        "skipped": 0,
        "pending": 0,
        "delivered": 1,
        "dead": 0,
        "oldest_pending_seconds": 0.0,
        "value_delivered": {},
        "minutes_left": None,
        "money_at_risk": {},
        "warnings": {},
    }
    return DestinationView(**(plain | changes))  # type: ignore[arg-type] # as a test names them


def summary(*views: DestinationView, received: int = 1) -> Summary:
    return Summary("24h", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", received, 0, views)


async def page(port: AdminPort, query: str = "") -> str:
    reply = await port.ask(f"/{query}")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply.body.decode()


async def test_each_row_adds_up(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[PINTEREST]) as port:
        await port.take("delivered")
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("dead", pinterest=INVALID)
        await port.take("skipped", pinterest=Passed("skipped", "no_consent"))
        await port.take("waits")
        await port.journal.append(
            [], [Rejection(NOW_S * 1000, "http", None, None, "missing", "user", "Needed.")]
        )
        text = await page(port)

    cells = re.findall(r'data-label="([^"]+)">(?:<a [^>]+>)?([0-9,]+)', text)
    assert cells == [
        ("Received", "4"),
        ("Skipped", "1"),
        ("Waiting", "1"),
        ("Delivered", "1"),
        ("Not delivered", "1"),
    ]
    assert "50.0 % of the conversions sent in the last 24 hours were delivered." in text
    assert "1 event was not usable" in text
    assert f'href="/api/v1/dead-letters?destination={PINTEREST}"' in text


async def test_a_range_can_be_chosen_without_scripts(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = await page(port, "?range=7d")

    assert 'href="/?range=7d" aria-current="page"' in text
    assert "No conversion arrived in the last 7 days." in text


async def test_all_resources_are_the_ports_own_and_none_is_a_script(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        text = await page(port)
        style = await port.ask("/static/page.css")

    assert "<script" not in text
    assert "style=" not in text
    assert all(link.startswith("/") for link in re.findall(r'(?:href|src)="([^"]*)"', text))
    assert style.headers["Content-Type"].startswith("text/css")
    assert b"url(" not in style.body
    assert b"@import" not in style.body


async def test_words_from_outside_are_escaped(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        port.switch.health[PINTEREST] = Health("degraded", None, HOSTILE, float(NOW_S), None)
        text = await page(port)

    assert "&lt;script" in text
    assert "{{ 7 * 7 }}" in text
    assert "<script" not in text


async def test_a_banner_tells_of_test_mode(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        assert "Test mode" not in await page(port)
        port.destinations[0].test = True
        assert f"Test mode.</strong> {PINTEREST} sends test events" in await page(port)


async def test_a_relay_without_destinations_says_what_to_do(tmp_path: Path) -> None:
    async with AdminPort(tmp_path, names=[]) as port:
        text = await page(port)

    assert "No destination is set up yet" in text
    assert "<table" not in text


@pytest.mark.parametrize(
    ("views", "received", "words"),
    [
        ([view(delivered=999, dead=1)], 1000, "99.9 % of the conversions sent in"),
        ([view(delivered=99_999, dead=1)], 100_000, "99.9 % of the conversions sent in"),
        ([view(delivered=3)], 3, "100 % of the conversions sent in"),
        ([view(delivered=1), view(delivered=0, dead=1)], 1, "50.0 % of the conversions sent in"),
        ([view(delivered=0, dead=2)], 2, "0.0 % of the conversions sent in"),
        ([view(delivered=0, pending=4)], 4, "No conversion of the last 24 hours was sent yet."),
        ([view(delivered=0, skipped=4)], 4, "No conversion of the last 24 hours was sent yet."),
        ([view(received=0, delivered=0)], 0, "No conversion arrived in the last 24 hours."),
        ([], 0, "No destination is set up yet"),
    ],
)
def test_the_headline_never_promises_too_much(
    views: list[DestinationView], received: int, words: str
) -> None:
    assert headline(summary(*views, received=received)).startswith(words)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (view(), ("good", "Working")),
        (view(received=0, delivered=0), ("quiet", "Quiet")),
        (view(dead=1), ("bad", "Not all delivered")),
        (view(dead=1, oldest_pending_seconds=301.0), ("bad", "Delayed")),
        (view(oldest_pending_seconds=300.0), ("good", "Working")),
        (view(state="throttled"), ("bad", "Slowed down")),
        (view(state="degraded", dead=1), ("bad", "Not answering")),
        (view(state="paused", oldest_pending_seconds=900.0), ("bad", "Paused")),
    ],
)
def test_the_most_pressing_condition_is_told(
    found: DestinationView, expected: tuple[str, str]
) -> None:
    told = condition(found)

    assert (told.mark, told.word) == expected
    assert told.meaning.endswith(".")


def test_a_pause_is_told_with_its_own_reason_and_fix() -> None:
    told = condition(view(state="paused", message="No access token is set. Put one there."))

    assert told == Condition("bad", "Paused", "No access token is set. Put one there.")


@pytest.mark.parametrize("state", ["paused", "degraded", "throttled"])
def test_a_state_without_a_message_is_told_in_general_words(state: State) -> None:
    assert len(condition(view(state=state)).meaning) > 20


def test_figures_and_moments_are_written_for_people() -> None:
    assert [grouped(each) for each in (0, 48210, "8562.50", "1234567")] == [
        *("0", "48,210", "8,562.50", "1,234,567")
    ]
    assert moment("2026-01-01T00:00:59.123Z") == "2026-01-01 00:00:59 UTC"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (7_200, "2 hours"),
        (90_000, "1 day"),
        (10 * 86_400, "10 days"),
    ],
)
def test_a_span_of_time_is_spoken_in_its_largest_unit(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
