"""The list of producer keys for people: the keys in the file, with their uses from a running relay.

If no relay answers, a hyphen stands for what only its journal holds.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from rich.text import Text

from relay.cli.output import moment, plain
from relay.cli.running.client import admin_client, read
from relay.config import Config
from relay.errors import RelayError
from relay.keys.record import Key
from relay.outcome.views.api import KeyList, KeyView
from relay.outcome.views.key import key_view

ASK_S: Final = 3.0
COLUMNS: Final = (
    *("Name", "Key", "State", "Scopes", "Uses", "Left", "Last used (UTC)", "Rate"),
    *("Destinations", "Expires (UTC)"),
)


def known_uses(config: Config) -> Mapping[str, KeyView]:
    """Return what the running relay knows about its keys; nothing if none answers."""
    try:
        with admin_client(config, timeout_s=ASK_S) as client:
            found = read(client.ask("/api/v1/keys"), KeyList)
    except RelayError:
        return {}
    return {each.key: each for each in found.keys}


def listed_key(key: Key, known: Mapping[str, KeyView], now_s: float) -> KeyView:
    """Return a key from the file, with its uses if they are known."""
    view, used = key_view(key, None, now_s), known.get(key.key)
    if used is None:
        return replace(view, uses=None, uses_left=None)
    return replace(view, uses=used.uses, uses_left=used.uses_left, last_used_at=used.last_used_at)


def row(key: KeyView) -> Sequence[str | Text]:
    """Return the cells of a key, in the order of `COLUMNS`."""
    left = "-" if key.uses_left is None else f"{key.uses_left:,}"
    return (
        plain(key.name),
        key.key,
        key.state,
        " ".join(key.scopes),
        "-" if key.uses is None else f"{key.uses:,}",
        "any" if key.max_uses is None else f"{left} of {key.max_uses:,}",
        "-" if key.last_used_at is None else moment(key.last_used_at),
        "any" if key.rate_per_s is None else f"{key.rate_per_s:g}/s",
        "all" if key.destinations is None else ", ".join(key.destinations),
        "never" if key.expires_at is None else moment(key.expires_at),
    )
