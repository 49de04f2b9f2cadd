"""What `deploy/GUIDE.md` tells shops to run: each example, as it stands, against a real relay.

The first request of each is refused with 503, so that each has to try again. Where a program is not
installed the test is skipped, which CI does not allow.
"""

import base64
import hmac
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.request import Request, urlopen

import pytest

from tests.given.command.process import Running, Shop, fetch
from tests.given.event.shopify_payload import ORDER
from tests.given.port.unreliable import unreliable

EXAMPLES: Final = Path(__file__).parents[2] / "deploy" / "examples"
COMMANDS: Final = {
    "purchase.py": [sys.executable],
    "purchase.mjs": ["node"],
    "purchase.php": ["php"],
    "purchase.sh": ["sh"],
    "segment_purchase.py": [sys.executable],
    "rudderstack_purchase.py": [sys.executable],
}
FIRST_LINE: Final = "accepted 1, rejected 0\n"
CURL_REFUSED: Final = "curl: (22) The requested URL returned error: 503\n"
"""What curl says of the first answer, though it then tries again."""
SHOP_SECRET: Final = "canary-secret-of-the-shop"
BROWSER: Final = """
const calls = [];
globalThis.pintrk = (...call) => calls.push(['pinterest', ...call]);
globalThis.ttq = { track: (...call) => calls.push(['tiktok', ...call]) };
globalThis.location = { search: '?epik=e1&ttclid=E.C.P.abc123' };
globalThis.document = { cookie: '_epik=dj0yJnU9abc; _ttp=2Yg0vXv6bX3' };
globalThis.fetch = (address, request) => calls.push(['fetch', address, JSON.parse(request.body)]);
globalThis.analytics = { subscribe: (name, tell) => tell(CHECKOUT) };
const CHECKOUT = { data: { checkout: {
  order: { id: 'gid://shopify/Order/820982911946154508' },
  subtotalPrice: { amount: 72.39, currencyCode: 'EUR' },
  lineItems: [{ quantity: 3, variant: { product: { id: 632910392 } } }],
} } };
const order = { id: '1001', value: 72.39, currency: 'EUR',
  items: [{ id: 'sku-1', price: 24.13, quantity: 3 }] };
"""
"""What a browser has, as far as the examples for it look."""


