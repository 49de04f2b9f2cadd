"""What people and monitoring see of the sender chain: the scrape, the funnels, the timelines."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import AiohttpTransport, Fault
from relay.intake import identifier_count
from relay.journal.letter import DeadFilter
from relay.outcome.exposition import Exposition
from relay.outcome.reports import Reports
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    Sending,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)

COUNTERS = {
    *("relay_events_received", "relay_events_rejected", "relay_events_accepted"),
    *("relay_events_delivered", "relay_events_skipped", "relay_events_dead"),
    *("relay_events_replayed", "relay_requests", "relay_retries", "relay_warnings"),
    *(
        "relay_identifier_present",
        "relay_identifier_unusable",
        "relay_value_delivered",
        "relay_http_answers",
    ),
    *("relay_calls_passed_over", "relay_kafka_tombstones", "process_cpu_seconds"),
    "relay_worker_restarts",
}
GAUGES = {
    *(
        "relay_events_pending",
        "relay_oldest_pending_seconds",
        "relay_outcomes_waiting",
        "relay_destination_paused",
    ),
    *("relay_expiry_seconds", "relay_destination_state", "relay_requests_in_flight"),
    *("relay_journal_bytes", "relay_journal_used_bytes", "relay_journal_max_bytes"),
    *("relay_journal_left_bytes", "relay_journal_unavailable"),
    *("relay_kafka_lag", "relay_kafka_reading", "relay_clock_seconds", "relay_build_info"),
    "relay_workers",
    *("process_virtual_memory_bytes", "process_resident_memory_bytes", "process_open_fds"),
    *("process_max_fds", "process_start_time_seconds"),
}
HISTOGRAMS = {
    *("relay_delivery_seconds", "relay_request_seconds", "relay_batch_events"),
    *("relay_journal_append_seconds", "relay_ingest_seconds"),
}
LABELS = {
    *("destination", "event", "reason", "source", "code", "outcome", "identifier"),
    *("currency", "topic", "partition", "le", "state", "status", "client", "kind", "group_id"),
    "version",
}

Sums = Mapping[str, Mapping[str, float]]


def reports_of(relay: Sending) -> Reports:
    return Reports(
        relay.journal,
        relay.destinations,
        relay.dispatcher.health,
        relay.clock,
        warnings=relay.metrics.warnings.counts,
        refusing=relay.journal.unavailable,
    )


async def scrape(relay: Sending) -> dict[str, Metric]:
    """Return the families of one scrape, read as Prometheus reads them."""
    exposition = Exposition(relay.journal, reports_of(relay), relay.metrics, ["http"], relay.clock)
    text = (await exposition.render()).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert text.count("# TYPE") == len(families)
    return families


def by_destination(families: Mapping[str, Metric]) -> Sums:
    """Return the sum of each family of event counts per destination."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, family in families.items():
        for sample in family.samples:
            if name.startswith("relay_events_") and "destination" in sample.labels:
                sums[sample.labels["destination"]][name.removeprefix("relay_events_")] += (
                    sample.value
                )
    return sums


def assert_sums_hold(sums: Sums) -> None:
    for counts in sums.values():
        came = counts["accepted"] + counts["replayed"]
        assert came == (
            counts["skipped"] + counts["pending"] + counts["delivered"] + counts["dead"]
        )


