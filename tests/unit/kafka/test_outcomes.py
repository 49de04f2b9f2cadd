"""Outcomes while the cluster or the journal does not go along: told, kept, and tried again."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import cast

from relay.journal.outcome import Backlog, OutcomeLog, Waiting
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.kafka.outcomes import OutcomePublisher
from relay.metrics import Metrics
from tests.simulation import virtual_time

WAITING = 7
AWAY = "no broker listens there; look at kafka.bootstrap_servers"


class Unreachable:
    """A cluster that lets nobody in."""

    async def probe(self) -> None:
        raise Fault("no broker listens there", "kafka.bootstrap_servers")


class Journal:
    """Has outcomes that wait; its first look fails, if it is told so."""

    def __init__(self, *, fails_once: bool = False) -> None:
        self._fails = fails_once

    async def outcomes(self, after: int, limit: int) -> Sequence[Waiting]:
        raise NotImplementedError

    async def outcomes_published(self, up_to: int) -> None:
        raise NotImplementedError

    async def outcome_backlog(self) -> Backlog:
        if self._fails:
            self._fails = False
            raise ZeroDivisionError
        return Backlog(WAITING, 0)


def test_what_waits_is_told_while_the_cluster_is_away() -> None:
    view = _after(Journal())
    assert (view["state"], view["waiting"]) == ("unreachable", WAITING)
    assert view["message"] == AWAY


def test_a_mistake_of_its_own_ends_nothing() -> None:
    """It is told, and the next attempt goes as far as the cluster."""
    assert _after(Journal(fails_once=True))["message"] == AWAY


def _after(journal: Journal, wait_s: float = 30.0) -> Mapping[str, object]:
    """Return the view after a while."""
    publisher = OutcomePublisher(
        cast("Clients", Unreachable()), cast("OutcomeLog", journal), Metrics(), random.Random(0)
    )

    async def run() -> None:
        running = asyncio.create_task(publisher.run())
        await asyncio.sleep(wait_s)
        assert not running.done()
        publisher.stop()
        await running

    virtual_time.run(run())
    view = publisher.view()
    return {name: getattr(view, name) for name in ("state", "waiting", "message")}
