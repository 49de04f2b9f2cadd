"""Which tokens and accounts the emulator lets in, so that credential faults can be tried by config.

Any well-formed token is good, unless a word in it says otherwise: one that begins with `bad` or
`revoked` (`pina_bad`, `revoked-token`) is refused, `expired` has run out, `forbidden` has no right
to the account, `unscoped` lacks a permission. Any account is known, unless its id begins with `404`
(Pinterest) or `UNKNOWN` (TikTok). With explicit lists, only what is listed is let in. Of a token,
only the digest is kept, and nothing here shows one.
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
    """Decides about tokens and accounts. Empty lists mean: by the words described above."""

    def __init__(self, tokens: Iterable[str] = (), accounts: Iterable[str] = ()) -> None:
        self._digests = frozenset(map(_digest, tokens))
        self._accounts = frozenset(accounts)
        self._lapsed: set[bytes] = set()

    def lapse(self, token: str) -> None:
        """Refuse a token from now on: its time is over."""
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
