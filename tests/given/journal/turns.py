"""Waits for what a journal's own tasks and threads bring about."""

import asyncio
from collections.abc import Callable

TURNS = 1_000_000


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    for _ in range(TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