async def test_a_scrape_has_exactly_the_names_and_bounded_labels(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        await relay.accept(*purchases(relay.clock, 5))
        await relay.settled()
        families = await scrape(relay)
    assert set(families) == COUNTERS | GAUGES | HISTOGRAMS
    for name, family in families.items():
        kinds = {"counter": COUNTERS, "gauge": GAUGES, "histogram": HISTOGRAMS}
        assert name in kinds[family.type]
        for sample in family.samples:
            assert set(sample.labels) <= LABELS
            assert not sample.name.endswith("_created")


async def test_a_configured_destination_is_at_zero_before_its_first_event(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        families = await scrape(relay)
    sums = by_destination(families)
    assert set(sums[PINTEREST].values()) == {0}
    assert {"accepted", "skipped", "pending", "delivered", "dead", "replayed"} <= set(
        sums[PINTEREST]
    )
    reasons = {sample.labels["reason"] for sample in families["relay_events_dead"].samples}
    assert "platform_rejected" in reasons


async def test_the_sums_of_a_scrape_hold_through_deaths_and_replays(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        script(sandbox, {"action": {"refuse": {"prefix": "poison"}}})
        await relay.accept(*purchases(relay.clock, 50), purchase(relay.clock, "poison-1"))
        await relay.accept(purchase(relay.clock, "view-1", "page_view"))
        assert_sums_hold(by_destination(await scrape(relay)))
        await relay.settled()
        before = by_destination(await scrape(relay))
        assert_sums_hold(before)
        assert (before[PINTEREST]["delivered"], before[PINTEREST]["dead"]) == (51, 1)
        assert (before[TIKTOK]["delivered"], before[TIKTOK]["skipped"]) == (50, 1)
        script(sandbox)
        letters = relay.letters
        done = await letters.replay(DeadFilter(destination=PINTEREST), dry_run=False)
        assert done.replayed == 1
        await relay.settled()
        after = by_destination(await scrape(relay))
        assert_sums_hold(after)
        assert (after[PINTEREST]["delivered"], after[PINTEREST]["replayed"]) == (52, 1)
        assert after[PINTEREST]["dead"] == 1
        view = await reports_of(relay).destination(PINTEREST)
        assert (view.delivered, view.dead, view.pending) == (52, 0, 0)


async def test_the_sums_hold_for_a_destination_that_is_not_configured_any_more(
    tmp_path: Path,
) -> None:
    """What waits for it goes on waiting, so a scrape goes on telling it."""
    async with Sandbox() as sandbox:
        async with sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await relay.accept(*purchases(relay.clock, 3))
        async with sending(tmp_path, tiktok(sandbox.url)) as relay:
            sums = by_destination(await scrape(relay))
    assert_sums_hold(sums)
    assert (sums[PINTEREST]["accepted"], sums[PINTEREST]["pending"]) == (3, 3)


class Held(AiohttpTransport):
    """A network whose requests wait until they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        await self.open.wait()
        return await super().send(request, timeout_s)


async def test_requests_under_way_and_of_the_last_minute_are_told(tmp_path: Path) -> None:
    held = Held()
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=1)
        async with sending(tmp_path, target, transport=held) as relay:
            await relay.accept(*purchases(relay.clock, 3))
            await relay.turn()
            health = relay.dispatcher.health()[PINTEREST]
            [under_way] = (await scrape(relay))["relay_requests_in_flight"].samples
            held.open.set()
            await relay.settled()
            then = relay.dispatcher.health()[PINTEREST]
            relay.skip(61)
            later = relay.dispatcher.health()[PINTEREST]
    assert 1 <= health.in_flight <= health.max_in_flight
    assert under_way.value == health.in_flight
    assert (health.latest_requests, then.latest_requests, later.latest_requests) == (0, 3, 0)
    assert then.in_flight == 0


async def test_a_pause_shows_in_the_scrape_and_in_the_report(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        await relay.dispatcher.pause(PINTEREST)
        await relay.accept(*purchases(relay.clock, 3))
        relay.skip(120)
        families = await scrape(relay)
        [paused] = families["relay_destination_paused"].samples
        [oldest] = families["relay_oldest_pending_seconds"].samples
        [expiry] = families["relay_expiry_seconds"].samples
        assert paused.value == 1
        assert 120 <= oldest.value < 180
        assert 6 * 86_400 < expiry.value <= 7 * 86_400 - 120
        states = {
            sample.labels["state"]: sample.value
            for sample in families["relay_destination_state"].samples
        }
        assert states == {"paused": 1, "degraded": 0, "throttled": 0, "active": 0}
        view = await reports_of(relay).destination(PINTEREST)
        assert (view.state, view.reason, view.pending) == ("paused", "paused_by_operator", 3)
        assert view.message
        assert view.since is not None


async def test_the_room_of_the_journal_and_the_clock_are_told(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        families = await scrape(relay)
        now_s = relay.clock()
    values = {
        name: family.samples[0].value
        for name, family in families.items()
        if name in GAUGES and family.samples
    }
    journal = {name: values[f"relay_journal_{name}"] for name in ("used_bytes", "left_bytes")}
    assert 0 < journal["used_bytes"] <= values["relay_journal_bytes"]
    assert 0 < sum(journal.values()) <= values["relay_journal_max_bytes"]
    assert values["relay_journal_unavailable"] == 0
    assert abs(values["relay_clock_seconds"] - now_s) < 60
    assert "relay_expiry_seconds" not in values  # nothing waits


async def test_retries_and_warnings_are_counted(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-500"}})
        await relay.accept(*purchases(relay.clock, 3))
        await relay.settled()
        families = await scrape(relay)
    [retries] = families["relay_retries"].samples
    assert retries.value == 3
    assert sum(sample.value for sample in families["relay_warnings"].samples) == 3


async def test_identifiers_are_counted_where_events_are_stored(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        for each in relay.destinations:
            relay.metrics.identifiers.expect(each.name, each.identifier_keys)
        entries = [relay.entry(event) for event in purchases(relay.clock, 4)]
        identifier_count.count(relay.metrics, entries, ())
        families = await scrape(relay)
    present = {
        sample.labels["identifier"]: sample.value
        for sample in families["relay_identifier_present"].samples
    }
    assert (present["email"], present["phone"]) == (4, 0)


async def test_the_summary_of_a_range_adds_up(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        sending(tmp_path, pinterest(sandbox.url), tiktok(sandbox.url)) as relay,
    ):
        script(sandbox, {"action": {"refuse": {"prefix": "poison"}}})
        await relay.accept(*purchases(relay.clock, 10), purchase(relay.clock, "poison-1"))
        await relay.settled()
        summary = await reports_of(relay).summary("1h")
    assert (summary.range, summary.received, summary.rejected) == ("1h", 11, 0)
    for view in summary.destinations:
        assert view.received == view.skipped + view.pending + view.delivered + view.dead
        assert (view.delivered, view.dead, view.oldest_pending_seconds) == (10, 1, 0)


async def test_the_timeline_of_an_event_tells_each_attempt(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-500"}})
        await relay.accept(purchase(relay.clock, "order-7"))
        await relay.settled()
        found = await reports_of(relay).events(order_id="order-7")
        assert found is not None
        [event] = found.events
        [delivery] = event.deliveries
        assert (delivery.state, delivery.platform_event) == ("delivered", "checkout")
        assert [each.outcome for each in delivery.attempts] == ["transient", "ok"]
        assert [each.http_status for each in delivery.attempts] == [500, 200]
        for attempt, request in zip(delivery.attempts, requests(sandbox), strict=True):
            at_s = datetime.fromisoformat(attempt.at).timestamp()
            assert abs(at_s - request.received_at) < 60
            assert attempt.duration_ms < 60_000
        assert await reports_of(relay).events(event_id="nobody") is None


async def test_dead_letters_are_listed_with_words_and_can_be_put_away(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"action": {"refuse": {"prefix": "poison"}}})
        await relay.accept(purchase(relay.clock, "poison-1"), purchase(relay.clock, "poison-2"))
        await relay.settled()
        listed = await reports_of(relay).dead_letters(DeadFilter(), limit=1, cursor=None)
        assert (listed.total, len(listed.dead_letters)) == (2, 1)
        assert listed.dead_letters[0].message
        letters = relay.letters
        everything = DeadFilter(destination=PINTEREST)
        assert await letters.drop(everything, note="tested", dry_run=True) == 2
        assert await letters.drop(everything, note="tested", dry_run=False) == 2
        dropped = await reports_of(relay).dead_letters(
            DeadFilter(reason="dropped_by_operator"), limit=10, cursor=None
        )
        assert dropped.total == 2
        assert_sums_hold(by_destination(await scrape(relay)))


async def test_a_replay_of_what_is_too_old_by_now_sends_nothing(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        script(sandbox, {"action": {"refuse": {"prefix": "poison"}}})
        await relay.accept(purchase(relay.clock, "poison-1"))
        await relay.settled()
        relay.clock.skip(8 * 86_400)
        letters = relay.letters
        done = await letters.replay(DeadFilter(destination=PINTEREST), dry_run=True)
        assert (done.matched, done.replayed, done.expired) == (1, 0, 1)
