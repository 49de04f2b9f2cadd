"""A loop on a thread of its own: what serves beside a test that waits for a browser."""

import asyncio
import threading
from collections.abc import Awaitable
from typing import Self, TypeVar

T = TypeVar("T")
WITHIN_S = 60.0


class Background:
    """Runs coroutines while the context is open, and lets them end before it closes."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, coroutine: Awaitable[T]) -> T:
        """Return what a coroutine returns on the loop."""

        async def awaited() -> T:
            return await coroutine

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(WITHIN_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_S)
        self._loop.close()
