"""An event loop whose time is not real: it stands while anything runs, and then jumps.

Nothing sleeps. When no callback is ready, the loop's time moves to the next timer at once, so that
a day passes in as long as its callbacks take. While a thread works for the loop (a journal that
writes, a query) time stands, and the loop waits for the thread in earnest: what takes real time
takes no virtual time, and the order of events is that of the timers.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")

STALLED_S = 30.0
"""Real seconds after which a thread that does not report back has hung."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module docstring; `time` counts virtual seconds from zero."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._threads = 0
        self._busy: Callable[[], bool] = bool
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._now_s

    def run_in_executor(  # type: ignore[override]  # typeshed has variadic types we do not need
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """Have a thread call `func`; time stands meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        if not future.done():
            self._threads += 1
            future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - as in asyncio, from Python 3.12
    ) -> None:
        """Wait for the threads in earnest, without a bound in virtual time."""
        del timeout
        await super().shutdown_default_executor()

    def stand_while(self, busy: Callable[[], bool]) -> None:
        """Have time stand whenever `busy` says so: a thread is at work that will report back."""
        self._busy = busy

    def pass_time(self, wait_s: float | None) -> bool:
        """Move on to the next timer, unless a thread works; tell whether time passed."""
        if self._threads or wait_s is None or self._busy():
            return False
        self._now_s += wait_s
        return True

    def _back(self, future: "asyncio.Future[Any]") -> None:
        del future
        self._threads -= 1


class _Selector(selectors.DefaultSelector):
    """Selects without waiting, and has the loop's time pass instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; if nothing is, the time until the next timer has passed."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0) or self._loop.pass_time(timeout):
            return ready
        ready = super().select(STALLED_S)
        if not ready:
            raise TimeoutError("a thread does not report back, or nothing will ever happen")
        return ready


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def virtual_loop() -> VirtualLoop:
    """Return the running loop, which is a virtual one."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


async def sleep(seconds: float) -> None:
    """Let virtual time pass."""
    await asyncio.sleep(seconds)
