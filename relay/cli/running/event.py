"""`relay event`: what became of one event, as a timeline."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import console, moment, plain, print_json
from relay.cli.running.client import AdminClient, NotFound, admin_client, read
from relay.delivery import Outcome
from relay.journal.find.lookup import MAX_FOUND
from relay.outcome.views.api import AttemptView, DeliveryView, EventList, EventView

ATTEMPTS: Final[dict[Outcome, str]] = {
    "ok": "accepted",
    "partial": "accepted in part",
    "throttled": "asked to wait",
    "transient": "no clear answer, so it is tried again",
    "invalid": "refused",
    "misconfigured": "refused for this destination's settings",
}


@click.command(short_help="Show what became of one event.")
@click.argument("event_id", required=False)
@click.option("--order", "order_id", metavar="ORDER_ID", help="Look for the order instead.")
@json_option
@config_option
def event(
    event_id: str | None, order_id: str | None, config_file: Path | None, *, as_json: bool
) -> None:
    """Show what became of the event EVENT_ID, or of an order."""
    if (event_id is None) == (order_id is None):
        raise click.UsageError("give either EVENT_ID or --order ORDER_ID")
    with admin_client(available_config(config_file)) as client:
        body = find(client, event_id=event_id, order_id=order_id)
    if as_json:
        print_json(body)
        return
    screen = console()
    for line in timeline(read(body, EventList)):
        screen.print(line)


def find(client: AdminClient, *, event_id: str | None = None, order_id: str | None = None) -> bytes:
    """Return the events with this id as JSON. Raises `NotFound`, which says where to look."""
    try:
        return client.ask("/api/v1/events", event_id=event_id, order_id=order_id)
    except NotFound:
        raise NotFound(
            "no such event is on record: it never arrived, was refused on arrival, or is older "
            "than `retention` of [journal]"
        ) from None


def timeline(found: EventList) -> Iterator[Text]:
    """Yield the lines of each event's timeline."""
    for index, each in enumerate(found.events):
        if index:
            yield Text("")
        yield from _event(each)
    if len(found.events) == MAX_FOUND:
        yield plain(f"\nThe latest {MAX_FOUND} are shown; there may be earlier ones.")


def _event(view: EventView) -> Iterator[Text]:
    order = f", order {view.order_id}" if view.order_id else ""
    yield plain(f"{view.event} {view.event_id}{order}")
    yield plain(
        f"Happened {moment(view.event_time)}, received {moment(view.received_at)} UTC "
        f"by {_SOURCES.get(view.source, view.source)}."
    )
    for delivery in view.deliveries:
        yield plain(f"{delivery.destination}: {_fate(delivery, view.received_at)}")
        if delivery.state != "delivered" or delivery.attempt_count > 1:
            yield from (plain(f"  {_attempt(each)}") for each in delivery.attempts)


_SOURCES: Final = {"http": "HTTP", "kafka": "Kafka", "segment": "Segment", "shopify": "Shopify"}


def _fate(delivery: DeliveryView, received_at: str) -> str:
    tries = "1 try" if delivery.attempt_count == 1 else f"{delivery.attempt_count:,} tries"
    match delivery.state:
        case "delivered":
            name = f" as {delivery.platform_event}" if delivery.platform_event else ""
            nth = _ordinal(delivery.attempt_count)
            return f"delivered{name}, {nth} try{_after(delivery, received_at)}"
        case "pending":
            tried = f", {tries} so far" if delivery.attempt_count else ""
            due = f", next try {moment(delivery.next_try_at)} UTC" if delivery.next_try_at else ""
            return f"waiting{tried}{due}"
        case "skipped":
            return f"skipped on purpose ({delivery.reason}). {delivery.message}"
        case "dead":
            after = f" after {tries}" if delivery.attempt_count else ""
            return f"not delivered{after} ({delivery.reason}). {delivery.message}"


def _after(delivery: DeliveryView, received_at: str) -> str:
    """Return how long after the event was received the last attempt was made."""
    if not delivery.attempts:
        return ""
    sent = datetime.fromisoformat(delivery.attempts[-1].at)
    seconds = max((sent - datetime.fromisoformat(received_at)).total_seconds(), 0.0)
    return f", sent {seconds:.1f} s after it was received"


def _attempt(attempt: AttemptView) -> str:
    parts = [f"{moment(attempt.at)}  {ATTEMPTS[attempt.outcome]}"]
    if attempt.http_status is not None:
        parts.append(f"HTTP {attempt.http_status}")
    if attempt.code:
        parts.append(f"code {attempt.code}")
    if attempt.request_id:
        parts.append(f"request id {attempt.request_id}")
    line = ", ".join(parts)
    return f"{line}: {attempt.message}" if attempt.message else line


def _ordinal(count: int) -> str:
    if count % 100 in (11, 12, 13):
        return f"{count}th"
    return f"{count}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(count % 10, 'th') }"
