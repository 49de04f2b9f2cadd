"""Shopify's webhooks, which are signed with the shop's key instead of carrying a relay key.

The answer is `401` for a bad or missing signature and for a shop that is not configured, `400` if
the body is signed but unusable, and else `200` once the event is on disk. Topics without meaning
get `200` as well, since Shopify repeats everything else for hours, and removes a webhook that does
nothing but fail. A repetition is skipped as a duplicate.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from relay.config.secret import SecretSource
from relay.intake import Intake, Origin, Taken, Unreadable
from relay.keys.keyring import Grant
from relay.keys.uses import Uses
from relay.metrics import Metrics
from relay.sources.answer import Refused, response, taken_answer, unreadable
from relay.sources.prompt import Prompt
from relay.sources.receiver import Receiver, Use
from relay.sources.shopify.order import TOPICS, event_of
from relay.sources.unchecked_json import decoded

PATH: Final = "/v1/webhooks/shopify"
SUCCESS: Final = b'{"success":true}'


class Shop(NamedTuple):
    """One shop, with the key that signs its webhooks."""

    name: str
    domain: str
    secret: SecretSource


class Shopify:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        intake: Intake,
        receiver: Receiver,
        shops: Mapping[str, Shop],
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._intake = intake
        self._receiver = receiver
        self._shops = shops
        self._metrics = metrics
        self._nobody = Grant(None, Uses({}, clock), clock)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one webhook. Raises `Refused`."""
        if request.method != "POST":
            raise Refused.method("POST")
        shop = self._shops.get(request.headers.get("X-Shopify-Shop-Domain", "").strip().lower())
        signature = request.headers.get("X-Shopify-Hmac-Sha256", "")
        topic = request.headers.get("X-Shopify-Topic", "").strip().lower()
        if shop is None or not signature:
            raise _unsigned()

        async def read(body: bytes, origin: Origin) -> Taken:
            if not _is_signed(body, signature, shop.secret):
                raise _unsigned()
            return await self._read(body, origin, topic, shop)

        try:
            use = Use(self._nobody, shop.name)
            taken = await self._receiver.take(request, use, read, strangers=True)
        except Unreadable as error:
            return response(400, unreadable(error.problem))
        if taken.errors:
            return response(400, taken_answer(taken))
        return Prompt(200, SUCCESS)

    async def _read(self, body: bytes, origin: Origin, topic: str, shop: Shop) -> Taken:
        event = event_of(topic, decoded(body), shop.domain)
        if event is None:
            self._metrics.passed_over.add("shopify", topic if topic in TOPICS else "other")
            return Taken([], [], [])
        return await self._intake.take_json(msgspec.json.encode(event), origin)


def _unsigned() -> Refused:
    return Refused(401, "unauthorized", "The signature is not that of a known shop.")


def _is_signed(body: bytes, signature: str, source: SecretSource) -> bool:
    """Return whether the body was signed with the shop's key, compared in constant time."""
    secret = source.current().secret
    if secret is None:
        return False
    digest = hmac.digest(secret.reveal().encode(), body, "sha256")
    return hmac.compare_digest(base64.b64encode(digest), signature.strip().encode(errors="replace"))
