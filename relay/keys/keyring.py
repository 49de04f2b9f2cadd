"""Checks the keys of requests: whose they are, what they allow, and how many uses are left.

The key file is checked for changes when a request comes, at most twice a second, so that creating
or revoking a key takes effect within a second. If the file becomes unreadable, the last good keys
stay in force, and every check tries to read it, since a change of its owner alone does not show as
a change. While there are no keys, none is needed; but if the network can reach the port
(`exposed`), nobody gets in. All of it belongs to one event loop, and blocks for as long as reading
a small local file takes.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from relay.config.secret import file_stamp
from relay.errors import ConfigError
from relay.keys import store
from relay.keys.record import SCOPES, Key, KeyFile, Limits, Scope
from relay.keys.token import Token
from relay.keys.uses import Counting, Denied, Meter

__all__ = ["Denied", "Grant", "Keyring"]

LOOK_S: Final = 0.5
NO_DIGEST: Final = "0" * 64
"""An unknown key is compared with this, so that it takes as long as a wrong secret."""
ENDED: Final = "This key is unknown, revoked or expired."
MAX_KNOWN: Final = 10_000
"""How many checked tokens are remembered; beyond that, all are forgotten and checked again."""

log = logging.getLogger(__name__)


class Grant:
    """What a valid key allows; with `key` None, what anybody may do where no key is needed.

    `follow` checks the file again; if the key has changed there, `become` is called.
    """

    def __init__(
        self,
        key: Key | None,
        uses: Counting,
        clock: Callable[[], float],
        follow: Callable[[], object] = lambda: None,
    ) -> None:
        self._uses = uses
        self._clock = clock
        self._follow = follow
        self.become(key)

    def become(self, key: Key | None) -> None:
        """Continue with a changed key, also for requests that are under way."""
        self._key = key
        self._limits = key.limits if key else Limits(scopes=SCOPES)
        self._meter = _meter(key) if key else None

    def vanish(self) -> None:
        """End the key, since it is no longer in the file."""
        if self._key is not None:
            self._key = replace(self._key, revoked_at=self._key.created_at)

    @property
    def name(self) -> str:
        """The name of the key, empty if there is none."""
        return self._key.name if self._key else ""

    @property
    def counted(self) -> str | None:
        """The key under which uses are counted, or None."""
        return self._key.uses_of if self._key else None

    @property
    def scopes(self) -> Sequence[Scope]:
        """The scopes of the key."""
        return self._limits.scopes

    @property
    def destinations(self) -> frozenset[str] | None:
        """The only destinations that its events reach, or None."""
        bound = self._limits.destinations
        return None if bound is None else frozenset(bound)

    @property
    def usable(self) -> bool:
        """Whether the key is neither revoked nor expired by now."""
        return self._key is None or self._key.usable(self._clock())

    def is_of(self, key: Key) -> bool:
        """Return whether it is of exactly this key."""
        return self._key == key

    @property
    def digest(self) -> str:
        """The stored digest of its token."""
        return self._key.digest if self._key else NO_DIGEST

    async def uses_left(self) -> int | None:
        """Return how often it may still be used, None for any number."""
        return None if self._meter is None else await self._uses.left(self._meter)

    def begin(self) -> Awaitable[None] | None:
        """Take a use of `events:write`; `end` gives it back or makes it final. Raises `Denied`.

        Await the result, if it is not None.
        """
        if "events:write" not in self.scopes:
            raise Denied("forbidden", "This key has not the scope events:write.")
        return None if self._meter is None else self._uses.begin(self._meter)

    def confirm(self) -> None:
        """Check again once the body has come. Raises `Denied` if the key has ended meanwhile.

        Also raises it if no key was needed before, and one is needed now.
        """
        self._follow()
        if not self.usable:
            raise Denied("unauthorized", ENDED)

    def end(self, *, used: bool) -> Awaitable[object] | None:
        """End a use that was begun; `used` says whether the request is answered `202`.

        Await the result, if it is not None, before the caller is answered.
        """
        return None if self._meter is None else self._uses.end(self._meter, used=used)


UNREAD: Final = (0, 0, 0)
"""No file has this stamp."""


class Keyring:
    """See the module docstring. `uses` counts the keys' uses; `clock` returns Unix seconds.

    `last` are the last good keys, if this is not the relay's first process to read them. `same`
    compares two digests in a time that does not reveal where they differ.
    """

    def __init__(
        self,
        path: Path,
        uses: Counting,
        clock: Callable[[], float],
        *,
        exposed: bool = False,
        last: KeyFile | None = None,
        same: Callable[[str, str], bool] = hmac.compare_digest,
    ) -> None:
        self._path = path
        self._uses = uses
        self._clock = clock
        self._exposed = exposed
        self._same = same
        self._nobody = Grant(None, self._uses, clock, self.anonymous)
        self._file = KeyFile(pepper="00")
        self._grants: dict[str, Grant] = {}
        self._known: dict[Token, Grant] = {}
        self._told = ""
        """What was wrong with the file at the last check, or empty."""
        self._seen: tuple[int, ...] | None = UNREAD
        self._looked_s = 0.0 if last else clock()
        self._take(last or store.read(path))

    def follow(self) -> None:
        """Read the file again if it has changed."""
        now_s = self._clock()
        if 0 <= now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        seen = file_stamp(self._path)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._take(store.read(self._path))
            self._told = ""
        except ConfigError as error:
            self._seen = UNREAD
            self._tell(str(error))

    def required(self) -> bool:
        """Return whether a key is needed."""
        return self._exposed or bool(self.in_force().keys)

    def in_force(self) -> KeyFile:
        """Return the file's content, ended keys included, as of when it could last be read."""
        self.follow()
        return self._file

    def keys(self) -> Sequence[Key]:
        """Return every key, ended ones included."""
        return self.in_force().keys

    def anonymous(self) -> Grant:
        """Return the grant of requests without a key. Raises `Denied` if a key is needed."""
        if self.required():
            raise Denied("unauthorized", "A key is needed: Authorization: Bearer TOKEN.")
        return self._nobody

    def grant(self, token: Token | None) -> Grant:
        """Return what a key allows. Raises `Denied` if it is unknown, revoked or expired."""
        if not self.required():
            return self._nobody
        found = None if token is None else self._known.get(token) or self._checked(token)
        if found is None or not found.usable:
            raise Denied("unauthorized", ENDED)
        return found

    def _checked(self, token: Token) -> Grant | None:
        """Return the key's grant, or None; an unknown key takes as long as a wrong secret."""
        found = self._grants.get(token.key)
        expected = NO_DIGEST if found is None else found.digest
        if not self._same(self._file.digest_of(token), expected) or found is None:
            return None
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[token] = found
        return found

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            log.warning("the last good producer keys stay", extra={"fields": {"reason": reason}})

    def _take(self, found: KeyFile | None) -> None:
        """Take over the keys of a file, or keep the present ones if it is None."""
        if found is None:
            if self._file.keys:
                log.warning("the file of producer keys is gone, the last good ones stay")
            return
        self._file = found
        self._known.clear()
        before = self._grants
        self._grants = {key.key: self._granted(key, before.get(key.key)) for key in found.keys}
        for gone in before.keys() - self._grants.keys():
            before[gone].vanish()

    def _granted(self, key: Key, before: Grant | None) -> Grant:
        if before is None:
            return Grant(key, self._uses, self._clock, self.follow)
        if not before.is_of(key):
            before.become(key)
        return before


def _meter(key: Key) -> Meter:
    return Meter(key.key, key.uses_of, key.limits.max_uses, key.limits.rate_per_s)