class Trial(NamedTuple):
    """A relay with both platforms emulated, and a key for it."""

    shop: Shop
    relay: Running
    emulator: str
    token: str

    def run(
        self, name: str, order_id: str, url: str, token: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run an example to its end."""
        command = [*COMMANDS[name], str(EXAMPLES / name), order_id]
        environ = {**os.environ, "RELAY_URL": url, "RELAY_API_KEY": token}
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    def arrived(self, event_id: str) -> dict[str, Any]:
        """Return what each platform got of an event, once each has got it."""
        address = f"{self.emulator}/sandbox/events?event_id={event_id}"

        def found() -> list[dict[str, Any]]:
            events: list[dict[str, Any]] = fetch(address)["events"]
            return events

        self.relay.wait_until(lambda: len(found()) >= 2)
        events = found()
        assert [each["verdict"] for each in events] == ["accepted", "accepted"]
        return {each["platform"]: each["payload"] for each in events}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Run one relay for all examples."""
    shop = Shop.of(tmp_path_factory.mktemp("shop"))
    token = json.loads(shop.run("keys", "create", "backend", "--json").out)["token"]
    with shop.serving("--sandbox") as relay:
        yield Trial(shop, relay, emulator_of(relay), token)


def emulator_of(relay: Running) -> str:
    """Return where the emulated platforms are, as the log tells it."""
    lines = [json.loads(line) for line in relay.err.splitlines() if line.startswith("{")]
    [address] = [line["listen"] for line in lines if "emulated" in line["message"]]
    return str(address)


def needed(program: str) -> None:
    """Skip the test where a program is not installed, which CI does not allow."""
    if shutil.which(program) is None:
        assert "CI" not in os.environ, f"{program} is not installed"
        pytest.skip(f"{program} is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_tries_again_and_arrives_once_with_all_that_tells_the_shopper(
    trial: Trial, name: str
) -> None:
    needed(COMMANDS[name][0])
    order_id = name.replace(".", "-")
    with unreliable(trial.shop.producers) as port:
        ended = trial.run(name, order_id, f"http://127.0.0.1:{port}", trial.token)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr in {"", CURL_REFUSED}
    payloads = trial.arrived(f"order-{order_id}")
    check_pinterest(payloads["pinterest"], order_id)
    check_tiktok(payloads["tiktok"], order_id)


def test_the_key_is_no_argument_of_curl_which_everybody_on_the_machine_can_see(
    tmp_path: Path,
) -> None:
    seen = tmp_path / "curl"
    seen.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.arguments"\ncat /dev/fd/3 -\n')
    seen.chmod(0o700)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RELAY_API_KEY": "canary-key"}
    command = ["sh", str(EXAMPLES / "purchase.sh")]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("Authorization: Bearer canary-key\n{")
    assert "canary-key" not in (tmp_path / "curl.arguments").read_text()


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def check_pinterest(event: dict[str, Any], order_id: str) -> None:
    user, money = event["user_data"], event["custom_data"]
    assert event["event_name"] == "checkout"
    assert user["em"] == [hashed("jane@example.com")]
    assert user["ph"] == [hashed("49301234567")]
    assert user["external_id"] == [hashed("customer-7")]
    assert user["client_ip_address"] == "203.0.113.7"
    assert user["client_user_agent"].startswith("Mozilla/5.0")
    assert user["click_id"] == "dj0yJnU9abc"
    assert (money["order_id"], money["value"], money["currency"]) == (order_id, "72.39", "EUR")
    assert (money["content_ids"], money["num_items"]) == (["sku-1"], 3)


def check_tiktok(event: dict[str, Any], order_id: str) -> None:
    user, money = event["user"], event["properties"]
    assert event["event"] == "Purchase"
    assert user["email"] == [hashed("jane@example.com")]
    assert user["phone"] == [hashed("+49301234567")]
    assert user["ip"] == "203.0.113.7"
    assert user["user_agent"].startswith("Mozilla/5.0")
    assert (user["ttclid"], user["ttp"]) == ("E.C.P.abc123", "2Yg0vXv6bX3")
    assert (money["order_id"], money["value"], money["currency"]) == (order_id, 72.39, "EUR")
    assert event["page"]["url"] == "https://shop.example/thanks"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("purchase.")])
def test_an_example_gives_up_at_once_on_what_only_a_person_can_mend(
    trial: Trial, name: str
) -> None:
    """A wrong key is told in one go; the key itself is not."""
    needed(COMMANDS[name][0])
    wrong = f"relay_0123456789_{'x' * 38}"
    url = f"http://127.0.0.1:{trial.shop.producers}"
    ended = trial.run(name, "never", url, wrong)
    told = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "unknown, revoked or expired" in told
    assert wrong not in told


@pytest.mark.slow
def test_an_order_that_is_reported_twice_is_sent_once(trial: Trial) -> None:
    url = f"http://127.0.0.1:{trial.shop.producers}"
    for _ in range(2):
        ended = trial.run("purchase.py", "twice", url, trial.token)
        assert ended.stdout == FIRST_LINE
    trial.arrived("order-twice")
    timeline = json.loads(trial.shop.run("event", "order-twice", "--json").out)
    reasons = [[each["reason"] for each in event["deliveries"]] for event in timeline["events"]]
    assert sorted(reasons, key=str) == [["duplicate", "duplicate"], [None, None]]


