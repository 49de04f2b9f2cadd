"""Shopify's webhooks on a real socket: signatures, repetitions, order of arrival."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.given.command.process import Shop
from tests.given.event.shopify_payload import CHECKOUT, CUSTOMER, DOMAIN, ORDER

SECRET = "shpss_canary_of_the_webhook_secret"
CONFIG = f"""
[sources.shopify.lamp-shop]
domain = "{DOMAIN}"
secret = "env:SHOPIFY_SECRET"
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TOKEN"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "relay.toml").write_text(CONFIG)
    return Shop.of(tmp_path)


def signed(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def post(
    shop: Shop,
    topic: str,
    payload: Any,
    *,
    signature: str | None = None,
    domain: str = DOMAIN,
) -> int:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-Hmac-Sha256": signed(body) if signature is None else signature,
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }
    url = f"http://127.0.0.1:{shop.producers}/v1/webhooks/shopify"
    try:
        with urlopen(Request(url, body, headers), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def figures(shop: Shop) -> dict[str, int]:
    url = f"http://127.0.0.1:{shop.admin}/api/v1/destinations"
    with urlopen(url, timeout=10) as answer:
        found = json.loads(answer.read())
    [destination] = found["destinations"]
    return {key: destination[key] for key in ("received", "skipped", "pending", "dead")}


def fresh(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload of this minute, since platforms take nothing old."""
    moment = datetime.now(UTC).isoformat()
    return {**payload, "created_at": moment, "processed_at": moment}


def test_each_topic_becomes_one_event_however_often_and_in_whatever_order(shop: Shop) -> None:
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN=""):
        for _ in range(2):  # Shopify repeats, and pays before it creates
            for topic, payload in (
                ("orders/paid", ORDER),
                ("orders/create", ORDER),
                ("customers/create", CUSTOMER),
                ("checkouts/create", CHECKOUT),
            ):
                assert post(shop, topic, fresh(payload)) == 200
        counted = figures(shop)
    assert counted == {"received": 8, "skipped": 5, "pending": 3, "dead": 0}


def test_what_is_not_signed_by_a_known_shop_is_401(shop: Shop) -> None:
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN=""):
        assert post(shop, "orders/paid", ORDER, signature="") == 401
        assert post(shop, "orders/paid", ORDER, signature="bm9uc2Vuc2U=") == 401
        assert post(shop, "orders/paid", ORDER, signature="\u00e9") == 401
        other = signed(json.dumps(ORDER).encode(), "another secret")
        assert post(shop, "orders/paid", ORDER, signature=other) == 401
        assert post(shop, "orders/paid", ORDER, domain="other.myshopify.com") == 401
        assert figures(shop)["received"] == 0


def test_what_is_signed_but_unusable_is_400_and_what_means_nothing_200(shop: Shop) -> None:
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN=""):
        assert post(shop, "orders/paid", b"{") == 400
        assert post(shop, "orders/paid", b"[]") == 400
        assert post(shop, "orders/paid", {"id": 1}) == 400
        assert post(shop, "products/create", {"id": 1}) == 200
        assert post(shop, "orders/paid", {**ORDER, "test": True}) == 200
        assert figures(shop)["received"] == 0
        with urlopen(f"http://127.0.0.1:{shop.admin}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        for kind in ("other", "orders/paid"):
            told = f'relay_calls_passed_over_total{{client="shopify",kind="{kind}"}} 1.0'
            assert told in metrics


def test_a_sale_to_nobody_known_is_listed_with_the_name_of_its_shop(shop: Shop) -> None:
    unsaid = ("customer", "email", "phone", "billing_address", "landing_site", "note_attributes")
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN=""):
        sale = fresh({**ORDER, **dict.fromkeys(unsaid), "source_name": "pos", "browser_ip": None})
        assert post(shop, "orders/paid", sale) == 400
        with urlopen(f"http://127.0.0.1:{shop.admin}/api/v1/rejections", timeout=10) as answer:
            [rejection] = json.loads(answer.read())["rejections"]
    assert rejection["event_id"] == str(ORDER["id"])
    assert (rejection["code"], rejection["key"]) == ("no_identifier", "lamp-shop")


def test_a_webhook_is_posted(shop: Shop) -> None:
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN=""):
        with pytest.raises(HTTPError) as caught:
            urlopen(f"http://127.0.0.1:{shop.producers}/v1/webhooks/shopify", timeout=10)
        with caught.value as answer:
            assert (answer.code, answer.headers["Allow"]) == (405, "POST")
            assert json.loads(answer.read())["errors"][0]["code"] == "method_not_allowed"


def test_the_secret_is_nowhere_on_disk_nor_in_the_log(shop: Shop) -> None:
    with shop.serving(SHOPIFY_SECRET=SECRET, TOKEN="") as relay:
        post(shop, "orders/paid", ORDER)
        post(shop, "orders/paid", ORDER, signature="wrong")
        log = relay.out + relay.err
    assert SECRET not in log
    for file in shop.folder.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes()
