"""The duplicate window: which events a destination got lately.

Remembers at least the last `size` events that were added (of which some may have been taken back),
at most twice as many: two generations of that size, of which the older is forgotten at once. Keys
are the exact name and id, so nothing is ever taken for a duplicate by chance.
"""

Key = tuple[str, str]
"""Canonical event name and event id."""


class Window:
    """Bits of a mask stand for destinations."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[Key, int] = {}
        self._old: dict[Key, int] = {}

    def seen(self, key: Key) -> int:
        """Return the destinations that got this event."""
        mask = self._new.get(key)
        return self._old.get(key, 0) if mask is None else mask

    def claim(self, key: Key, mask: int) -> int:
        """Remember that these destinations get it; return those of them that got it before.

        What comes again is remembered anew: it may be repeated as often as its sender likes.
        """
        known = self._new.get(key)
        seen = self._old.get(key, 0) if known is None else known
        if known != seen | mask:
            self._remember(key, seen | mask)
        return seen & mask

    def add(self, key: Key, mask: int) -> None:
        """Remember that these destinations get it, too."""
        self._remember(key, self.seen(key) | mask)

    def forget(self, key: Key, mask: int) -> None:
        """Take `add` back: the event was not stored after all, and will be posted again."""
        for generation in (self._new, self._old):
            left = generation.get(key, 0) & ~mask
            if left:
                generation[key] = left
            else:
                generation.pop(key, None)

    def _remember(self, key: Key, mask: int) -> None:
        self._new[key] = mask
        if len(self._new) >= self._size:
            self._old, self._new = self._new, {}
