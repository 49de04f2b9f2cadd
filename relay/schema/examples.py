"""Examples of valid events, and of invalid ones with the error that intake reports.

They are written beside the schemas for people and programs that produce events, and tests check
them against the schema and intake. The persons are made up.
"""

from typing import Final

import msgspec

from relay.intake.problem import Code
from relay.schema.document import Json

_MINIMAL: Final[Json] = {
    "event": "purchase",
    "event_id": "order-1001",
    "event_time": "2026-01-31T12:00:00Z",
    "user": {"email": "jane@example.com"},
}

VALID: Final[dict[str, Json]] = {
    "purchase": {
        "event": "purchase",
        "event_id": "order-1001",
        "event_time": "2026-01-31T12:00:00Z",
        "user": {
            "email": "jane@example.com",
            "phone": "+1 415 555 0132",
            "external_id": "customer-77",
            "first_name": "Jane",
            "last_name": "Doe",
            "city": "San Francisco",
            "state": "CA",
            "zip": "94107",
            "country": "US",
            "ip": "198.51.100.7",
            "user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
            "customer_type": "returning",
        },
        "order": {
            "value": "118.90",
            "currency": "USD",
            "order_id": "1001",
            "items": [
                {"id": "lamp-7", "name": "Desk lamp", "price": "49.95", "quantity": 2},
                {"id": "bulb-3", "name": "Bulb", "brand": "Lumen", "price": 19},
            ],
        },
        "page": {"url": "https://shop.example/thanks", "referrer": "https://shop.example/cart"},
    },
    "minimal": _MINIMAL,
    "signup": {
        "event": "sign_up",
        "event_id": "customer-77",
        "event_time": 1769860800,
        "user": {"email": ["jane@example.com", "jane.doe@example.com"], "locale": "en-US"},
        "page": {"url": "https://shop.example/welcome"},
        "consent": {"advertising": True},
    },
    "hashed": {
        "event": "Order Completed",
        "event_id": "order-1002",
        "event_time": 1769860800123,
        "user": {
            "email": "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d",
            "external_id": 78,
        },
        "order": {"value": 12.5, "currency": "eur"},
    },
    "app_purchase": {
        "event": "purchase",
        "event_id": "app-5521",
        "event_time": "2026-01-31T13:00:00+01:00",
        "action_source": "app_ios",
        "user": {
            "mobile_ad_id": "A1B2C3D4-E5F6-4711-8899-AABBCCDDEEFF",
            "ip": "198.51.100.8",
            "att_status": "AUTHORIZED",
        },
        "app": {"id": 1234567890, "name": "Lamp Shop", "version": "4.2.0"},
        "order": {"value": "20.00", "currency": "GBP"},
    },
    "store_purchase": {
        "event": "purchase",
        "event_id": "till-9-20260131-17",
        "event_time": "2026-01-31T12:00:00Z",
        "action_source": "offline",
        "user": {"phone": "+44 20 7946 0123", "external_id": "card-301"},
        "order": {"value": "35.00", "currency": "GBP", "num_items": 3},
    },
    "crm_lead": {
        "event": "lead",
        "event_id": "lead-204",
        "event_time": "2026-01-31T12:00:00Z",
        "action_source": "crm",
        "user": {"email": "jane@example.com"},
        "lead": {"id": "1766000000000001"},
    },
    "limited_data_use": _MINIMAL | {"consent": {"advertising": True, "limited_data_use": True}},
    "custom_event": _MINIMAL
    | {"event": "lamp configured", "custom": {"colour": "brass", "steps": 4}, "order": None},
}
"""By the name of the file."""


