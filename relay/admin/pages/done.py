"""The results of recent forms, each under a token that the next page's address names.

A form is answered with a redirect, so that a reload does nothing twice; its result is kept here for
the page that the redirect leads to. An address cannot fake a result. Only the last `KEPT` results
are kept.
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
        """Keep a result; return its token for `done=`, which is valid until a restart."""
        self._last = max(self._last + 1, round(self._clock() * 1000))
        self._known[str(self._last)] = what
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return str(self._last)

    def named_by(self, request: web.Request) -> T | None:
        """Return the result that the address names, None if there is none or it is too old."""
        return self._known.get(request.query.get("done", ""))
