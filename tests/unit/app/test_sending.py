"""Who shares a pace: what a platform counts together."""

from relay.app.sending import paces_of
from relay.config import parse
from relay.destinations import build
from relay.dispatch.steady import SteadyClock

CONFIG = """\
[destinations.a]
type = "pinterest"
ad_account_id = "549755885175"
[destinations.b]
type = "pinterest"
ad_account_id = "549755885175"
rate = 5
[destinations.c]
type = "pinterest"
ad_account_id = "549755885176"
rate = 7
"""


def test_destinations_of_one_account_share_the_pace_of_the_slowest() -> None:
    config = parse(CONFIG, {}, origin="test")
    destinations = [build(name, each) for name, each in config.destinations.items()]
    paces = paces_of(destinations, SteadyClock(lambda: 0.0))
    assert paces["a"] is paces["b"]
    assert paces["a"] is not paces["c"]
    assert (paces["a"].per_s, paces["c"].per_s) == (5, 7)
