"""The rules that waiting and dead events are asked again; they are those of intake."""

from itertools import product

import msgspec
import pytest

from relay.conversion import Conversion
from relay.intake.route import Route, Router
from relay.intake.window import Window
from relay.outcome.rules import Rules
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, conversion

EVENTS = ("purchase", "page_view", "Wish Shared")
CONSENTS = (None, True, False)


def event_of(name: str, *, consent: bool | None) -> Conversion:
    return msgspec.structs.replace(conversion("a", name), advertising_consent=consent)


@pytest.mark.parametrize(
    ("rules", "name", "consent", "reason"),
    [
        (Rules(), "purchase", None, None),
        (Rules(), "purchase", False, "no_consent"),
        (Rules(consent_required=True), "purchase", None, "no_consent"),
        (Rules(consent_required=True), "purchase", True, None),
        (Rules(frozenset({"lead"})), "purchase", True, "not_selected"),
        (Rules(frozenset({"purchase"})), "purchase", None, None),
        (Rules(frozenset({"lead"})), "Wish Shared", None, None),
    ],
)
def test_what_the_settings_keep_back(
    *, rules: Rules, name: str, consent: bool | None, reason: str | None
) -> None:
    assert rules.bars(event_of(name, consent=consent)) == reason


def test_intake_decides_alike() -> None:
    for name, consent, events, required in product(
        EVENTS, CONSENTS, ((), ("purchase",), ("lead",)), (False, True)
    ):
        event, allowed = event_of(name, consent=consent), frozenset(events)
        route = Route(StubDestination("p"), allowed, required)
        passed = Router([route], Window(10)).prepare(event, None, NOW_S).passed.get("p")
        assert (passed and passed.reason) == Rules(allowed, required).bars(event)
