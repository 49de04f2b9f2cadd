"""A clock that another process can step: the real one, plus seconds that a small file shares."""

import struct
import time
from mmap import mmap
from pathlib import Path
from typing import Final

_SECONDS: Final = struct.Struct("d")


class SteppedClock:
    """Returns Unix seconds, wrong by `offset_s`; whoever opens the same file sees the same clock.

    Called for every event, so that a step has to cost nothing to see: the file is mapped.
    """

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(0.0))
        with file.open("r+b") as opened:
            self._shared = mmap(opened.fileno(), _SECONDS.size)

    def __call__(self) -> float:
        return time.time() + self.offset_s

    @property
    def offset_s(self) -> float:
        """By how much it is ahead of the real clock."""
        offset_s: float = _SECONDS.unpack_from(self._shared)[0]
        return offset_s

    def step_to(self, offset_s: float) -> None:
        """Set it, for all who look at it."""
        _SECONDS.pack_into(self._shared, 0, offset_s)

    def close(self) -> None:
        """Let go of the file."""
        self._shared.close()
