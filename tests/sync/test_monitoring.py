"""Metrics, rules, dashboard and runbook name the same things, and name no other."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import click
import pytest

from deploy.grafana.dashboard import WIDE, dashboard
from relay.admin.pages.link import DASHBOARD as DASHBOARD_PATH
from relay.admin.pages.link import PANELS, SECTIONS
from relay.cli import cli
from relay.outcome.watch.watch import FILLING
from tests.sync.prometheus import (
    DEPLOY,
    RULES,
    RUNBOOK,
    metrics_in,
    recorded_in,
    rules,
    told_metrics,
)

DASHBOARD = DEPLOY / "grafana" / "dashboards" / "relay.json"
ADMIN_DOCUMENT = DEPLOY.parent / "schemas" / "openapi.admin.json"
ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


def name_of(alert: Mapping[str, Any]) -> str:
    return str(alert["alert"])


def panels() -> Sequence[Mapping[str, Any]]:
    return [each for each in dashboard()["panels"] if each["type"] != "row"]


def expressions() -> Iterator[str]:
    """Yield all that Prometheus is asked by rules and by the dashboard."""
    yield from (rule["expr"] for rule in rules())
    for variable in dashboard()["templating"]["list"][1:]:
        yield variable["query"]["query"]
    for panel in panels():
        yield from (each["expr"] for each in panel["targets"])


def sections(heading: str) -> Sequence[str]:
    """Return the names of the sections of the runbook below a heading."""
    part = RUNBOOK.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^### (.+)$", part, re.MULTILINE)


@pytest.mark.parametrize("alert", ALERTS, ids=name_of)
def test_an_alert_says_how_urgent_it_is_what_it_means_and_where_to_read_on(
    alert: Mapping[str, Any],
) -> None:
    name, told = name_of(alert), alert["annotations"]

    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(told) == {"summary", "description", "runbook_url"}
    assert told["runbook_url"] == f"deploy/RUNBOOK.md#{name.lower()}"


def test_the_runbook_has_a_section_for_every_alert_and_for_no_other() -> None:
    assert sections("Alerts") == [name_of(each) for each in ALERTS]


@pytest.mark.parametrize("alert", ALERTS, ids=name_of)
def test_a_section_has_the_meaning_a_first_look_the_fix_and_who(alert: Mapping[str, Any]) -> None:
    section = RUNBOOK.partition(f"\n### {name_of(alert)}\n")[2].partition("\n#")[0]
    found = re.findall(r"^\*\*(.+?)\*\* ", section, re.MULTILINE)

    assert found == ["Meaning.", "First look.", "Fix.", "Who."]


def test_what_is_recorded_is_used_and_what_is_used_is_recorded() -> None:
    used = {name for expr in expressions() for name in recorded_in(expr)}

    assert used == RECORDED


def test_every_metric_that_is_asked_for_is_told_in_the_runbook() -> None:
    """And that table is held to what a running relay exposes, in `test_prometheus.py`."""
    asked = {name for expr in expressions() for name in metrics_in(expr)}

    assert asked <= set(told_metrics())


def test_the_commands_and_addresses_that_the_runbook_names_exist() -> None:
    commands = set(re.findall(r"`relay ([a-z]+)|^relay ([a-z]+)", RUNBOOK, re.MULTILINE))
    paths = set(re.findall(r"/api/v1/[a-z-]+", RUNBOOK))

    assert {one or other for one, other in commands} <= set(cli.list_commands(click.Context(cli)))
    assert paths
    assert paths <= set(json.loads(ADMIN_DOCUMENT.read_text())["paths"])


def test_an_alert_and_the_webhook_call_the_same_journal_full() -> None:
    [alert] = [each for each in ALERTS if name_of(each) == "RelayJournalFilling"]

    assert alert["expr"].endswith(f"> {FILLING}")


def test_the_dashboard_is_as_the_program_writes_it() -> None:
    """`python -m deploy.grafana.dashboard > deploy/grafana/dashboards/relay.json`."""
    assert json.loads(DASHBOARD.read_text()) == dashboard()


def test_the_dashboard_leads_from_the_general_to_the_specific() -> None:
    rows = [each["title"] for each in dashboard()["panels"] if each["type"] == "row"]

    assert rows == ["Are the sales arriving?", "$destination", "Journal and sources", "Process"]


def test_the_screen_on_call_links_to_panels_and_sections_that_exist() -> None:
    numbers = {each["title"]: each["id"] for each in panels()}

    assert dashboard()["uid"] == DASHBOARD_PATH.removeprefix("/d/")
    assert {title: numbers[title] for title in PANELS} == PANELS
    assert set(sections("Alerts")) >= SECTIONS


def test_panels_have_ids_and_places_of_their_own() -> None:
    shown = dashboard()["panels"]

    assert len({each["id"] for each in shown}) == len(shown)
    assert len({each["title"] for each in panels()}) >= len(panels()) - 1
    for one, other in combinations((each["gridPos"] for each in shown), 2):
        assert not overlap(one, other)
    for each in shown:
        assert each["gridPos"]["x"] + each["gridPos"]["w"] <= WIDE


def overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )


def test_every_panel_says_what_it_shows_in_which_unit_for_the_chosen_relay() -> None:
    for panel in panels():
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            assert "$instance" in target["expr"]


def test_the_example_looks_for_the_relay_by_the_name_that_the_rules_know() -> None:
    assert "job_name: relay\n" in (RULES / "prometheus.yml").read_text()