def browser(*names: str, then: str = "") -> list[Any]:
    """Return what examples for the browser hand to the platforms."""
    needed("node")
    scripts = [(EXAMPLES / name).read_text() for name in names]
    text = "\n".join([BROWSER, *scripts, then, "console.log(JSON.stringify(calls));"])
    done = subprocess.run(["node", "-"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    calls: list[Any] = json.loads(done.stdout)
    return calls


def test_both_pixels_send_the_names_and_the_id_that_the_backend_sends() -> None:
    pinterest, tiktok = browser("pixels.js", then="reportPurchase(order);")
    assert pinterest[:3] == ["pinterest", "track", "checkout"]
    assert pinterest[3]["event_id"] == "order-1001"
    assert (pinterest[3]["value"], pinterest[3]["order_quantity"]) == (72.39, 3)
    assert tiktok[:2] == ["tiktok", "Purchase"]
    assert tiktok[3] == {"event_id": "order-1001"}
    assert tiktok[2]["contents"] == [{"content_id": "sku-1", "price": 24.13, "quantity": 3}]


KEEP: Final = "keepClickId(); calls.push(document.cookie);"


def test_the_landing_page_keeps_tiktoks_click_id() -> None:
    [cookie] = browser("pixels.js", then=KEEP)
    assert cookie.startswith("ttclid=E.C.P.abc123; max-age=2419200; path=/;")


@pytest.mark.parametrize("search", ["", "?ttclid=", "?ttclid=a%3B%20domain=evil.example"])
def test_it_keeps_nothing_else(search: str) -> None:
    [cookie] = browser("pixels.js", then=f"location.search = {search!r}; {KEEP}")
    assert cookie == "_epik=dj0yJnU9abc; _ttp=2Yg0vXv6bX3"


def test_a_shopify_theme_hands_the_click_ids_to_the_order() -> None:
    [call] = browser("shopify_theme.js")
    noted = {"_epik": "dj0yJnU9abc", "_ttp": "2Yg0vXv6bX3", "ttclid": "E.C.P.abc123"}
    assert call == ["fetch", "/cart/update.js", {"attributes": noted}]


@pytest.mark.slow
def test_a_shopify_order_arrives_under_the_id_of_the_custom_pixel(tmp_path: Path) -> None:
    pinterest, tiktok = browser("shopify_pixel.js")
    [theme] = browser("shopify_theme.js")
    shop = Shop.of(tmp_path)
    config = [(EXAMPLES / "shopify.toml").read_text(), *map(destination, DESTINATIONS)]
    (tmp_path / "relay.toml").write_text("\n".join(config))
    with shop.serving("--sandbox", SHOPIFY_SECRET=SHOP_SECRET) as relay:
        trial = Trial(shop, relay, emulator_of(relay), "")
        post_webhook(shop, theme[2]["attributes"])
        payloads = trial.arrived(str(ORDER["id"]))
    assert pinterest[3]["event_id"] == tiktok[3]["event_id"] == payloads["tiktok"]["event_id"]
    assert payloads["pinterest"]["user_data"]["click_id"] == "dj0yJnU9abc"
    user = payloads["tiktok"]["user"]
    assert (user["ttclid"], user["ttp"]) == ("E.C.P.abc123", "2Yg0vXv6bX3")


DESTINATIONS: Final = {
    "pinterest": 'ad_account_id = "549755885175"',
    "tiktok": 'pixel_code = "C4K6A3Q2NE1S77JXXXXX"',
}


def destination(kind: str) -> str:
    return f'[destinations.{kind}-main]\ntype = "{kind}"\n{DESTINATIONS[kind]}'


def post_webhook(shop: Shop, attributes: dict[str, str]) -> None:
    """Post an order of this minute as Shopify does."""
    now = datetime.now(UTC).isoformat()
    notes = [{"name": name, "value": value} for name, value in attributes.items()]
    order = {**ORDER, "created_at": now, "processed_at": now, "note_attributes": notes}
    body = json.dumps(order).encode()
    signature = base64.b64encode(hmac.digest(SHOP_SECRET.encode(), body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Shop-Domain": "lamp-shop.myshopify.com",
        "X-Shopify-Hmac-Sha256": signature,
    }
    url = f"http://127.0.0.1:{shop.producers}/v1/webhooks/shopify"
    with urlopen(Request(url, body, headers), timeout=10) as answer:
        assert answer.status == 200
