"""The duplicate window: which events each destination got recently.

It remembers at least the last `size` events that were added (some of which may have been taken
back), and at most twice as many: there are two generations of that size, and the older one is
dropped as a whole. Keys are the exact name and id, so nothing is ever taken for a duplicate by
chance.
"""

Key = tuple[str, str]
"""Canonical event name and event id."""


class Window:
    """See the module docstring. The bits of a mask stand for destinations."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[Key, int] = {}
        self._old: dict[Key, int] = {}

    def seen(self, key: Key) -> int:
        """Return the mask of the destinations that got this event."""
        mask = self._new.get(key)
        return self._old.get(key, 0) if mask is None else mask

    def claim(self, key: Key, mask: int) -> int:
        """Remember that these destinations get it; return the mask of those that got it before.

        A repeated event is remembered again, so that it is recognised however often it is repeated.
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
        """Undo `claim` or `add`: the event was not stored after all, and will be posted again."""
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
