"""A real Prometheus scrapes a real relay: every query has an answer, and alerts come and go.

Times are a sixtieth of those in `deploy/prometheus/`.
"""

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.grafana.dashboard import dashboard
from relay.sandbox.server import Sandbox
from tests.acceptance.process import Relay, fetch, purchase
from tests.sync.prometheus import Prometheus, program, shortened, told_metrics

OPTIONS = 'linger = "10ms"'
VARIABLES = {"$__rate_interval": "5s", "$instance": ".*", "$destination": ".*"}
SILENT = {
    "Until events are lost",
    "Kafka: messages not read yet",
    "Kafka: reading",
    "Passed over",
}
"""Panels without data while nothing waits, without Kafka, and without clients of other services."""
PLATFORMS = {"pinterest-main", "tiktok-main"}


async def post(relay: Relay, *event_ids: str) -> None:
    """Have a shop post purchases, and something that cannot be used."""
    body = [*(purchase(each) for each in event_ids), {"event": "purchase"}]
    async with aiohttp.request("POST", f"{relay.producers}/v1/events", json=body) as answer:
        assert answer.status == 202


def queries() -> Mapping[str, list[str]]:
    """Return what each panel asks, with everything chosen."""
    return {
        panel["title"]: [filled(each["expr"]) for each in panel["targets"]]
        for panel in dashboard()["panels"]
        if panel["type"] != "row"
    }


def filled(expr: str) -> str:
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return shortened(expr)


@pytest.mark.slow
async def test_every_query_of_rules_and_dashboard_has_an_answer(tmp_path: Path) -> None:
    async with (
        Sandbox() as sandbox,
        Relay(tmp_path, sandbox.url, OPTIONS) as relay,
        Prometheus(tmp_path, relay.admin) as prometheus,
    ):
        await post(relay, *(f"order-{number}" for number in range(20)))
        left = dict(queries())

        async def all_show_something() -> bool:
            for title, asked in list(left.items()):
                if all([await prometheus.ask(expr) for expr in asked]):
                    del left[title]
            return set(left) == SILENT

        with suppress(TimeoutError):
            await prometheus.until(all_show_something)
        assert set(left) == SILENT
        rules = await prometheus.rules()
        for each in rules:
            assert (each["health"], each.get("lastError")) == ("ok", None), each["name"]
            await prometheus.ask(each["query"])
        assert await prometheus.firing() == set()


def complaints(page: str) -> str:
    """Return what `promtool` does not like about a scrape."""
    lint = [program("promtool"), "check", "metrics"]
    done = subprocess.run(lint, input=page, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.slow
async def test_what_a_running_relay_exposes_is_what_the_runbook_tells(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, Relay(tmp_path, sandbox.url) as relay:
        page = (await fetch(f"{relay.admin}/metrics")).decode()

    assert complaints(page) == ""
    told = dict(told_metrics())
    for family in text_string_to_metric_families(page):
        labels = told.pop(f"{family.name}_total" if family.type == "counter" else family.name)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == labels, family.name
    assert told == {}


@pytest.mark.slow
async def test_a_lapsed_token_makes_both_alerts_fire_and_a_new_one_clears_them(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text("expired-token")
    environ = {
        f"RELAY_DESTINATIONS__{name}_MAIN__TOKEN": f"file:{token}"
        for name in ("PINTEREST", "TIKTOK")
    }
    expected = {
        (alert, name)
        for alert in ("RelayDestinationPaused", "RelayOldestWaitingTooOld")
        for name in PLATFORMS
    }
    async with (
        Sandbox() as sandbox,
        Relay(tmp_path, sandbox.url, OPTIONS, environ) as relay,
        Prometheus(tmp_path, relay.admin) as prometheus,
    ):
        await post(relay, "order-1", "order-2")

        async def both_fire() -> bool:
            return await prometheus.firing() == expected

        async def none_fires() -> bool:
            return not await prometheus.firing()

        await prometheus.until(both_fire)
        token.write_text("pina_new-token")
        await relay.until_nothing_waits()
        await prometheus.until(none_fires)
        funnels: Any = await relay.summary()
    assert {funnel["delivered"] for funnel in funnels.values()} == {2}
