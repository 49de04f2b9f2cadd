"""A file of producer keys for tests: keys are made and ended as the command line does it."""

from pathlib import Path

from msgspec.structs import replace

from relay.keys import store
from relay.keys.record import Key, KeyFile, Limits
from relay.keys.token import Token, new_token
from tests.given.event.builders import NOW_S


class Keys:
    """The file at a path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(
        self,
        name: str = "shop",
        limits: Limits | None = None,
        *,
        expires_at: int | None = None,
        uses_of: str | None = None,
    ) -> Token:
        """Add a key and return its token."""
        token = new_token()

        def add(found: KeyFile) -> KeyFile:
            key = Key(
                key=token.key,
                name=name,
                digest=found.digest_of(token),
                limits=limits or Limits(),
                created_at=int(NOW_S),
                expires_at=expires_at,
                uses_of=uses_of or token.key,
            )
            return replace(found, keys=[*found.keys, key])

        store.change(self.path, add)
        return token

    def revoke(self, token: Token) -> None:
        """End a key."""

        def end(found: KeyFile) -> KeyFile:
            kept = [
                replace(key, revoked_at=int(NOW_S)) if key.key == token.key else key
                for key in found.keys
            ]
            return replace(found, keys=kept)

        store.change(self.path, end)

    def remove(self, token: Token) -> None:
        """Take a key out of the file, as only an editor or an older file does."""

        def without(found: KeyFile) -> KeyFile:
            return replace(found, keys=[key for key in found.keys if key.key != token.key])

        store.change(self.path, without)
