"""Makes room while the journal is near its limit or the disk is almost full.

Forgets in small steps what can be spared, delivered events first, until there is room; on a full
disk it also gives back to the file system what the journal does not use. Where nothing can be
spared it looks again every second: each look is an empty commit, which tells by the way whether
there is room now. Before that it empties the write-ahead log, which may have grown while somebody
read an old snapshot.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from relay.errors import JournalUnavailable
from relay.journal.disk.checkpoint import Checkpointer
from relay.journal.space import retention
from relay.journal.space.room import DISK_FULL, Look
from relay.journal.writer import Writer

LOOK_INTERVAL_S: Final = 1.0


class Relief:
    """See the module docstring. `destinations` are those that events are kept for.

    What is deleted is overwritten, so `step_bytes` bounds what a step adds to the write-ahead log.
    """

    def __init__(
        self,
        writer: Writer,
        checkpointer: Checkpointer,
        destinations: Sequence[str],
        step_bytes: int,
    ) -> None:
        self._writer = writer
        self._checkpointer = checkpointer
        most_bytes = min(step_bytes, retention.STEP_BYTES)
        self._step = partial(retention.relieve, destinations=destinations, max_bytes=most_bytes)
        self._tight = asyncio.Event()
        self._refusal: str | None = None

    def note(self, look: Look) -> None:
        """Take note of the room that the last commit found."""
        self._refusal = look.refusal
        if look.tight:
            self._tight.set()
        else:
            self._tight.clear()

    async def run(self) -> None:
        """Make room whenever it is tight, until cancelled."""
        while True:
            await self._tight.wait()
            if not await self._relieved():
                if self._refusal is not None:  # else it would only hold up the producers
                    await self._checkpointer.empty()
                await asyncio.sleep(LOOK_INTERVAL_S)  # nobody tells when there is room again

    async def _relieved(self) -> bool:
        """Take a step; return whether another one is worth it at once."""
        try:
            if self._refusal == DISK_FULL:
                await self._checkpointer.empty()  # a step needs room in the write-ahead log
                if await self._writer.submit(_give_back):
                    return True
            return await self._writer.submit(self._step)
        except JournalUnavailable:
            return False


_give_back: Final = partial(retention.give_back, spare_pages=0)
