"""The results of recent forms, by a random word that the next page's address names.

A form is answered with a redirect, so that a reload does nothing twice; its result waits here for
the page that the redirect leads to. Nobody can make up a result by an address. The last `KEPT` are
kept; an older one is not shown any more.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from aiohttp import web

KEPT: Final = 20

T = TypeVar("T")


class Done(Generic[T]):
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, T] = {}
        self._last = 0

    def keep(self, what: T) -> str:
        """Remember it; return the word that stands for it in `done=`, another after a restart."""
        self._last = max(self._last + 1, round(self._clock() * 1000))
        self._known[str(self._last)] = what
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return str(self._last)

    def named_by(self, request: web.Request) -> T | None:
        """Return what the address names, None if that was never done or is long past."""
        return self._known.get(request.query.get("done", ""))
