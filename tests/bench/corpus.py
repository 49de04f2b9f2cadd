"""Distinct, realistic events in the relay's inbound format, the same ones for the same seed.

The people are many: names, cities, postal codes and contact data vary as they do in a shop, so
that a cache of digests earns only what it would earn there. One phone in ten is written the
national way, one e-mail in twenty was hashed by the shop already. Every event suits both
platforms. Nothing here is timed: a bench writes its corpus before the clock starts.
"""

import random
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

WORDS = Path(__file__).with_name("words.toml")
EVENT_WEIGHTS = {"purchase": 70, "add_to_cart": 14, "view_content": 11, "signup": 5}
ITEM_COUNT_WEIGHTS = {1: 44, 2: 26, 3: 14, 4: 8, 5: 5, 6: 3}
QUANTITY_WEIGHTS = {1: 80, 2: 15, 3: 5}
NATIONAL_PHONE_SHARE = 0.10
HASHED_EMAIL_SHARE = 0.05
TIKTOK_SHARE = 0.5
"""How many people came by an advertisement at TikTok; the others came by a pin."""
EVENT_AGE_MAX_S = 60
ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Json = dict[str, object]
Choice = TypeVar("Choice")


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The vocabulary in `words.toml`."""

    given_names: list[str]
    surname_starts: list[str]
    surname_ends: list[str]
    city_starts: list[str]
    city_ends: list[str]
    states: list[str]
    area_codes: list[int]
    mail_hosts: list[str]
    products: list[str]
    categories: list[str]
    user_agents: list[str]


class Shop:
    """A shop in which people buy, sign up and look at things, by the seed and nothing else."""

    def __init__(self, seed: int, now: datetime) -> None:
        self._random = random.Random(seed)
        self._now_s = int(now.timestamp())
        self._words = msgspec.toml.decode(WORDS.read_bytes(), type=Words)

    def events(self, count: int) -> Iterator[Json]:
        """Yield `count` events of the minute before `now`; no two ids of one call are the same."""
        for index in range(count):
            yield self._event(index, self._weighted(EVENT_WEIGHTS))

    def _event(self, index: int, name: str) -> Json:
        click_id = self._click_id()
        event: Json = {
            "event": name,
            "event_id": f"{name}-{self._random.getrandbits(40):010x}-{index:07d}",
            "event_time": self._now_s - self._random.randrange(EVENT_AGE_MAX_S),
            "action_source": "web",
            "user": self._user(index) | click_id,
            "page": self._page(name, click_id),
        }
        if name != "signup":
            event["order"] = self._order(index, name)
        return event

    def _user(self, index: int) -> Json:
        pick, words = self._random.choice, self._words
        given_name = pick(words.given_names)
        surname = pick(words.surname_starts) + pick(words.surname_ends)
        return {
            "email": self._email(given_name, surname),
            "phone": self._phone(),
            "external_id": f"customer-{self._random.randrange(10**8):08d}-{index}",
            "first_name": given_name,
            "last_name": surname,
            "city": pick(words.city_starts) + pick(words.city_ends),
            "state": pick(words.states),
            "zip": f"{self._random.randrange(1_000, 99_950):05d}",
            "country": "US",
            "ip": self._ip(),
            "user_agent": pick(words.user_agents).format(self._random.randrange(6)),
        }

    def _email(self, given_name: str, surname: str) -> str:
        number = self._random.randrange(10_000)
        letters = "".join(filter(str.isascii, filter(str.isalpha, given_name + surname)))
        email = f"{letters}{number}@{self._random.choice(self._words.mail_hosts)}"
        if self._random.random() < HASHED_EMAIL_SHARE:
            return sha256(email.lower().encode()).hexdigest()
        return email

    def _phone(self) -> str:
        area = self._random.choice(self._words.area_codes)
        office, line = self._random.randrange(220, 999), self._random.randrange(10_000)
        if self._random.random() < NATIONAL_PHONE_SHARE:
            return f"({area}) {office}-{line:04d}"
        return f"+1{area}{office}{line:04d}"

    def _ip(self) -> str:
        first = self._random.randrange(11, 99)
        return ".".join(str(part) for part in (first, *self._random.choices(range(1, 255), k=3)))

    def _click_id(self) -> dict[str, str]:
        text = "".join(self._random.choices(ID_ALPHABET, k=44))
        if self._random.random() < TIKTOK_SHARE:
            return {"ttclid": f"E.C.P.{text}"}
        return {"epik": f"dj0y{text}"}

    def _page(self, name: str, click_id: dict[str, str]) -> Json:
        [(key, value)] = click_id.items()
        folder = "thanks" if name == "purchase" else f"product/{self._random.randrange(5_000)}"
        referrer = "https://www.tiktok.com/" if key == "ttclid" else "https://www.pinterest.com/"
        return {"url": f"https://shop.example/{folder}?{key}={value}", "referrer": referrer}

    def _order(self, index: int, name: str) -> Json:
        line_count = self._weighted(ITEM_COUNT_WEIGHTS) if name == "purchase" else 1
        lines = [self._line() for _ in range(line_count)]
        order: Json = {
            "value": sum(cents for _, cents in lines) / 100,
            "currency": "USD",
            "items": [item for item, _ in lines],
        }
        if name == "purchase":
            order["order_id"] = f"{self._random.randrange(10**6, 10**7)}-{index}"
        return order

    def _line(self) -> tuple[Json, int]:
        """Return one item of an order and what the line costs, in cents."""
        number, cents = self._random.randrange(5_000), self._random.randrange(499, 24_999)
        quantity = self._weighted(QUANTITY_WEIGHTS)
        products, categories = self._words.products, self._words.categories
        item: Json = {
            "id": f"sku-{number:05d}",
            "name": f"{products[number % len(products)]} {number}",
            "category": categories[number % len(categories)],
            "price": cents / 100,
            "quantity": quantity,
        }
        return item, cents * quantity

    def _weighted(self, weights: dict[Choice, int]) -> Choice:
        [choice] = self._random.choices(list(weights), list(weights.values()))
        return choice


def bodies(events: Iterator[Json], body_events: int) -> Iterator[bytes]:
    """Yield the events as JSON arrays of `body_events` each; the last may be shorter."""
    while body := list(islice(events, body_events)):
        yield msgspec.json.encode(body)


def write(path: Path, lines: Iterator[bytes]) -> None:
    """Write one body a line; compact JSON holds no line end of its own."""
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
