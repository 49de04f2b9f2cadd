"""Senders without a key or a signature cost the shops nothing."""

import hmac
import json
from base64 import b64encode
from contextlib import AsyncExitStack

import pytest

from relay.config.secret import SecretRef, SecretSource
from relay.sources.body import MAX_BODIES_AT_ONCE, STRANGERS_SHARE
from relay.sources.shopify.shopify import PATH, Shop
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import encoded
from tests.given.event.shopify_payload import DOMAIN, ORDER
from tests.given.port.producers import MAX_BODY_BYTES, Client, post, serving, until

SECRET = SecretSource(SecretRef("env:SECRET"), {"SECRET": "canary"}, lambda: float(NOW_S))
SHOPS = {DOMAIN: Shop("lamp-shop", DOMAIN, SECRET)}
START = b" " * (MAX_BODY_BYTES - 1)
"""All of a body but its end."""


def webhook(body: bytes, *, domain: str = DOMAIN, signature: str = "bm9uc2Vuc2U=") -> bytes:
    return post(
        body,
        PATH,
        Content_Length=str(MAX_BODY_BYTES),
        X_Shopify_Shop_Domain=domain,
        X_Shopify_Hmac_Sha256=signature,
    )


@pytest.mark.parametrize(
    "sent", [webhook(b"", domain="other.myshopify.com"), webhook(b"", signature="")]
)
async def test_who_cannot_be_a_known_shop_is_refused_before_the_body(sent: bytes) -> None:
    async with serving(shops=SHOPS) as port, Client(port.number) as client:
        await client.send(sent)

        assert (await client.answer()).status == 401


@pytest.mark.parametrize("secret", ["", None])
async def test_a_shop_whose_secret_is_not_there_yet_takes_nothing(
    secret: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even what is signed with no secret at all; the log says once that it is missing."""
    environ = {} if secret is None else {"SECRET": secret}
    source = SecretSource(SecretRef("env:SECRET"), environ, lambda: float(NOW_S))
    body = json.dumps(ORDER).encode()
    signature = b64encode(hmac.digest(b"", body, "sha256")).decode()
    headers = {
        "X_Shopify_Topic": "orders/paid",
        "X_Shopify_Shop_Domain": DOMAIN,
        "X_Shopify_Hmac_Sha256": signature,
    }
    async with serving(shops={DOMAIN: Shop("lamp-shop", DOMAIN, source)}) as port:
        for _ in range(3):
            assert (await port.send(post(body, PATH, **headers))).status == 401
        assert port.journal.entries == []
    assert [record.getMessage() for record in caplog.records] == [
        "a secret cannot be read, there is none"
    ]
    caplog.clear()


async def test_bodies_of_strangers_leave_room_for_everybody_else() -> None:
    """Else a few of them that never end would keep out all producers, key or not."""
    share = MAX_BODIES_AT_ONCE // STRANGERS_SHARE
    async with serving(shops=SHOPS) as port, AsyncExitStack() as crowd:
        bodies = port.source._receiver._bodies
        strangers = [
            await crowd.enter_async_context(Client(port.number)) for _ in range(MAX_BODIES_AT_ONCE)
        ]
        for stranger in strangers[:share]:
            await stranger.send(webhook(START))
        await until(lambda: bodies._free_to_strangers == share)
        for stranger in strangers[share:]:
            await stranger.send(webhook(START))
            assert (await stranger.answer()).status == 503

        assert (await port.post(encoded(event_id="a"))).status == 202
        await strangers[0].send(b" ")
        assert (await strangers[0].answer()).status == 401
        assert (await port.post(b"[" + encoded(event_id="b") + START[1000:] + b"]")).status == 202
        for stranger in strangers:
            stranger.abort()
        await until(lambda: bodies._free_to_strangers == share * MAX_BODY_BYTES)
        assert bodies._free_bytes == MAX_BODIES_AT_ONCE * MAX_BODY_BYTES
