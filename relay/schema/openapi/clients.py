"""The paths for existing clients: Segment's tracking API, and Shopify's webhooks.

Their own makers describe what these clients send. The schemas here only describe what the relay
reads of it, and require nothing: any other key, or any other type, counts as absent.

Sources: "HTTP Tracking API Source" and "Spec: V2 Ecommerce Events" (segment.com/docs, 2026);
"Webhooks" (shopify.dev, 2026).
"""

from typing import Any, Final

from relay.schema.document import Json
from relay.schema.openapi import part
from relay.schema.openapi.part import MOMENT, RETRY_AFTER, TEMPLATE, TEXT, ref
from relay.sources.answer import Answer
from relay.sources.segment.segment import BATCH, PATHS, Failure, Success
from relay.sources.shopify.shopify import PATH as SHOPIFY_PATH

SECURITY_SCHEMES: Final[Json] = {
    "writeKey": {
        "type": "http",
        "scheme": "basic",
        "description": "A producer key's token as the user name, without a password; the clients "
        "of Segment and RudderStack call it the write key.",
    }
}
SEGMENT: Final = """\
`200` once every conversion is on durable storage; other calls are counted and skipped. The event id
is `properties.event_id`, else `messageId`. Rejected events are listed on the admin port; the answer
is `400` only if nothing in the body could be used.\
"""
SHOPIFY: Final = """\
For each shop in `[sources.shopify.…]`, signed with its secret. `200` once the event is on durable
storage, and also for topics that are not conversions: only `orders/create`, `orders/paid`,
`customers/create` and `checkouts/create` are. Repeated webhooks are skipped.\
"""
_STATUSES: Final = {
    400: ("Useless", "Nothing in the body could be used."),
    401: ("KeyUnknown", "The write key is missing, unknown, revoked or expired."),
    403: ("KeyBarred", "The key lacks the scope or is used up; without keys, a foreign page."),
    408: ("CallTooSlow", "The body did not arrive in time."),
    413: ("CallTooLarge", "The body is too large, or holds too many calls."),
    415: ("CallEncoded", "The body has an encoding other than gzip."),
    429: ("KeyTooFast", "The write key is over its rate."),
    503: ("CallUnavailable", "No events can be accepted now."),
}
SHARED: Final = {408: "TooSlow", 413: "TooLarge", 415: "UnsupportedMediaType", 503: "Unavailable"}
"""The refusals of a body that every path has, by the names in `relay.schema.openapi.producers`."""
CHALLENGE: Final = part.header("How to send a key.", TEXT)


def client_paths() -> Json:
    """Return the paths."""
    return {
        **{path: {"post": _segment(path, kind)} for path, kind in PATHS.items()},
        SHOPIFY_PATH: {"post": _shopify()},
    }


def client_schemas() -> Json:
    """Return the schemas of what these paths accept and answer."""
    return {"Call": _CALL, "Webhook": _WEBHOOK, **part.answers([Success, Failure])}


def client_responses() -> Json:
    """Return the refusals in Segment's form, by the names that the paths refer to."""
    headers = {401: {"WWW-Authenticate": CHALLENGE}}
    headers |= {status: {"Retry-After": RETRY_AFTER} for status in (429, 503)}
    return {
        name: part.response(text, ref(Failure), headers=headers.get(status))
        for status, (name, text) in _STATUSES.items()
    }


def _segment(path: str, kind: str) -> Json:
    name = path.rpartition("/")[2]
    body = part.body(
        "A call as the clients of Segment and RudderStack send it.", {part.JSON: _body(kind)}
    )
    refusals = part.shared({status: name for status, (name, _) in _STATUSES.items()})
    return {
        "operationId": f"segment{name.capitalize()}",
        "tags": ["clients"],
        "summary": f"Segment's tracking API: {name}",
        "description": SEGMENT,
        "security": [{}, {"writeKey": []}],
        "requestBody": body,
        "responses": {"200": part.response("Stored.", ref(Success)), **refusals},
    }


def _body(kind: str) -> tuple[Json, Json]:
    call: Json = {"$ref": TEMPLATE.format(name="Call")}
    if kind != BATCH:
        return call, {"call": _ORDER_COMPLETED if kind == "track" else _IDENTIFY}
    calls: Json = {
        "type": "object",
        "properties": {"batch": {"type": "array", "items": call}, "sentAt": MOMENT},
        "required": ["batch"],
    }
    return calls, {"batch": {"batch": [_ORDER_COMPLETED | {"type": "track"}]}}


def _shopify() -> Json:
    unsigned = part.response(
        "The signature is missing or wrong, or the shop is unknown.", ref(Answer)
    )
    useless = part.response("The webhook is signed, but unusable.", ref(Answer))
    schema: Json = {"$ref": TEMPLATE.format(name="Webhook")}
    return {
        "operationId": "shopifyWebhook",
        "tags": ["clients"],
        "summary": "Shopify's webhooks",
        "description": SHOPIFY,
        "security": [{}],
        "parameters": [_header(name, text) for name, text in _HEADERS.items()],
        "requestBody": part.body(
            "The webhook as Shopify sends it.", {part.JSON: (schema, {"order": _ORDER})}
        ),
        "responses": {
            "200": part.response("Stored, or not a conversion.", ref(Success)),
            "400": useless,
            "401": unsigned,
            **part.shared(SHARED),
        },
    }


def _header(name: str, description: str) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}


_HEADERS: Final = {
    "X-Shopify-Shop-Domain": "The shop, such as lamp-shop.myshopify.com.",
    "X-Shopify-Topic": "Such as orders/paid.",
    "X-Shopify-Hmac-Sha256": "The signature of the raw body, in base64.",
    "X-Shopify-Webhook-Id": "Shopify's own id of this message.",
}
_CALL: Final[Json] = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "event": {"type": "string", "description": "Such as Order Completed."},
        "messageId": {"type": "string"},
        "userId": {"type": "string"},
        "timestamp": MOMENT,
        "properties": {"type": "object"},
        "context": {"type": "object"},
    },
}
_WEBHOOK: Final[Json] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "created_at": MOMENT,
        "email": {"type": "string"},
        "currency": {"type": "string"},
        "current_subtotal_price": {"type": "string"},
        "landing_site": {"type": "string"},
        "line_items": {"type": "array", "items": {"type": "object"}},
    },
}
_ORDER_COMPLETED: Final[dict[str, Any]] = {
    "event": "Order Completed",
    "messageId": "order-1001",
    "userId": "customer-7",
    "properties": {
        "order_id": "1001",
        "revenue": 72.39,
        "currency": "EUR",
        "products": [{"product_id": "sku-1", "price": 14.99, "quantity": 2}],
    },
    "context": {"page": {"url": "https://shop.example/thanks"}},
}
_IDENTIFY: Final[dict[str, Any]] = {"messageId": "m-1", "userId": "customer-7"}
_ORDER: Final[dict[str, Any]] = {
    "id": 820982911946154508,
    "created_at": "2026-03-01T12:00:00+01:00",
    "email": "jon@example.com",
    "currency": "EUR",
    "current_subtotal_price": "72.39",
    "line_items": [{"product_id": 632910392, "price": "72.39", "quantity": 1}],
}
