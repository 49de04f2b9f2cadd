"""Changes to the content of the key file; nothing is read or written here.

A key is usable until it is revoked or expires; only usable keys are found by name.
"""

from typing import Final

from msgspec.structs import replace

from relay.errors import RelayError
from relay.keys.record import Key, KeyFile, Limits
from relay.keys.token import Token

MAX_KEYS: Final = 5_000
"""The most keys in a file, including revoked ones, the oldest of which make room."""


def refuse_taken(found: KeyFile, name: str, now_s: int) -> None:
    """Raise `RelayError` if a usable key has this name."""
    if any(key.name == name and key.usable(now_s) for key in found.keys):
        raise RelayError(
            f"there is a key {name} already; rotate or revoke it, or take another name"
        )


def matching(found: KeyFile, name: str, now_s: float) -> list[Key]:
    """Return the usable keys with this name or public half. Raises `RelayError` if none has it."""
    usable = [key for key in found.keys if name in {key.name, key.key} and key.usable(now_s)]
    if not usable:
        raise RelayError(f"there is no usable key {name}; `relay keys list` shows them")
    return usable


def fresh_key(found: KeyFile, token: Token, *, name: str, limits: Limits, now_s: int) -> Key:
    """Return the key that the file keeps for a new token."""
    return Key(
        key=token.key,
        name=name,
        digest=found.digest_of(token),
        limits=limits,
        created_at=now_s,
        uses_of=token.key,
    )


def with_key(found: KeyFile, key: Key) -> KeyFile:
    """Return the file with one more key; if it is full, the key that ended first makes room.

    Raises `RelayError` if it is full of usable keys.
    """
    kept = list(found.keys)
    if len(kept) >= MAX_KEYS:
        ended = next((each for each in kept if not each.usable(key.created_at)), None)
        if ended is None:
            raise RelayError(f"there are {MAX_KEYS:,} keys already; revoke some first")
        kept.remove(ended)
    return replace(found, keys=[*kept, key])
