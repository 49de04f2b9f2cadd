"""`relay demo`: one minute of a busy shop, generated from a seed, with fresh ids and times.

The same seed gives the same shoppers and goods; ids and times are new, so that nothing is skipped
as a duplicate or too old. The people do not exist: example.com and reserved phone numbers.
"""

import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.progress import MofNCompleteColumn

from relay.cli.option import available_config, config_option
from relay.cli.output import program
from relay.cli.running.client import admin_client, read
from relay.cli.sending.chunk import chunks
from relay.cli.sending.send import posting, producers_url, progress, tell
from relay.config import Config
from relay.errors import ConfigError
from relay.outcome.views.api import DestinationList

COUNT: Final = 2000
SEED: Final = 1815
MINUTE_S: Final = 60

WEIGHTS: Final = {
    "view_content": 34,
    "add_to_cart": 20,
    "purchase": 18,
    "page_view": 12,
    "search": 6,
    "initiate_checkout": 5,
    "signup": 5,
}
GOODS: Final = (
    ("lamp-brass", "Floor lamp, brass", 18_900),
    ("lamp-desk", "Desk lamp", 7_990),
    ("lamp-arc", "Arc lamp", 24_900),
    ("shade-linen", "Linen shade", 2_450),
    ("bulb-warm", "Bulb, warm white", 690),
    ("cord-red", "Cord, red textile", 1_250),
)
NAMES: Final = ("ada", "alan", "barbara", "edsger", "grace", "hedy", "katherine", "tim", "radia")
BROWSERS: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/138.0.0.0 Safari/537.36",
)
NO_CONSENT_SHARE: Final = 0.04
WITH_ORDER: Final = frozenset({"view_content", "add_to_cart", "initiate_checkout", "purchase"})
SHOP: Final = "https://lamp-shop.example"

Json = dict[str, object]


@click.command(hidden=True)
@click.option("--count", type=click.IntRange(1, 1_000_000), default=COUNT, show_default=True)
@config_option
def demo(count: int, config_file: Path | None) -> None:
    """Send realistic events to the running relay: something to look at on its page.

    Its platforms must be emulated or in test mode, since real ones would count the purchases.
    """
    _refuse_where_it_counts(available_config(config_file))
    shop = Shop(random.Random(SEED), secrets.token_hex(4), time.time())  # noqa: S311 - no secret
    with (
        posting(producers_url(config_file)) as poster,
        progress(MofNCompleteColumn(), count) as advance,
    ):
        for chunk in poster.post_all(chunks(shop.lines(count))):
            advance(len(chunk.lines))
    tell(poster.tally, unit="event")
    click.echo(f"See what became of them: {program()} status")


def _refuse_where_it_counts(config: Config) -> None:
    """Raise `ConfigError` if a platform would count the purchases."""
    with admin_client(config) as client:
        views = read(client.ask("/api/v1/destinations"), DestinationList).destinations
    real = [each.name for each in views if not each.emulated and not each.test]
    if real:
        raise ConfigError(
            f"{', '.join(real)} would count these made-up purchases; "
            "try it with a relay that runs as `relay serve --sandbox`"
        )


class Shop:
    """Generates events of the minute before `now_s` (Unix time); `run` makes their ids unique."""

    def __init__(self, dice: random.Random, run: str, now_s: float) -> None:
        self._dice = dice
        self._run = run
        self._now_s = int(now_s)

    def lines(self, count: int) -> Iterator[bytes]:
        """Yield `count` events, each as a line of JSON."""
        for index in range(count):
            yield msgspec.json.encode(self._event(index)) + b"\n"

    def _event(self, index: int) -> Json:
        [name] = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
        event: Json = {
            "event": name,
            "event_id": f"{name}-{self._run}-{index}",
            "event_time": self._now_s - self._dice.randrange(MINUTE_S),
            "user": self._user(),
            "page": {"url": f"{SHOP}/{'thanks' if name == 'purchase' else 'lamps'}"},
        }
        if name in WITH_ORDER:
            event["order"] = self._order(index, name)
        if name == "search":
            event["order"] = {"search_string": self._dice.choice(GOODS)[1]}
        if self._dice.random() < NO_CONSENT_SHARE:
            event["consent"] = {"advertising": False}
        return event

    def _user(self) -> Json:
        number = self._dice.randrange(10_000)
        click_id = self._dice.choice(("epik", "ttclid"))
        return {
            "email": f"{self._dice.choice(NAMES)}.{number}@example.com",
            "phone": f"+1 202 555 01{number % 100:02}",
            "country": "US",
            "ip": f"203.0.113.{self._dice.randrange(1, 255)}",
            "user_agent": self._dice.choice(BROWSERS),
            click_id: f"demo-{self._dice.getrandbits(64):016x}",
        }

    def _order(self, index: int, name: str) -> Json:
        bought = self._dice.sample(GOODS, k=self._dice.randint(1, 3) if name == "purchase" else 1)
        items = [{"id": sku, "name": title, "price": cents / 100} for sku, title, cents in bought]
        order: Json = {
            "value": sum(cents for _, _, cents in bought) / 100,
            "currency": "USD",
            "items": items,
        }
        if name == "purchase":
            order["order_id"] = f"D-{self._run}-{index}"
        return order
