"""The inbound event of the baseline: the part of the relay's contract that its corpus uses."""

from contextlib import suppress
from datetime import datetime
from functools import cached_property

import phonenumbers
from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A level of the inbound event."""

    model_config = ConfigDict(extra="forbid")


class User(Strict):
    """Who did it."""

    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str = "US"
    ip: str | None = None
    user_agent: str | None = None
    epik: str | None = None
    ttclid: str | None = None

    @cached_property
    def e164(self) -> str | None:
        """The phone number with its `+`, or None where it is none."""
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(self.phone or "", self.country)
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return None


class Item(Strict):
    """One line of an order."""

    id: str
    name: str | None = None
    category: str | None = None
    price: float | None = None
    quantity: int = 1


class Order(Strict):
    """What was bought or looked at."""

    value: float | None = None
    currency: str | None = None
    order_id: str | None = None
    items: list[Item] = []


class Page(Strict):
    """Where it happened."""

    url: str
    referrer: str | None = None


class Event(Strict):
    """One conversion as a shop sends it."""

    event: str
    event_id: str
    event_time: int | datetime
    action_source: str = "web"
    user: User
    order: Order | None = None
    page: Page | None = None

    @property
    def seconds(self) -> int:
        """When it happened, in Unix seconds."""
        time = self.event_time
        return int(time.timestamp()) if isinstance(time, datetime) else time
