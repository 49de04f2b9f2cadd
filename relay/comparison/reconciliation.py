"""Compares a shop's orders with the journal: which have arrived at each destination.

There are three passes, each with bounded memory. The first writes the orders to a temporary
database. The second reads a snapshot of the log, event by event, while the relay may be running.
The third goes through both in the order of the file. An event belongs to the order whose id it
carries or, if it carries none, to the order whose id equals its event id. Only purchases count.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from relay.comparison.listing import Fault, rfc3339
from relay.comparison.order_book import BATCH, Found, OrderBook
from relay.comparison.order_file import OrderFile, ShopOrder
from relay.comparison.result_file import ResultFile
from relay.comparison.sentence import sentence
from relay.comparison.statement import Account, Statement
from relay.comparison.verdict import OrderState, Verdict, verdicts
from relay.errors import ConfigError, RelayError
from relay.event_name import lane_of
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.entry import Entry
from relay.journal.find import standing
from relay.journal.verify.finding import Watch

EXAMPLES: Final = 5
"""How many undelivered orders are named per destination."""

_PURCHASE: Final = "purchase"
_LANE: Final = lane_of(_PURCHASE)


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An order that has not arrived."""

    order_id: str
    destination: str
    state: OrderState
    reason: str | None


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result, as `--json` prints it."""

    journal: str
    complete: bool
    """Whether every line is an order that could be read and has arrived everywhere."""
    orders: int
    repeated: int
    """Lines that repeat an order; its first line counts."""
    unreadable: int
    faults: Sequence[Fault]
    """The first 20 lines that could not be read."""
    columns: Mapping[str, str]
    events_unreadable: int
    """Events of the journal that cannot be read; each may be a purchase of these orders."""
    kept_since: str | None
    """When the oldest purchase that the relay still keeps was received."""
    destinations: Sequence[Statement]
    examples: Sequence[Example]


class Facts(NamedTuple):
    """What else the journal says, besides the purchases."""

    destinations: Sequence[str]
    kept_since_ms: int | None
    pauses: Mapping[str, str]
    unreadable: int


class Question(NamedTuple):
    """What is compared; without destinations, all that the relay serves."""

    journal: Path
    destinations: Sequence[str]
    in_test: frozenset[str]
    result: Path | None


def reconciliation(question: Question, orders: OrderFile, watch: Watch) -> Reconciliation:
    """Return what became of the orders, and write the result file if one is asked for.

    Raises `ConfigError` for a destination that the journal does not know, and `RelayError` if the
    journal cannot be read.
    """
    with OrderBook.open() as book:
        book.add(orders)
        facts = at_one_moment(
            question.journal, lambda snapshot: _look(snapshot, question, book, watch)
        )
        tally = _Tally(facts, book.count, watch)
        if question.result is None:
            tally.go_through(book, None)
        else:
            with ResultFile.create(question.result, facts.destinations) as result:
                tally.go_through(book, result)
        return _result(question, orders, book, tally)


def _look(snapshot: sqlite3.Connection, question: Question, book: OrderBook, watch: Watch) -> Facts:
    """Copy all purchases from the journal into the book."""
    book.forget_found()
    destinations = _chosen(snapshot, question.destinations)
    total = standing.count(snapshot, _LANE)
    wanted = standing.Wanted(_is_purchase)
    stands = standing.stands(snapshot, _LANE, destinations, wanted)
    purchases = ((_order_id(each.entry), _found(each)) for each in stands)
    done = 0
    while batch := list(islice(purchases, BATCH)):
        book.note(batch)
        done += len(batch)
        watch("Reading the journal", done, max(done, total))
    pauses = dict(snapshot.execute("SELECT destination, reason FROM pause").fetchall())
    kept_since_ms = standing.oldest_ms(snapshot, _LANE)
    return Facts(destinations, kept_since_ms, pauses, wanted.unreadable)


def _chosen(snapshot: sqlite3.Connection, wanted: Sequence[str]) -> Sequence[str]:
    served = standing.names(snapshot)
    if not wanted and not served:
        raise RelayError(f"the journal serves no destination; {standing.START}")
    if not wanted:
        return served
    known = standing.names(snapshot, gone=True)
    for name in wanted:
        if name not in known:
            raise ConfigError(
                f"the journal knows no destination {name}; it knows {', '.join(known) or 'none'}"
            )
    return list(dict.fromkeys(wanted))


def _order_id(entry: Entry) -> str:
    """Return an id as it is in the shop's file, whose cells come without the blanks around them."""
    return (entry.order_id or "").strip() or entry.event_id.strip()


def _is_purchase(entry: Entry) -> bool:
    return entry.event == _PURCHASE


def _found(stand: standing.Stand) -> Found:
    entry = stand.entry
    return Found(
        entry.event_id, entry.received_ms, entry.value, entry.currency, list(stand.standings)
    )


class _Tally:
    """Goes through all orders once, and sums them up for each destination."""

    def __init__(self, facts: Facts, count: int, watch: Watch) -> None:
        self.facts = facts
        self.examples: list[Example] = []
        self.accounts = [Account() for _ in facts.destinations]
        self._count = count
        self._watch = watch
        self._named = [0] * len(facts.destinations)

    def go_through(self, book: OrderBook, result: ResultFile | None) -> None:
        destinations, since_ms = len(self.facts.destinations), self.facts.kept_since_ms
        all_read = not self.facts.unreadable
        for number, known in enumerate(book.known()):
            found = verdicts(known, destinations, since_ms, all_read=all_read)
            for at, verdict in enumerate(found):
                self.accounts[at].add(known.order, verdict)
                if verdict.state != "delivered" and self._named[at] < EXAMPLES:
                    self._name(at, known.order, verdict)
            if result is not None:
                result.write(known.order, found)
            if number % BATCH == 0:
                self._watch("Comparing", number, self._count)

    def _name(self, at: int, order: ShopOrder, verdict: Verdict) -> None:
        self._named[at] += 1
        example = Example(
            order_id=order.order_id,
            destination=self.facts.destinations[at],
            state=verdict.state,
            reason=verdict.reason,
        )
        self.examples.append(example)


def _result(
    question: Question, orders: OrderFile, book: OrderBook, tally: _Tally
) -> Reconciliation:
    facts, faults = tally.facts, orders.faults
    since_ms = facts.kept_since_ms
    statements = [
        _worded(
            account.statement(name, paused=facts.pauses.get(name), test=name in question.in_test),
            since_ms,
        )
        for name, account in zip(facts.destinations, tally.accounts, strict=True)
    ]
    return Reconciliation(
        journal=str(question.journal),
        complete=bool(statements and book.count)
        and not faults.count
        and all(s.complete for s in statements),
        orders=book.count,
        repeated=book.repeated,
        unreadable=faults.count,
        faults=faults.listed,
        columns=orders.columns,
        events_unreadable=facts.unreadable,
        kept_since=rfc3339(None if since_ms is None else since_ms // 1000),
        destinations=statements,
        examples=tally.examples,
    )


def _worded(statement: Statement, since_ms: int | None) -> Statement:
    return msgspec.structs.replace(statement, sentence=sentence(statement, since_ms))
