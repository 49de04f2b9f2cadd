"""Whoever tells figures tells the same ones at rest, to the unit and to the cent."""

from collections.abc import Iterator

import pytest

from tests.acceptance.process import Relay
from tests.ui import sales, told
from tests.ui.browser import Browser
from tests.ui.sales import PINTEREST, TIKTOK, TOLD, Figures


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with sales.a_day(tmp_path_factory.mktemp("sales")) as at_rest:
        yield at_rest


def among(figures: Figures, *parts: str) -> Figures:
    """Return those of the figures whose second word is one of these, or that have none."""
    return {key: value for key, value in figures.items() if key.split()[:2][-1] in parts}


FUNNEL = {
    key: value for key, value in TOLD.items() if key.split()[-1] in told.COUNTS or key == "rejected"
}
MONEY = {key: value for key, value in TOLD.items() if " value " in key or " risk " in key}


@pytest.mark.parametrize("path", ["summary?range=1h", "summary?range=30d", "destinations"])
def test_the_api_tells_them(relay: Relay, path: str) -> None:
    """The funnels since the beginning stand without the sums of the whole relay."""
    expected = {**FUNNEL, **MONEY}
    if path == "destinations":
        expected = {key: value for key, value in expected.items() if " " in key}

    assert told.of_api(relay.admin, path) == expected


def test_the_lists_of_the_api_are_as_long(relay: Relay) -> None:
    expected = {key: value for key, value in TOLD.items() if key.startswith("rejected")}
    dead = {key: value for key, value in TOLD.items() if key.endswith(" dead")}

    assert told.of_lists(relay.admin) == expected | dead


def test_the_metrics_tell_all_of_them_but_what_is_at_risk(relay: Relay) -> None:
    expected = {key: value for key, value in TOLD.items() if " at risk " not in key}

    assert told.of_metrics(relay.admin) == expected


def test_relay_status_tells_them(relay: Relay) -> None:
    at_risk = {key: value for key, value in MONEY.items() if " risk " in key}

    assert told.of_status(relay.folder) == FUNNEL | at_risk
    assert told.of_status_as_json(relay.folder) == FUNNEL | MONEY


def test_the_overview_tells_them(relay: Relay, screen: Browser) -> None:
    assert told.of_overview(screen, relay.admin) == FUNNEL | MONEY


def test_the_screens_of_the_destinations_tell_them(relay: Relay, screen: Browser) -> None:
    kinds = {key: value for key, value in TOLD.items() if " delivered " in key}
    funnels = {key: value for key, value in FUNNEL.items() if " " in key}

    assert told.of_destinations(screen, relay.admin) == funnels | kinds


def test_the_screen_on_call_tells_them_by_reason(relay: Relay, screen: Browser) -> None:
    kinds = ("ended", "skipped", "pending", "replayed", "delivered", "received")
    expected = {
        key: value
        for key, value in among(TOLD, *kinds).items()
        if key.startswith((PINTEREST, TIKTOK))
        and " delivered " not in key
        and not key.endswith(" skipped")
    }

    assert told.of_on_call(screen, relay.admin) == expected


def test_what_was_not_delivered_is_as_many(relay: Relay, screen: Browser) -> None:
    dead = {key: value for key, value in TOLD.items() if key.endswith(" dead")}

    assert told.of_groups(screen, relay.admin) == dead
