"""Events as they come, what a platform answers, and what is left of them, in a word each."""

from collections.abc import Sequence
from decimal import Decimal

from relay.conversion import Order
from relay.event_name import Lane
from relay.journal.base import Journal
from relay.journal.codec import entry_of
from relay.journal.entry import Chunk, Entry, Passed, Pending, Rejection
from relay.journal.letter import Prospect
from relay.journal.report import Totals
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from tests.given.event.builders import NOW_S, conversion, entry

NOW_MS = NOW_S * 1000
SKIPPED = Passed("skipped", "not_mapped")
EXPIRED = Passed("dead", "expired", "It was too old for this platform when it arrived.")
RECEIPT = Receipt(at_ms=NOW_MS, duration_ms=120, outcome="ok", http_status=200)


def events(*names: str) -> list[Entry]:
    """Return purchases that wait everywhere."""
    return [entry(name) for name in names]


def searches(*names: str) -> list[Entry]:
    """Return events of the other lane that wait everywhere."""
    return [entry(name, "search") for name in names]


def passed(name: str, state: Passed = SKIPPED) -> Entry:
    """Return a purchase that `p` is done with on arrival."""
    return entry_of(conversion(name), {"p": state}, {})


def sold(name: str, value: str, event: str = "purchase") -> Entry:
    order = Order(value=Decimal(value), currency="USD")
    return entry_of(conversion(name, event, order=order), {}, {})


def aged(name: str, age_ms: int) -> Entry:
    return entry_of(conversion(name, received_ms=NOW_MS - age_ms), {}, {})


def rejection(event_id: str) -> Rejection:
    return Rejection(NOW_MS, "http", None, event_id, "missing", "user", "Who did it?")


def ids(chunk: Chunk) -> list[str]:
    return [pending.entry.event_id for pending in chunk.pending]


def never(_destination: str, _entry: Entry) -> Prospect:
    return "sent"


def is_a(_destination: str, entry: Entry) -> Prospect:
    return "expired" if entry.event_id == "a" else "sent"


async def waiting(journal: Journal, destination: str) -> Sequence[Pending]:
    """Return what waits in the money lane, from the cursor on."""
    start = journal.cursor(destination, Lane.MONEY)
    return (await journal.read(destination, Lane.MONEY, start, 100)).pending


async def deliver(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    await journal.settle(destination, Settlement(receipt=RECEIPT, delivered=pendings))


async def postpone(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    retry = [Retry(pending, NOW_MS) for pending in pendings]
    await journal.settle(destination, Settlement(retry=retry))


async def bury(journal: Journal, destination: str, pendings: Sequence[Pending]) -> None:
    dead = [Dead(pending, "platform_rejected") for pending in pendings]
    await journal.settle(destination, Settlement(dead=dead))


async def outcome_of(journal: Journal, event_id: str) -> tuple[str, list[str]]:
    """Return the state at `p`, and how each attempt ended."""
    (found,) = await journal.find(event_id=event_id)
    mine = next(each for each in found.deliveries if each.destination == "p")
    return mine.state, [attempt.outcome for attempt in mine.attempts]


def pending_of(totals: Totals, destination: str) -> int:
    """Return what the sum leaves: accepted + replayed - skipped - delivered - dead."""
    ended = (totals.skipped, totals.delivered, totals.dead)
    gone = sum(count for each in ended for (who, _), count in each.items() if who == destination)
    return totals.accepted.get(destination, 0) + totals.replayed.get(destination, 0) - gone
