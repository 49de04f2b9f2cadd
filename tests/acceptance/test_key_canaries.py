"""Keys of producers and secrets of shops leave no byte anywhere: not on disk, in logs or answers.

Shown in every way there is, right and wrong, with all that can be logged in the log.
"""

import base64
import hmac
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from relay.keys.token import new_token
from tests.acceptance.process import TOKENS, Relay, purchase
from tests.given.event.shopify_payload import ORDER

UNREACHABLE: Final = "http://127.0.0.1:9"
SHOP_SECRET: Final = "canary-secret-of-the-shop-0003"
SHOP: Final = """
[sources.shopify.lamp-shop]
domain = "lamp-shop.myshopify.com"
secret = "env:SHOP_SECRET"
"""
ENVIRON: Final = {"RELAY_SERVER__LOG_LEVEL": "debug", "SHOP_SECRET": SHOP_SECRET}
TOLD: Final = (
    *("/", "/metrics", "/api/v1/summary", "/api/v1/rejections", "/api/v1/keys", "/api/v1/doctor"),
    *("/api/v1/destinations", "/api/v1/events/order-1", "/refused", "/on-call"),
)


class Request:
    """What is posted, and how it is answered."""

    def __init__(self, status: int, path: str, headers: Mapping[str, str], body: object) -> None:
        self.status = status
        self.path = path
        self.headers = {"Content-Type": "application/json", **headers}
        self.body = json.dumps(body).encode()


@pytest.mark.parametrize("workers", [1, 3])
async def test_no_byte_of_a_key_or_a_secret_is_kept_or_told(tmp_path: Path, workers: int) -> None:
    relay = Relay(tmp_path, UNREACHABLE, environ=ENVIRON, workers=workers)
    with (tmp_path / "relay.toml").open("a") as config:
        config.write(SHOP)
    good, wrong = made(tmp_path), str(new_token())
    async with relay:
        told = b"".join([await posted(relay, each) for each in requests(good, wrong)])
        told += await read_all(relay)
        seen = b"".join(shown_of(each) for each in relay.worker_ids)
        await relay.end(signal.SIGTERM)
    kept = relay.text_on_disk()
    for canary in canaries(good, wrong):
        assert canary.encode() not in told, "in answers"
        assert canary.encode() not in kept, "on disk"
    assert b'"level":"debug"' in kept
    assert b'"key_create"' in kept
    for canary in (SHOP_SECRET, *TOKENS.values()):
        assert canary.encode() not in seen, "of a worker"


def shown_of(process_id: int) -> bytes:
    """Return what others on the machine, or a look at its environment, see of a process."""
    folder = Path(f"/proc/{process_id}")
    return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()


def made(folder: Path) -> str:
    """Return a key as the command line makes it, which writes it into the audit, too."""
    command = [sys.executable, "-m", "relay", "keys", "create", "backend", "--json", "-c"]
    done = subprocess.run([*command, folder / "relay.toml"], capture_output=True, check=True)
    token: str = json.loads(done.stdout)["token"]
    return token


def requests(good: str, wrong: str) -> Iterator[Request]:
    """Yield a request for each way to show a key or a signature."""
    for token, status in ((good, 202), (wrong, 401)):
        key, _, secret = token.rpartition("_")
        pair = {"relay-api-key": key, "relay-api-secret": secret}
        yield Request(status, "/v1/events", bearer(token), purchase("order-1"))
        yield Request(status, "/v1/events", pair, purchase("order-2"))
        yield Request(401, f"/v1/events?key={token}", bearer(token), purchase("order-3"))
        yield Request(401, "/v1/events", bearer(token) | pair, purchase("order-4"))
        yield Request(401, "/v1/events", bearer(f"{token} x"), purchase("order-5"))
        yield Request(200 if status == 202 else 401, "/v1/track", basic(token), {})
    for secret, status in ((SHOP_SECRET, 200), ("another", 401)):
        yield Request(status, "/v1/webhooks/shopify", signed(secret), ORDER)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{token}:'.encode()).decode()}"}


def signed(secret: str) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), json.dumps(ORDER).encode(), "sha256")
    return {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Shop-Domain": "lamp-shop.myshopify.com",
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
    }


def canaries(*tokens: str) -> Iterator[str]:
    """Yield what must be found nowhere: secrets plain, and as Basic carries them."""
    yield SHOP_SECRET
    for token in tokens:
        yield token.rpartition("_")[2]
        yield basic(token)["Authorization"].removeprefix("Basic ")[:40]


async def posted(relay: Relay, request: Request) -> bytes:
    """Post; return all that was answered."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            relay.producers + request.path, data=request.body, headers=request.headers
        ) as response,
    ):
        assert response.status == request.status, request.path.partition("?")[0]
        return str(dict(response.headers)).encode() + await response.read()


async def read_all(relay: Relay) -> bytes:
    """Return all that the admin port tells."""
    told = b""
    async with aiohttp.ClientSession() as session:
        for path in TOLD:
            async with session.get(relay.admin + path) as response:
                assert response.status == 200, path
                told += await response.read()
    return told
