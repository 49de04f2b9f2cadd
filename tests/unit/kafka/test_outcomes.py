"""Outcomes while the cluster or the journal does not go along: told, kept, and tried again."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import cast

from relay.errors import JournalUnavailable
from relay.journal.outbox import Backlog, End, OutcomeLog, Waiting
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.kafka.outcomes import TOPIC, OutcomePublisher
from relay.metrics import Metrics
from tests.given.kafka.cluster import ClientsOf, Cluster
from tests.simulation import virtual_time

WAITING = 7
AWAY = "no broker listens there; look at kafka.bootstrap_servers"


class Unreachable:
    """A cluster that lets nobody in."""

    async def probe(self) -> None:
        raise Fault("no broker listens there", "kafka.bootstrap_servers")


class Journal:
    """Has outcomes that wait; its first look fails, if it is told so."""

    def __init__(self, fails_once: type[Exception] | None = None) -> None:
        self._fails_once = fails_once

    async def outcomes(self, after: int, limit: int) -> Sequence[Waiting]:
        raise NotImplementedError

    async def outcomes_published(self, up_to: int) -> None:
        raise NotImplementedError

    async def outcome_backlog(self) -> Backlog:
        fails, self._fails_once = self._fails_once, None
        if fails is not None:
            raise fails("the disk fails")
        return Backlog(WAITING, 0)


def test_what_waits_is_told_while_the_cluster_is_away() -> None:
    view = _after(Journal())
    assert (view["state"], view["waiting"]) == ("unreachable", WAITING)
    assert view["message"] == AWAY


def test_nobody_is_told_that_outcomes_are_published_before_the_cluster_answers() -> None:
    """A broker that hangs at the start is silent for as long as a probe takes."""
    cluster, journal = Cluster(TOPIC), Full()
    publisher = _publisher(ClientsOf(cluster), journal)
    states = [publisher.view().state]

    async def run() -> None:
        running = asyncio.create_task(publisher.run())
        await asyncio.sleep(1)
        states.append(publisher.view().state)
        publisher.stop()
        await running

    virtual_time.run(run())
    assert states == ["connecting", "active"]


def test_a_mistake_of_its_own_ends_nothing() -> None:
    """It is told, and the next attempt goes as far as the cluster."""
    assert _after(Journal(ZeroDivisionError))["message"] == AWAY


class Full:
    """A journal that cannot forget for a while what is published."""

    def __init__(self, rows: int = 1) -> None:
        end = End("p", "delivered", None, "", "", 0)
        self.rows = [Waiting(at + 1, end, [(f"e{at}", "purchase", 0)]) for at in range(rows)]
        self.is_full = True
        self.counts: list[int] = []

    async def outcomes(self, after: int, limit: int) -> Sequence[Waiting]:
        return [row for row in self.rows if row.id > after][:limit]

    async def outcomes_published(self, up_to: int) -> None:
        if self.is_full:
            raise JournalUnavailable("the disk of the journal is full")
        self.rows = [row for row in self.rows if row.id > up_to]

    async def outcome_backlog(self) -> Backlog:
        self.counts.append(len(self.rows))
        return Backlog(len(self.rows), 0)


def test_what_is_published_is_forgotten_once_the_journal_can() -> None:
    """Though nothing else ends: it was published again after the next start."""
    cluster, journal = Cluster(TOPIC), Full()
    publisher = _publisher(ClientsOf(cluster), journal)

    async def run() -> None:
        running = asyncio.create_task(publisher.run())
        await asyncio.sleep(10)
        journal.is_full = False
        await asyncio.sleep(10)
        publisher.stop()
        await running

    virtual_time.run(run())
    assert (len(cluster.stored), journal.rows, publisher.view().waiting) == (1, [], 0)


def test_what_waits_is_counted_rarely_while_there_is_much_of_it() -> None:
    """After a long outage of the cluster, more came in than was published between two counts."""
    cluster, journal = Cluster(TOPIC), Full(400)
    journal.is_full = False
    publisher = _publisher(ClientsOf(cluster), journal)
    told: list[int] = []

    async def run() -> None:
        running = asyncio.create_task(publisher.run())
        while journal.rows:
            await asyncio.sleep(0.1)
            told.append(publisher.view().waiting)
        publisher.stop()
        await running

    virtual_time.run(run())
    assert len(cluster.stored) == 400
    assert len([left for left in journal.counts if left]) <= 5
    assert told == sorted(told, reverse=True)
    assert len(set(told)) > 50


async def test_a_journal_that_cannot_be_read_is_no_mistake_of_the_relay() -> None:
    publisher = _publisher(Unreachable(), Journal(JournalUnavailable))

    fault = await publisher._attempt()

    assert fault is not None
    assert fault.reason == "the outcomes that wait cannot be read: the disk fails"


def _publisher(clients: object, journal: object) -> OutcomePublisher:
    return OutcomePublisher(
        cast("Clients", clients), cast("OutcomeLog", journal), Metrics(), random.Random(0)
    )


def _after(journal: Journal, wait_s: float = 30.0) -> Mapping[str, object]:
    """Return the view after a while."""
    publisher = _publisher(Unreachable(), journal)

    async def run() -> None:
        running = asyncio.create_task(publisher.run())
        await asyncio.sleep(wait_s)
        assert not running.done()
        publisher.stop()
        await running

    virtual_time.run(run())
    view = publisher.view()
    return {name: getattr(view, name) for name in ("state", "waiting", "message")}
