"""Links to graphs and to the runbook: only where the settings say that there are any."""

import pytest

from relay.admin.pages.link import Links

GRAFANA, RUNBOOK = "https://grafana.shop.example", "https://wiki.shop.example/relay"


@pytest.mark.parametrize("base", [GRAFANA, f"{GRAFANA}/"])
def test_a_panel_is_shown_for_one_destination(base: str) -> None:
    links = Links(grafana=base)

    assert links.panel("Waiting", "a-b") == (
        f"{GRAFANA}/d/conversion-relay?viewPanel=8&var-destination=a-b"
    )
    assert links.panel("Waiting") == f"{GRAFANA}/d/conversion-relay?viewPanel=8"


def test_a_section_is_an_anchor_of_the_runbook() -> None:
    links = Links(runbook=RUNBOOK)

    assert links.section("RelayJournalSlow") == f"{RUNBOOK}#relayjournalslow"
    assert links.section("") is None, "what is no alert has none"


def test_without_addresses_in_the_settings_there_are_no_links() -> None:
    assert Links().panel("Waiting") is None
    assert Links().section("RelayJournalSlow") is None
