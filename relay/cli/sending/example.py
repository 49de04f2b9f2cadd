"""The example events, as if they had just happened: what `relay serve --example` posts once.

They are NDJSON beside this module, with two placeholders: `{run}` makes the ids of each run unique,
and `"{now-60}"` is the time 60 seconds ago. The people do not exist: example.com, and addresses and
phone numbers that are reserved for documentation.
"""

import re
from importlib.resources import files
from typing import Final

import msgspec

FILE: Final = "example.ndjson"

_MOMENT = re.compile(r'"\{now-(\d+)\}"')


def example_events(run: str, now_s: float) -> list[bytes]:
    """Return the example events, each a line of JSON; `run` must be unique to each run."""
    text = files("relay.cli.sending").joinpath(FILE).read_text("utf-8").replace("{run}", run)
    ago = _MOMENT.sub(lambda match: str(int(now_s) - int(match[1])), text)
    return [line.encode() + b"\n" for line in ago.splitlines()]


def pasteable(url: str, event_id: str, now_s: float, *, with_key: bool = False) -> str:
    """Return a curl command that posts a purchase; `with_key` adds the key from RELAY_API_KEY."""
    event = {
        "event": "purchase",
        "event_id": event_id,
        "event_time": int(now_s),
        "user": {"email": "jane@example.com"},
        "order": {"value": "49.90", "currency": "USD"},
        "page": {"url": "https://lamp-shop.example/thanks"},
    }
    key = ' -H "Authorization: Bearer $RELAY_API_KEY"' if with_key else ""
    return (
        f"curl {url} -H 'Content-Type: application/json'{key} \\\n"
        f"  -d '{msgspec.json.encode(event).decode()}'"
    )
