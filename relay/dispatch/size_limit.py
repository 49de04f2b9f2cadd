"""How many bytes a request may have: what is published, or less once the platform takes less.

HTTP 413 (RFC 9110, section 15.5.14) may come from any gateway on the way, whatever the platform
documents. Without learning from it, every full batch would be refused and halved anew. Kept in
memory only: after a restart it is learnt with a few requests. Knows nothing of events.
"""

from typing import Final

from relay.delivery import Answer

TOO_LARGE: Final = 413
LEAST_BYTES: Final = 16 * 1024
"""Nothing that speaks HTTP takes less; a small request that is refused has an odd event in it."""
FULL_REQUESTS: Final = 100
"""Large requests that pass in a row, after which larger ones are tried again: limits are lifted."""


class SizeLimit:
    """See the module docstring. `most_bytes` is what is published."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._passed = 0
        self._largest_bytes = 0
        """The largest request that passed, until one of its size does not."""
        self.max_bytes = most_bytes
        """The size of a request's events, beyond which no further one goes into it."""

    def note(self, answer: Answer, size_bytes: int) -> None:
        """Learn from the answer to a request whose events had `size_bytes`."""
        if answer.kind == "refused" and answer.http_status == TOO_LARGE:
            self._narrow(size_bytes)
        elif answer.kind == "settled":
            self._largest_bytes = max(self._largest_bytes, size_bytes)
            self._passed += size_bytes > self.max_bytes // 2
            if self._passed >= FULL_REQUESTS:
                self._widen()

    def _narrow(self, size_bytes: int) -> None:
        """Allow half, unless such a size passes: then an event is odd, or the next one tells."""
        if size_bytes <= self._largest_bytes:
            self._largest_bytes = 0
        elif size_bytes > LEAST_BYTES:
            self.max_bytes = min(self.max_bytes, max(LEAST_BYTES, size_bytes // 2))
            self._passed = 0

    def _widen(self) -> None:
        self.max_bytes = min(self._most_bytes, self.max_bytes * 2)
        self._passed = 0
