"""The stored form of a key: a keyed hash of its secret, and what it may do."""

import hmac
from collections.abc import Sequence
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from relay.keys.token import Token

Scope = Literal["events:write", "events:read"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
NAME: Final = r"^[A-Za-z0-9._-]{1,64}$"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a key may do; None means no limit."""

    scopes: tuple[Scope, ...] = ("events:write",)
    max_uses: int | None = None
    """Requests answered `202`, over its whole life."""
    rate_per_s: Annotated[float, Meta(gt=0)] | None = None
    """Requests a second."""
    destinations: tuple[str, ...] | None = None
    """The only destinations that its events reach."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key; times are Unix seconds."""

    key: str
    """The public half."""
    name: Annotated[str, Meta(pattern=NAME)]
    digest: str
    """HMAC-SHA-256 of the secret under the file's pepper, hexadecimal."""
    limits: Limits
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    uses_of: str
    """The key with which its uses are counted: its own, or the one it was rotated from."""

    def usable(self, now_s: float) -> bool:
        """Return whether it is neither revoked nor expired."""
        ended = self.expires_at is not None and self.expires_at <= now_s
        return self.revoked_at is None and not ended


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in the file."""

    version: Literal[1] = 1
    pepper: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2})+$")]
    """Random, so that equal secrets in two files have different digests; hexadecimal."""
    keys: Sequence[Key] = ()

    def digest_of(self, token: Token) -> str:
        """Return the digest that is stored for a token."""
        return hmac.digest(bytes.fromhex(self.pepper), token.secret.encode(), "sha256").hex()