class Invalid(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is refused, and how."""

    event: Json
    code: Code
    path: str
    in_schema: bool = True
    """Whether the schema refuses it as well."""


INVALID: Final[dict[str, Invalid]] = {
    "unknown_key": Invalid(
        event=_MINIMAL | {"user": {"emial": "jane@example.com"}},
        code="unknown_key",
        path="user.emial",
    ),
    "missing_event_id": Invalid(
        event={key: value for key, value in _MINIMAL.items() if key != "event_id"},
        code="missing",
        path="event_id",
    ),
    "missing_currency": Invalid(
        event=_MINIMAL | {"order": {"value": "118.90"}}, code="missing", path="order.currency"
    ),
    "missing_item_id": Invalid(
        event=_MINIMAL | {"order": {"items": [{"name": "Desk lamp"}]}},
        code="missing",
        path="order.items[0].id",
    ),
    "missing_app": Invalid(
        event=_MINIMAL | {"action_source": "app_android"}, code="missing", path="app"
    ),
    "missing_lead": Invalid(
        event=_MINIMAL | {"action_source": "crm"}, code="missing", path="lead.id"
    ),
    "wrong_type": Invalid(
        event=_MINIMAL | {"user": {"email": ["jane@example.com", 5]}},
        code="wrong_type",
        path="user.email[1]",
    ),
    "custom_not_scalar": Invalid(
        event=_MINIMAL | {"custom": {"colours": ["brass", "black"]}},
        code="wrong_type",
        path="custom.colours",
    ),
    "unknown_action_source": Invalid(
        event=_MINIMAL | {"action_source": "website"}, code="invalid_value", path="action_source"
    ),
    "unknown_currency": Invalid(
        event=_MINIMAL | {"order": {"value": "118.90", "currency": "XYZ"}},
        code="invalid_value",
        path="order.currency",
        in_schema=False,
    ),
    "unreadable_time": Invalid(
        event=_MINIMAL | {"event_time": "31.01.2026 12:00"},
        code="invalid_value",
        path="event_time",
    ),
    "time_without_offset": Invalid(
        event=_MINIMAL | {"event_time": "2026-01-31T12:00:00"},
        code="invalid_value",
        path="event_time",
    ),
    "unknown_destination": Invalid(
        event=_MINIMAL | {"destinations": ["nowhere"]},
        code="invalid_value",
        path="destinations[0]",
        in_schema=False,
    ),
    "negative_value": Invalid(
        event=_MINIMAL | {"order": {"value": -1, "currency": "USD"}},
        code="out_of_range",
        path="order.value",
    ),
    "too_many_addresses": Invalid(
        event=_MINIMAL | {"user": {"email": [f"jane{n}@example.com" for n in range(11)]}},
        code="out_of_range",
        path="user.email",
    ),
    "empty_event_id": Invalid(
        event=_MINIMAL | {"event_id": ""}, code="out_of_range", path="event_id"
    ),
    "no_identifier": Invalid(
        event=_MINIMAL | {"user": {"city": "Berlin", "country": "DE"}},
        code="no_identifier",
        path="user",
    ),
    "placeholder_identifier": Invalid(
        event=_MINIMAL | {"user": {"email": "(not set)", "external_id": "null"}},
        code="no_identifier",
        path="user",
        in_schema=False,
    ),
    "future": Invalid(
        event=_MINIMAL | {"event_time": "2999-01-31T12:00:00Z"},
        code="future",
        path="event_time",
        in_schema=False,
    ),
}
"""By the name of the file."""


def example_files() -> dict[str, Json]:
    """Return each example by its path below `examples/`, and `manifest.json`, which lists them."""
    valid = {f"valid/{name}.json": event for name, event in VALID.items()}
    invalid = {f"invalid/{name}.json": example.event for name, example in INVALID.items()}
    return {**valid, **invalid, "manifest.json": _manifest()}


def _manifest() -> Json:
    """Return the list of the examples, with the expected error of each invalid one."""
    return {
        "valid": [{"file": f"valid/{name}.json"} for name in VALID],
        "invalid": [
            {"file": f"invalid/{name}.json", "code": example.code, "path": example.path}
            for name, example in INVALID.items()
        ],
    }
