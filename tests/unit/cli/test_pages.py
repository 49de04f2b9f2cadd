"""Status, event and dead letters as a person reads them, from the objects of the admin API."""

import io
from datetime import datetime
from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from relay.cli.dead.dead import letters
from relay.cli.output import console
from relay.cli.running.event import timeline
from relay.cli.running.status import funnel, of_kafka, page, room, state
from relay.outcome.views.api import (
    AttemptView,
    DeadLetterList,
    DeadLetterView,
    DeliveryView,
    DestinationView,
    EventList,
    EventView,
    JournalView,
    Summary,
)
from relay.outcome.views.source import KafkaSourceView, OutcomesView, Partition, SourcesView, State

AT = "2026-01-31T12:03:01.000Z"
WORKING = DestinationView(
    name="pinterest-main",
    type="pinterest",
    test=False,
    emulated=False,
    state="active",
    reason=None,
    message="",
    since=None,
    until=None,
    received=48_210,
    skipped=1_077,
    pending=3,
    delivered=47_118,
    dead=12,
    oldest_pending_seconds=2.5,
    value_delivered={"USD": "12.50"},
    minutes_left=10_000.0,
    money_at_risk={},
    warnings={},
)
DELIVERY = DeliveryView(
    destination="pinterest-main",
    state="delivered",
    reason=None,
    message="",
    platform_event="checkout",
    identifiers=["email"],
    attempt_count=1,
    attempts=[AttemptView("2026-01-31T12:03:01.400Z", "ok", 200, "", "", "rid-1", 210)],
    next_try_at=None,
)
WORTH = {"EUR": "1250.00", "SEK": "3.00", "USD": "4.00"}
LETTER = DeadLetterView(
    id="17",
    event_id="order-1",
    event="purchase",
    event_time=AT,
    destination="tiktok-main",
    reason="platform_rejected",
    code="40002",
    message="[bold]bad[/bold] \x1b[31mvalue",
    dead_at=AT,
)


def changed(view: DestinationView, **values: Any) -> DestinationView:
    return msgspec.structs.replace(view, **values)


def shown(renderable: RenderableType) -> str:
    stream = io.StringIO()
    console(stream).print(renderable)
    return stream.getvalue()


def on_terminal(renderable: RenderableType, columns: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=columns, highlight=False, soft_wrap=True).print(renderable)
    return stream.getvalue().splitlines()


def summary(*views: DestinationView, rejected: int = 0) -> Summary:
    return Summary("24h", AT, AT, 48_210, rejected, views)


def story(*deliveries: DeliveryView, events: int = 1) -> list[str]:
    event = EventView(
        event_id="order-1",
        event="purchase",
        order_id="5001",
        event_time="2026-01-31T12:02:59.000Z",
        received_at=AT,
        source="http",
        deliveries=deliveries,
    )
    return [line.plain for line in timeline(EventList([event] * events))]


def source(state: State, message: str, *lags: int | None) -> KafkaSourceView:
    return KafkaSourceView(
        state=state,
        message=message,
        since=datetime.fromisoformat(AT),
        group_id="relay",
        topics=["orders"],
        missing_topics=[],
        assignment=[
            Partition(topic="orders", partition=at, committed=1, lag=lag)
            for at, lag in enumerate(lags)
        ],
        last_commit=None,
        tombstones=0,
    )


@pytest.mark.parametrize("columns", [80, 200])
def test_a_usual_terminal_shows_the_funnel_with_its_names_whole(columns: int) -> None:
    tested = changed(WORKING, state="degraded", test=True)

    lines = on_terminal(funnel(summary(WORKING, tested)), columns)

    assert [line.split()[0] for line in lines if "48,210" in line] == ["pinterest-main"] * 2
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if "…" in line]


@pytest.mark.parametrize(("name", "columns"), [("pinterest-main", 60), ("x" * 40, 80)])
def test_a_narrow_terminal_shows_the_funnel_one_figure_a_line(name: str, columns: int) -> None:
    lines = on_terminal(funnel(summary(changed(WORKING, name=name))), columns)

    assert [" ".join(line.split()) for line in lines] == [
        f"{name}: Working",
        "Received 48,210",
        "Skipped 1,077",
        "Waiting 3",
        "Delivered 47,118",
        "Not delivered 12",
    ]


@pytest.mark.parametrize(
    ("kafka", "told"),
    [
        (source("active", "", 1_200, 34), "Kafka: reads 2 partitions, 1,234 messages behind."),
        (source("active", "", 1), "Kafka: reads 1 partition, 1 message behind."),
        (
            source("active", "", 7, None),
            "Kafka: reads 2 partitions, at least 7 messages behind.",
        ),
        (
            source("held", "the journal is full"),
            "Kafka: held since 2026-01-31 12:03:01 UTC; the journal is full",
        ),
    ],
)
def test_kafka_is_told_as_it_is_read(kafka: KafkaSourceView, told: str) -> None:
    assert [each.plain for each in of_kafka(SourcesView(kafka=kafka, outcomes=None))] == [told]


