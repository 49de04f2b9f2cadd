"""The record of a request: on disk first, then in the figures, then in one line."""

import asyncio
from typing import cast

import pytest

from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.settlement import Dead, Receipt, Settlement
from relay.metrics import Metrics
from relay.outcome.recorder import REPEAT_S, Recorder
from tests.given.event.builders import NOW_S, pending
from tests.simulation import virtual_time

LABELS = {"destination": "shop"}
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=300, outcome="partial", http_status=200)


class Settlements:
    """The part of a journal that settles; it fails as often as a test says."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.settled: list[Settlement] = []

    async def settle(self, destination: str, settlement: Settlement) -> None:
        if self.failures:
            self.failures -= 1
            raise JournalUnavailable("the disk is full")
        self.settled.append(settlement)


def recorder(journal: Settlements, metrics: Metrics) -> Recorder:
    return Recorder("shop", cast("Journal", journal), metrics, lambda: NOW_S + 2.0, repeat_s=0)


async def test_a_request_is_counted_by_how_it_ended() -> None:
    metrics = Metrics()
    delivered, refused = [pending(0), pending(1)], pending(2)
    settlement = Settlement(
        receipt=RECEIPT, delivered=delivered, dead=[Dead(refused, "platform_rejected")]
    )
    await recorder(Settlements(), metrics).record(settlement, ["a", "a", "b"], retries=2)
    value = metrics.registry.get_sample_value
    assert value("relay_requests_total", {**LABELS, "outcome": "partial"}) == 1
    assert value("relay_request_seconds_sum", LABELS) == 0.3
    assert value("relay_batch_events_sum", LABELS) == 3
    assert value("relay_delivery_seconds_sum", LABELS) == 4
    assert value("relay_retries_total", LABELS) == 2
    assert value("relay_warnings_total", {**LABELS, "code": "a"}) == 2
    assert value("relay_warnings_total", {**LABELS, "code": "may_count_twice"}) == 0


async def test_it_is_repeated_until_it_is_on_disk_and_counted_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    metrics, journal = Metrics(), Settlements(failures=5)
    await recorder(journal, metrics).record(Settlement(receipt=RECEIPT, delivered=[pending(0)]))
    assert len(journal.settled) == 1
    assert metrics.registry.get_sample_value("relay_delivery_seconds_count", LABELS) == 1
    assert [record.message for record in caplog.records] == [
        "an outcome cannot be recorded yet",
        "the outcome is recorded",
        "request answered",
    ]


def test_some_time_passes_between_two_attempts_to_record() -> None:
    """Without it the loop would have no turn for anything else while the storage fails."""

    async def recorded_s() -> float:
        journal = cast("Journal", Settlements(failures=5))
        await Recorder("shop", journal, Metrics(), lambda: NOW_S).record(Settlement())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(recorded_s()) == 5 * REPEAT_S


async def test_what_ends_unsent_is_no_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    metrics = Metrics()
    expired = [Dead(pending(at), "expired") for at in range(100)]
    await recorder(Settlements(), metrics).record(Settlement(dead=expired))
    assert metrics.registry.get_sample_value("relay_batch_events_count", LABELS) == 0
    [record] = caplog.records
    assert record.__dict__["fields"] == {
        "destination": "shop",
        "reason": "expired",
        "events": 100,
    }


async def test_a_thousand_events_make_one_line_without_an_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    events = [pending(at) for at in range(1_000)]
    await recorder(Settlements(), Metrics()).record(Settlement(receipt=RECEIPT, delivered=events))
    [record] = caplog.records
    assert "id-" not in str(record.__dict__["fields"])
