"""What a worker process is told of the configuration."""

import random

import msgspec

from relay.app.parts import Parts
from relay.app.worker_pool import pool_of
from relay.config import parse
from relay.workers.pool import Plan
from tests.given.event.builders import NOW_S
from tests.unit.workers.test_link_and_session import Main

CONFIG = """\
[admin]
password = "file:/canary/password"
[sources.shopify.lamp]
domain = "lamp.myshopify.com"
secret = "env:SHOP"
[sources.shopify.shade]
domain = "shade.myshopify.com"
secret = "env:NOT_SET"
[sources.shopify.cord]
domain = "cord.myshopify.com"
secret = "file:/run/secrets/cord"
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
PYTHONS = {"PATH": "/usr/bin", "TZ": "Europe/Berlin", "PYTHONPATH": "/srv", "LC_ALL": "C.UTF-8"}


def plan_of(environ: dict[str, str]) -> Plan:
    parts = Parts(parse(CONFIG, {}, origin="test"), environ, lambda: NOW_S, random.Random(1))
    return pool_of(parts, Main().services, 2, b"")._plan


def test_a_worker_inherits_what_python_needs_and_nothing_else() -> None:
    others = {"HTTPS_PROXY": "http://me:canary@proxy", "RELAY_API_KEY": "rk_canary"}
    assert plan_of({**PYTHONS, **others, **ENVIRON}).environ == PYTHONS


def test_a_worker_hears_of_no_platforms_token_and_no_password() -> None:
    plan = plan_of(ENVIRON)
    setup = plan.setup(0, [], 3)
    assert setup.environ == {"SHOP": "shop-secret"}
    told = msgspec.json.encode([setup, plan.environ])
    assert b"canary" not in told
    assert b"TOKEN" not in told
