"""`relay status`: the funnel per destination, and what needs attention, in words."""

from decimal import Decimal
from pathlib import Path
from typing import Final, get_args

import click
from rich.console import Group, RenderableType
from rich.text import Text

from relay.admin.formatting import money_text, spoken
from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import (
    Fitting,
    console,
    counted,
    moment,
    number,
    plain,
    print_json,
    table,
)
from relay.cli.running.client import admin_client, read
from relay.config.quantity import sized
from relay.outcome.insight.situation import DELAYED_S
from relay.outcome.notation import until_full
from relay.outcome.views.api import SPOKEN, DestinationView, JournalView, RangeName, Summary
from relay.outcome.views.source import KafkaSourceView, OutcomesView, SourcesView
from relay.outcome.wording import LATE

FIGURES: Final = ("Received", "Skipped", "Waiting", "Delivered", "Not delivered")
WIDEST: Final = max(map(len, FIGURES))
_STATES: Final = {"paused": "Paused", "degraded": "Not answering", "throttled": "Slowed down"}


@click.command(short_help="Show the funnel per destination.")
@click.option(
    "--range",
    "range_name",
    type=click.Choice(get_args(RangeName)),
    default="24h",
    show_default=True,
    help="Count the events received in this time.",
)
@json_option
@config_option
def status(range_name: str, config_file: Path | None, *, as_json: bool) -> None:
    """Show what was received, and what became of it at each destination."""
    with admin_client(available_config(config_file)) as client:
        body = client.ask("/api/v1/summary", range=range_name)
        if as_json:
            print_json(body)
            return
        journal = read(client.ask("/api/v1/journal"), JournalView)
        sources = read(client.ask("/api/v1/sources"), SourcesView)
    screen = console()
    for part in (page(read(body, Summary)), room(journal), *of_kafka(sources)):
        screen.print(part)


def page(summary: Summary) -> RenderableType:
    """Return a summary as people read it."""
    head = f"Last {SPOKEN[summary.range]}: {number(summary.received)} received"
    if summary.rejected:
        head += f", {number(summary.rejected)} not usable and refused on arrival"
    if not summary.destinations:
        return Group(head, "No destination is configured: events are stored, and sent nowhere.")
    return Group(head, "", funnel(summary), *_troubles(summary), *_risks(summary))


def room(journal: JournalView) -> Text:
    """Return how full the journal is, what its disk leaves as well, and when it will be full."""
    text = f"Journal: {sized(journal.used_bytes)} of {sized(journal.limit_bytes)}"
    if journal.unavailable is not None:
        return plain(f"{text}; events are refused: {journal.unavailable}.")
    text = f"{text}, room for {sized(journal.left_bytes)} more"
    hours = journal.hours_to_full
    if hours is None:
        return plain(f"{text}.")
    return plain(f"{text}; full {until_full(hours)}, if it goes on growing like this.")


def of_kafka(sources: SourcesView) -> list[Text]:
    """Return a sentence each for the source and the outcomes, if they are configured."""
    lines = []
    if sources.kafka is not None:
        lines.append(f"Kafka: {_reading(sources.kafka)}")
    if sources.outcomes is not None:
        lines.append(f"Outcomes to {sources.outcomes.topic}: {_publishing(sources.outcomes)}")
    return [plain(line) for line in lines]


def _reading(source: KafkaSourceView) -> str:
    if source.state != "active":
        since = moment(source.since.isoformat())
        return f"{source.state} since {since} UTC; {source.message}".removesuffix("; ")
    lags = [each.lag for each in source.assignment]
    behind = counted(sum(lag or 0 for lag in lags), "message")
    unsure = "at least " if None in lags else ""
    return f"reads {counted(len(lags), 'partition')}, {unsure}{behind} behind."


def _publishing(outcomes: OutcomesView) -> str:
    text = f"{outcomes.state}, {number(outcomes.waiting)} waiting"
    lost = f", {number(outcomes.lost)} given up for room" if outcomes.lost else ""
    return f"{text}{lost}; {outcomes.message}".removesuffix("; ")


def funnel(summary: Summary) -> RenderableType:
    """Return the funnel: a row per destination that adds up, or a list if rows do not fit."""
    rows = table("Destination", *FIGURES, "State", numbers=FIGURES, whole=["Destination"])
    for view in summary.destinations:
        rows.add_row(view.name, *_counts(view), state(view))
    return Fitting(rows, Group(*map(_list, summary.destinations)))


def _counts(view: DestinationView) -> list[str]:
    counts = (view.received, view.skipped, view.pending, view.delivered, view.dead)
    return [number(each) for each in counts]


def _list(view: DestinationView) -> str:
    figures = zip(FIGURES, _counts(view), strict=True)
    lines = [f"  {name:<{WIDEST}} {count:>15}" for name, count in figures]
    return "\n".join([f"{view.name}: {state(view)}", *lines])


def state(view: DestinationView) -> str:
    """Return the state of a destination in a word or two."""
    word = _STATES.get(view.state)
    if word is None:
        word = "Delayed" if view.oldest_pending_seconds > DELAYED_S else "Working"
    return f"{word} (test mode)" if view.test else word


def _troubles(summary: Summary) -> list[Text]:
    """Return a sentence for each destination that needs attention."""
    lines = []
    for view in summary.destinations:
        if view.state == "active":
            continue
        since = f" since {moment(view.since)} UTC" if view.since else ""
        until = f", until {moment(view.until)} UTC" if view.until else ""
        word = _STATES[view.state].lower()
        lines.append(plain(f"{view.name}: {word}{since}{until}. {view.message}"))
    return [Text(""), *lines] if lines else []


def _risks(summary: Summary) -> list[Text]:
    """Return a sentence for each destination whose events wait too long, or came too late."""
    lines = []
    for view in summary.destinations:
        if view.minutes_left is not None and not state(view).startswith("Working"):
            lines.append(plain(_risk(view, view.minutes_left)))
        for code, wording in LATE.items():
            if count := view.warnings.get(code, 0):
                text = f"{view.name}: {counted(count, 'event')} since the relay was started:"
                lines.append(plain(f"{text} {wording.sentence}"))
    return [Text(""), *lines] if lines else []


def _risk(view: DestinationView, minutes: float) -> str:
    """Return how many events wait, what they are worth, and how long they can still be sent."""
    sums = money_text({each: Decimal(value) for each, value in view.money_at_risk.items()})
    worth = f", purchases worth {sums} among it" if sums else ""
    left = f"what waits longest can still be sent for {spoken(minutes * 60)}"
    return f"{view.name}: what waits is kept{worth}; {left}."
