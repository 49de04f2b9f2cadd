"""How a test gets at a journal.

Each opens one of its own in a folder of its own; opening the same folder again is a restart.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.journal.base import Journal


class Opening:
    """`make` returns a journal that is not open yet; its clock says `NOW_S`."""

    def make(self, folder: Path) -> Journal:
        raise NotImplementedError

    @asynccontextmanager
    async def opened(self, folder: Path, *destinations: str) -> AsyncIterator[Journal]:
        journal = self.make(folder)
        await journal.open(destinations or ("p", "t"))
        try:
            yield journal
        finally:
            await journal.close()
