"""The person of the canaries as Segment's clients and Shopify send them: fine, unusable, broken."""

import base64
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tests.given.event.shopify_payload import DOMAIN, ORDER

SHOP_SECRET: Final = "secret-of-the-shop"
SHOP: Final = f"""
[sources.shopify.lamp-shop]
domain = "{DOMAIN}"
secret = "env:SHOP_SECRET"
"""


class Sent(NamedTuple):
    """One request, and how it is answered."""

    status: int
    path: str
    body: bytes
    headers: Mapping[str, str] = {}


def foreign(person: Mapping[str, str]) -> Iterator[Sent]:
    """Yield requests in the formats of others; what names the person stands in each of them."""
    call = _call(person)
    yield _json(200, "/v1/track", call)
    yield _json(400, "/v1/track", call | {"messageId": None})
    yield _json(200, "/v1/batch", {"batch": [call, {"type": "identify", "traits": person}]})
    yield _json(400, "/v1/batch", {"batch": person})
    yield Sent(400, "/v1/track", msgspec.json.encode(call)[:-9])
    order = _order(person)
    yield _signed(200, order)
    yield _signed(200, order, topic=person["email"])
    yield _signed(400, order | {"currency": person["last_name"]})
    yield _signed(400, order | {"id": None})
    yield _signed(401, order, secret=SHOP_SECRET.upper())
    yield Sent(400, "/v1/events", b"\n".join([msgspec.json.encode(person)] * 2), NDJSON)


NDJSON: Final = {"Content-Type": "application/x-ndjson"}


def _call(person: Mapping[str, str]) -> dict[str, Any]:
    traits = {
        **{name: person[name] for name in ("email", "phone", "gender")},
        "firstName": person["first_name"],
        "lastName": person["last_name"],
        "birthday": person["birth_date"],
        "address": {"postalCode": person["zip"]},
    }
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": "segment-1",
        "userId": person["external_id"],
        "context": {"traits": traits, "device": {"advertisingId": person["mobile_ad_id"]}},
        "properties": {"revenue": 1, "currency": "EUR", "query": person["email"], **traits},
    }


def _order(person: Mapping[str, str]) -> dict[str, Any]:
    names = {name: person[name] for name in ("first_name", "last_name", "phone", "zip")}
    return ORDER | {
        "email": person["email"],
        "phone": person["phone"],
        "note": " ".join(person.values()),
        "landing_site": f"/?email={person['email']}",
        "billing_address": names,
        "customer": {"id": person["external_id"], **names},
    }


def _json(status: int, path: str, body: object) -> Sent:
    return Sent(status, path, msgspec.json.encode(body))


def _signed(
    status: int, order: object, *, topic: str = "orders/paid", secret: str = SHOP_SECRET
) -> Sent:
    body = msgspec.json.encode(order)
    digest = hmac.digest(secret.encode(), body, "sha256")
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
    }
    return Sent(status, "/v1/webhooks/shopify", body, headers)
