"""What the wiring hands on of the settings."""

import random

from relay.app.front import routes_of
from relay.app.parts import Parts
from relay.config import parse
from relay.rules import Rules
from tests.given.event.builders import NOW_S

CONFIG = """\
[destinations.strict]
type = "pinterest"
ad_account_id = "549755885175"
events = ["purchase"]
consent_required = true
[destinations.open]
type = "pinterest"
ad_account_id = "549755885176"
"""


def test_what_the_settings_keep_from_a_destination_is_kept_from_it_alone() -> None:
    config = parse(CONFIG, {}, origin="test")
    parts = Parts(config, {}, lambda: NOW_S, random.Random(1))
    assert {route.destination.name: route.rules for route in routes_of(parts)} == {
        "strict": Rules(frozenset({"purchase"}), consent_required=True),
        "open": Rules(),
    }
