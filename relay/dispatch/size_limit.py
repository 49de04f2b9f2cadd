"""How many bytes a request may have: the published limit, or less once the platform accepts less.

Any gateway on the way may answer HTTP 413 (RFC 9110, section 15.5.14), whatever the platform
documents. Without learning from it, every full batch would be refused and halved again. The limit
is kept in memory only: after a restart, it takes a few requests to learn it. Nothing here knows
about events.
"""

from typing import Final

from relay.delivery import Answer

TOO_LARGE: Final = 413
LEAST_BYTES: Final = 16 * 1024
"""Any HTTP server accepts this much; if a smaller request is refused, an event in it is odd."""
FULL_REQUESTS: Final = 100
"""How many large requests must pass in a row before larger ones are tried: limits may be lifted."""


class SizeLimit:
    """See the module docstring. `most_bytes` is the published limit."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._passed = 0
        self._largest_bytes = 0
        """The largest request that passed, in bytes; reset when one of its size is refused."""
        self.max_bytes = most_bytes
        """The most bytes of a request's events; only a single event may be larger."""

    def note(self, answer: Answer, size_bytes: int) -> None:
        """Learn from the answer to a request whose events had `size_bytes` in total."""
        if answer.kind == "refused" and answer.http_status == TOO_LARGE:
            self._narrow(size_bytes)
        elif answer.kind == "settled":
            self._largest_bytes = max(self._largest_bytes, size_bytes)
            self._passed += size_bytes > self.max_bytes // 2
            if self._passed >= FULL_REQUESTS:
                self._widen()

    def _narrow(self, size_bytes: int) -> None:
        """Halve the limit, unless a request of this size has passed before.

        If one has, an event may be odd; if none is, the next refusal lowers the limit.
        """
        if size_bytes <= self._largest_bytes:
            self._largest_bytes = 0
        elif size_bytes > LEAST_BYTES:
            self.max_bytes = min(self.max_bytes, max(LEAST_BYTES, size_bytes // 2))
            self._passed = 0

    def _widen(self) -> None:
        self.max_bytes = min(self._most_bytes, self.max_bytes * 2)
        self._passed = 0
