"""The JSON itself: amounts as written, absent values left out, one event never a whole request."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from relay.destinations.tiktok.payload import (
    MAX_EVENT_BYTES,
    App,
    Content,
    Envelope,
    Event,
    Page,
    Properties,
    User,
    encode,
)

LONG = "x" * 8192


def test_an_amount_is_a_number_with_the_digits_of_the_shop() -> None:
    body = encode(event(properties=Properties(value=Decimal("12.50"), predicted_ltv=Decimal(300))))
    assert b'"value":12.50,' in body
    assert b'"predicted_ltv":300}' in body


def test_what_is_absent_is_left_out() -> None:
    assert json.loads(encode(event())) == {
        "event": "Purchase",
        "event_time": 1_790_000_000,
        "event_id": "order-1",
        "user": {},
    }


def test_a_long_text_in_an_ordinary_event_stays_whole() -> None:
    """TikTok publishes no length of a description; only the size of the event counts."""
    properties = Properties(description=LONG)
    assert json.loads(encode(event(properties=properties)))["properties"]["description"] == LONG


def test_an_event_that_is_too_long_goes_without_its_long_texts() -> None:
    names = tuple(Content(f"SKU-{n}", LONG, "Lamps", price=Decimal(n)) for n in range(20))
    sent = encoded(
        event(
            user=User(email=("digest",), user_agent=LONG, locale="en-US"),
            properties=Properties(value=Decimal(9), description=LONG, contents=names),
            page=Page("https://shop.example/" + LONG, LONG),
        )
    )
    assert sent["user"] == {"email": ["digest"], "locale": "en-US"}
    assert sent["page"] == {"url": "https://shop.example/" + LONG}
    assert sent["properties"]["value"] == 9
    assert "description" not in sent["properties"]
    assert sent["properties"]["contents"][1] == {
        "content_id": "SKU-1",
        "content_category": "Lamps",
        "price": 1,
    }


def test_an_event_that_is_still_too_long_goes_without_its_items() -> None:
    """Its value counts without them."""
    contents = tuple(Content(LONG) for _ in range(200))
    ids = tuple(content.content_id for content in contents)
    sent = encoded(
        event(
            app=App("com.example.shop", LONG, "2.1"),
            properties=Properties(
                value=Decimal(9), content_type="product", content_ids=ids, contents=contents
            ),
        )
    )
    assert sent["properties"] == {"value": 9}
    assert sent["app"] == {"app_id": "com.example.shop", "app_version": "2.1"}


def test_an_event_without_an_order_may_be_too_long_as_well() -> None:
    sent = encoded(event(user=User(ttp="x" * MAX_EVENT_BYTES)))
    assert sent["user"] == {}


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode(event(user=User(ttp="\ud800")))


def test_an_envelope_shows_no_test_code_unless_there_is_one() -> None:
    assert encode(Envelope("web", "C4K6")) == b'{"event_source":"web","event_source_id":"C4K6"}'


def event(
    user: User | None = None,
    properties: Properties | None = None,
    page: Page | None = None,
    app: App | None = None,
) -> Event:
    return Event("Purchase", 1_790_000_000, "order-1", user or User(), properties, page, app)


def encoded(long_event: Event) -> dict[str, dict[str, Any]]:
    assert len(msgspec.json.encode(long_event)) > MAX_EVENT_BYTES
    body = encode(long_event)
    assert len(body) <= MAX_EVENT_BYTES
    sent: dict[str, dict[str, Any]] = json.loads(body)
    return sent
