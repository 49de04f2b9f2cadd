"""What a worker process is told of the configuration."""

import random

import msgspec

from relay.app.parts import Parts
from relay.app.worker_pool import pool_of
from relay.config import parse
from tests.given.event.builders import NOW_S
from tests.unit.workers.test_link_and_session import Main

CONFIG = """\
[admin]
password = "file:/canary/password"
[sources.shopify.lamp]
domain = "lamp.myshopify.com"
secret = "env:SHOP"
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
token = "file:/canary/token"
[destinations.t]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TOKEN"
"""
ENVIRON = {"SHOP": "shop-secret", "TOKEN": "canary-token"}


def test_a_worker_hears_of_no_platforms_token_and_no_password() -> None:
    parts = Parts(parse(CONFIG, {}, origin="test"), ENVIRON, lambda: NOW_S, random.Random(1))
    plan = pool_of(parts, Main().services, 2, b"")._plan
    setup = plan.setup(0, [], 3)
    assert setup.environ == {"SHOP": "shop-secret"}
    told = msgspec.json.encode([setup, plan.environ])
    assert b"canary" not in told
    assert b"TOKEN" not in told