def test_outcomes_are_told_with_what_waits_and_what_was_given_up() -> None:
    outcomes = OutcomesView(
        state="unreachable",
        message="Check the broker.",
        topic="relay.outcomes",
        published=9,
        waiting=1_200,
        lost=3,
    )
    [line] = of_kafka(SourcesView(kafka=None, outcomes=outcomes))
    assert line.plain == (
        "Outcomes to relay.outcomes: unreachable, 1,200 waiting, 3 given up for room; "
        "Check the broker."
    )


def test_without_kafka_nothing_is_said_of_it() -> None:
    assert of_kafka(SourcesView(kafka=None, outcomes=None)) == []


def test_more_events_than_are_shown_are_not_hidden_in_silence() -> None:
    """An order id that a shop gives to all its orders, such as `unknown`, has thousands."""
    assert "The latest 100 are shown; there may be earlier ones." in story(events=100)[-1]
    assert "shown" not in story(events=99)[-1]


def test_the_funnel_has_a_row_per_destination_that_adds_up() -> None:
    text = shown(page(summary(WORKING, changed(WORKING, name="tiktok-main"), rejected=112)))

    assert "Last 24 hours: 48,210 received, 112 not usable" in text
    row = next(line for line in text.splitlines() if line.startswith("tiktok-main"))
    assert row.split() == ["tiktok-main", "48,210", "1,077", "3", "47,118", "12", "Working"]


def test_a_paused_destination_says_why_and_what_to_do() -> None:
    view = changed(
        WORKING, state="paused", reason="token_expired", message="Make a new one.", since=AT
    )

    text = shown(page(summary(view)))

    assert "pinterest-main: paused since 2026-01-31 12:03:01 UTC. Make a new one." in text


def test_what_waits_at_a_destination_in_trouble_is_told_in_money_and_time() -> None:
    view = changed(WORKING, state="degraded", minutes_left=5 * 1440 + 90.0, money_at_risk=WORTH)

    text = " ".join(shown(page(summary(view))).split())

    assert (
        "pinterest-main: what waits is kept, purchases worth 1,250.00 EUR, 3.00 SEK and 4.00 USD"
        " among it; what waits longest can still be sent for 5 days." in text
    )
    assert "can still be sent" not in shown(page(summary(WORKING)))


@pytest.mark.parametrize(
    ("minutes", "words"), [(119.0, "1 hour"), (1.5, "1 minute"), (0.5, "30 seconds")]
)
def test_the_time_that_is_left_is_told_in_its_largest_unit(minutes: float, words: str) -> None:
    view = changed(WORKING, state="degraded", minutes_left=minutes)

    assert f"can still be sent for {words}." in " ".join(shown(page(summary(view))).split())


def test_what_came_late_is_told_with_what_it_means() -> None:
    view = changed(WORKING, warnings={"may_be_offline": 12, "no_click_id": 7})

    text = " ".join(shown(page(summary(view))).split())

    assert "12 events since the relay was started: The event arrived so late" in text
    assert text.count("since the relay was started") == 1
    assert "no_click_id" not in text


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "Working"),
        ({"oldest_pending_seconds": 300.0}, "Working"),
        ({"oldest_pending_seconds": 301.0}, "Delayed"),
        ({"state": "throttled"}, "Slowed down"),
        ({"state": "degraded"}, "Not answering"),
        ({"state": "paused"}, "Paused"),
        ({"test": True}, "Working (test mode)"),
    ],
)
def test_a_state_is_a_word(values: dict[str, Any], word: str) -> None:
    assert state(changed(WORKING, **values)) == word


def test_without_destinations_the_page_says_so() -> None:
    assert "No destination is configured" in shown(page(summary()))


JOURNAL = JournalView(
    size_bytes=2**31,
    used_bytes=5 * 2**28,
    limit_bytes=10 * 2**30,
    left_bytes=2**30,
    hours_to_full=None,
    oldest_event_at=AT,
    unavailable=None,
)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "1.25 GiB of 10.00 GiB, room for 1.00 GiB more."),
        (
            {"used_bytes": 135_168, "limit_bytes": 2**21, "left_bytes": 2**20},
            "132 KiB of 2.0 MiB, room for 1.0 MiB more.",
        ),
        (
            {"hours_to_full": 0.0, "unavailable": "the disk of the journal is full"},
            "1.25 GiB of 10.00 GiB; events are refused: the disk of the journal is full.",
        ),
    ],
)
def test_the_room_of_the_journal_is_told_in_a_line(values: dict[str, Any], text: str) -> None:
    assert shown(room(msgspec.structs.replace(JOURNAL, **values))) == f"Journal: {text}\n"


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.4, "less than an hour"),
        (1.0, "about an hour"),
        (13.6, "about 14 hours"),
        (48.0, "about 2 days"),
        (9_842.0, "about 410 days"),
    ],
)
def test_when_the_journal_will_be_full_is_told_behind_its_room(hours: float, told: str) -> None:
    text = shown(room(msgspec.structs.replace(JOURNAL, hours_to_full=hours)))
    assert text.endswith(f" more; full in {told}, if it goes on growing like this.\n")


