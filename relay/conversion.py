"""The hashed event: what the relay stores and sends, without any raw PII.

`relay.intake` makes it from an inbound event, the journal stores it as MessagePack arrays, and each
destination maps it to its own format. New fields go to the end of a struct, with a default, so that
older journals stay readable.
"""

from decimal import Decimal
from typing import Final

import msgspec

from relay.event import ActionSource
from relay.identity import Identity

HASHABLE: Final = (
    *("email", "phone", "external_id", "first_name", "last_name", "gender", "birth_date"),
    *("city", "state", "zip", "country", "mobile_ad_id"),
)
"""The identifiers that may arrive as digests; their order defines the stored bits."""


class Item(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of an order; `price` is per unit."""

    id: str
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    price: Decimal | None = None
    quantity: int = 1


class Order(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What was bought or looked at; `currency` is an upper-case ISO 4217 code."""

    value: Decimal | None = None
    currency: str | None = None
    order_id: str | None = None
    search_string: str | None = None
    content_name: str | None = None
    content_category: str | None = None
    description: str | None = None
    num_items: int | None = None
    """The shop's own count, else the sum of the items' quantities, if there are any."""
    predicted_ltv: Decimal | None = None
    items: tuple[Item, ...] = ()


class App(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The app in which it happened."""

    id: str
    name: str | None = None
    version: str | None = None


class Conversion(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One accepted event."""

    event: str
    """A standard name, or a custom one in the shop's spelling."""
    event_id: str
    event_time: int
    """Unix seconds; never later than `received_ms`."""
    received_ms: int
    """When the relay received it, in Unix milliseconds."""
    action_source: ActionSource
    identity: Identity
    order: Order | None = None
    page_url: str | None = None
    page_referrer: str | None = None
    app: App | None = None
    lead_id: str | None = None
    advertising_consent: bool | None = None
    limited_data_use: bool = False
    source: str = "http"
    key: str | None = None
    """The name of the producer key that it was sent with."""
    hashed: int = 0
    """A bit mask of the `HASHABLE` identifiers that arrived as digests; the first one's bit is
    1."""
    unusable: tuple[tuple[str, str], ...] = ()
    """Identifiers that were left out, each with the reason, for the shop to fix."""
