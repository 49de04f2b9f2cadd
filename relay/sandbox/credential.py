"""Decides which tokens and accounts the emulator accepts, so that configuration can try faults.

Any well-formed token is good, unless a word in it says otherwise: with one that begins with `bad`
or `revoked` (`pina_bad`, `revoked-token`) it is refused, with `expired` it has expired, with
`forbidden` it has no right to the account, with `unscoped` it lacks a permission. Any account
exists, unless its id begins with `404` (Pinterest) or `UNKNOWN` (TikTok). With explicit lists, only
what is listed is accepted. Only the digest of a token is kept, and nothing here shows a token.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

TokenFault = Literal["missing", "wrong", "expired", "forbidden", "unscoped"]

_WELL_FORMED = re.compile(r"[!-~]{1,4096}")
_WORD = re.compile(r"(?:^|[^A-Za-z0-9])(bad|revoked|expired|forbidden|unscoped)", re.IGNORECASE)
_FAULTS: Final[dict[str, TokenFault]] = {
    "bad": "wrong",
    "revoked": "wrong",
    "expired": "expired",
    "forbidden": "forbidden",
    "unscoped": "unscoped",
}
_UNKNOWN_ACCOUNT = re.compile(r"404|UNKNOWN")


class Gate:
    """Decides about tokens and accounts; without lists, by the words in the module docstring."""

    def __init__(self, tokens: Iterable[str] = (), accounts: Iterable[str] = ()) -> None:
        self._digests = frozenset(map(_digest, tokens))
        self._accounts = frozenset(accounts)
        self._lapsed: set[bytes] = set()

    def lapse(self, token: str) -> None:
        """Treat a token as expired from now on."""
        self._lapsed.add(_digest(token))

    def token_fault(self, token: str | None) -> TokenFault | None:
        """Return what is wrong with the token, None if it is good."""
        if not token:
            return "missing"
        if not _WELL_FORMED.fullmatch(token):
            return "wrong"
        if _digest(token) in self._lapsed:
            return "expired"
        if self._digests:
            return None if _digest(token) in self._digests else "wrong"
        word = _WORD.search(token)
        return _FAULTS[word[1].lower()] if word else None

    def knows(self, account: str) -> bool:
        """Return whether the account exists."""
        if self._accounts:
            return account in self._accounts
        return not _UNKNOWN_ACCOUNT.match(account)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
