"""How far a destination has settled a lane, and which later offsets are settled as well.

A cursor is an immutable value: settling returns a new one, so after a rollback the old one still
holds. `ahead` contains inclusive ranges in order, disjoint and never adjacent, all beyond
`position`. The number of requests in flight bounds how many there are.
"""

from bisect import bisect_left, bisect_right
from typing import Final, Self

import msgspec

Range = tuple[int, int]
"""First and last offset, both included."""


class Cursor(msgspec.Struct, frozen=True, gc=False):
    """Every offset below `position`, and every one within `ahead`, is settled."""

    position: int = 0
    ahead: tuple[Range, ...] = ()

    @classmethod
    def stored(cls, position: int, ahead: bytes) -> Self:
        """Return the cursor of a row. Raises `msgspec.DecodeError` if it is damaged."""
        return cls(position, _RANGES.decode(ahead))

    def ahead_bytes(self) -> bytes:
        """Return `ahead` as its row keeps it."""
        return _ENCODER.encode(self.ahead)

    def settle(self, first: int, last: int) -> Self:
        """Return the cursor with the offsets from `first` to `last` settled, both included."""
        if last < self.position:
            return self
        if first <= self.position and not self.ahead:
            return type(self)(last + 1)
        return self._merge(first, last)

    def settle_all(self, start: int, end: int) -> Self:
        """Return the cursor with the offsets from `start` up to but not including `end` settled."""
        return self.settle(start, end - 1) if start < end else self

    def settled(self, offset: int) -> bool:
        """Return whether an offset is settled."""
        return self.touches(offset, offset)

    def touches(self, first: int, last: int) -> bool:
        """Return whether any offset from `first` to `last` is settled."""
        if first < self.position:
            return True
        at = bisect_left(self.ahead, first, key=_last)
        return at < len(self.ahead) and self.ahead[at][0] <= last

    def end(self) -> int:
        """Return the first offset beyond everything that is settled."""
        return self.ahead[-1][1] + 1 if self.ahead else self.position

    def _merge(self, first: int, last: int) -> Self:
        low = bisect_left(self.ahead, first - 1, key=_last)
        high = bisect_right(self.ahead, last + 1, key=_first)
        if low < high:
            first, last = min(first, self.ahead[low][0]), max(last, self.ahead[high - 1][1])
        before, after = self.ahead[:low], self.ahead[high:]
        if first > self.position:
            return type(self)(self.position, (*before, (first, last), *after))
        return type(self)(last + 1, after)


def _first(settled: Range) -> int:
    return settled[0]


def _last(settled: Range) -> int:
    return settled[1]


_ENCODER: Final = msgspec.msgpack.Encoder()
_RANGES: Final = msgspec.msgpack.Decoder(tuple[Range, ...])