def test_a_delivered_event_is_told_in_a_line() -> None:
    assert story(DELIVERY) == [
        "purchase order-1, order 5001",
        "Happened 2026-01-31 12:02:59, received 2026-01-31 12:03:01 UTC by HTTP.",
        "pinterest-main: delivered as checkout, 1st try, sent 0.4 s after it was received",
    ]


def test_an_event_that_waits_for_a_moment_names_it() -> None:
    delivery = msgspec.structs.replace(
        DELIVERY, state="pending", attempts=[], next_try_at="2026-01-31T12:09:00.000Z"
    )

    assert story(delivery)[2] == (
        "pinterest-main: waiting, 1 try so far, next try 2026-01-31 12:09:00 UTC"
    )


def test_a_waiting_event_shows_what_was_tried() -> None:
    attempts = [
        AttemptView("2026-01-31T12:03:01.500Z", "transient", None, "timeout", "", "", 10_000),
        AttemptView("2026-01-31T12:03:04.000Z", "throttled", 429, "", "Slow down", "rid-9", 90),
    ]
    delivery = msgspec.structs.replace(
        DELIVERY, state="pending", attempt_count=2, attempts=attempts
    )

    assert story(delivery)[2:] == [
        "pinterest-main: waiting, 2 tries so far",
        "  2026-01-31 12:03:01  no clear answer, so it is tried again, code timeout",
        "  2026-01-31 12:03:04  asked to wait, HTTP 429, request id rid-9: Slow down",
    ]


def test_a_delivered_event_shows_what_was_tried_before() -> None:
    attempts = [
        AttemptView("2026-01-31T12:03:01.500Z", "transient", 500, "", "", "", 90),
        AttemptView("2026-01-31T12:03:09.000Z", "ok", 200, "", "", "rid-2", 90),
    ]
    delivery = msgspec.structs.replace(DELIVERY, attempt_count=2, attempts=attempts)

    assert story(delivery)[2:] == [
        "pinterest-main: delivered as checkout, 2nd try, sent 8.0 s after it was received",
        "  2026-01-31 12:03:01  no clear answer, so it is tried again, HTTP 500",
        "  2026-01-31 12:03:09  accepted, HTTP 200, request id rid-2",
    ]


def test_an_undelivered_event_shows_its_only_try() -> None:
    refused = AttemptView("2026-01-31T12:03:01.500Z", "invalid", 200, "40002", "Bad.", "", 90)
    delivery = msgspec.structs.replace(
        DELIVERY, state="dead", reason="platform_rejected", message="Bad.", attempts=[refused]
    )

    assert story(delivery)[2:] == [
        "pinterest-main: not delivered after 1 try (platform_rejected). Bad.",
        "  2026-01-31 12:03:01  refused, HTTP 200, code 40002: Bad.",
    ]


def test_events_of_one_order_are_told_apart_by_a_blank_line() -> None:
    assert story(events=2) == [*story(), "", *story()]


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("pending", "waiting"),
        ("skipped", "skipped on purpose (no_consent). Because."),
        ("dead", "not delivered (no_consent). Because."),
    ],
)
def test_an_event_that_was_never_tried(state: str, line: str) -> None:
    delivery = msgspec.structs.replace(
        DELIVERY, state=state, reason="no_consent", message="Because.", attempt_count=0, attempts=[]
    )

    assert story(delivery)[2] == f"pinterest-main: {line}"


@pytest.mark.parametrize(
    ("count", "word"),
    [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (113, "113th")],
)
def test_tries_are_counted_as_people_do(count: int, word: str) -> None:
    assert f", {word} try" in story(msgspec.structs.replace(DELIVERY, attempt_count=count))[2]


def test_dead_letters_are_a_table_in_which_a_platform_cannot_paint() -> None:
    text = shown(letters(DeadLetterList([LETTER], None, 1)))

    assert "[bold]bad[/bold] ?[31mvalue" in text
    assert "\x1b" not in text
    assert text.splitlines()[1].startswith("17  2026-01-31 12:03:01  tiktok-main")
