"""Makes room while the journal is near its limit or the disk is almost full.

It deletes in small steps what can be spared, delivered events first, until there is room. On a full
disk, it also returns unused pages to the file system. If nothing can be spared, it looks again
every second, with an empty commit that finds out whether there is room now. Before that, it empties
the write-ahead log, which may have grown while somebody read an old snapshot.
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
    """See the module docstring. `destinations` are those for which events are kept.

    Deleted content is overwritten, so `step_bytes` bounds what a step adds to the write-ahead log.
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
        """Note how much room the last commit found."""
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
                if self._refusal is not None:  # otherwise it would only delay producers
                    await self._checkpointer.empty()
                await asyncio.sleep(LOOK_INTERVAL_S)  # nothing signals that there is room again

    async def _relieved(self) -> bool:
        """Take one step; return whether the next one should follow at once."""
        try:
            if self._refusal == DISK_FULL:
                await self._checkpointer.empty()  # a step needs room in the write-ahead log
                if await self._writer.submit(_give_back):
                    return True
            return await self._writer.submit(self._step)
        except JournalUnavailable:
            return False


_give_back: Final = partial(retention.give_back, spare_pages=0)
