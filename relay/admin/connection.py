"""The connections of the admin port: their number is limited, and protocol errors get JSON.

Answers to broken HTTP look like all others of the port, and quote nothing of the request.
"""

import logging
from typing import Final, cast

from aiohttp import web

from relay.admin import answer
from relay.admin.guard import FAILED, MISTAKE, harden
from relay.http_connection import NO_HTTP, HttpConnection, Runner

MAX_CONNECTIONS: Final = 64
"""How many connections may be open: more could use up the files that deliveries need. A further
one closes one that waits for its refusal, else an idle one (whose next request may be under way),
else the oldest."""

ACCEPTED_AT_ONCE: Final = 32
"""How many connections asyncio accepts at once; as many more wait to be accepted."""

log = logging.getLogger(__name__)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        """Return the protocol for a new connection."""
        self._make_room()
        return _Connection(self, loop=self._loop, **self._kwargs)

    def _make_room(self) -> None:
        connections = [each for each in self.connections if each.connected]
        if len(connections) >= MAX_CONNECTIONS:
            min(connections, key=_need).force_close()


class AdminRunner(Runner):
    """Runs an application on connections as the module docstring describes them."""

    SERVER = _Server


class _Connection(HttpConnection):
    __slots__ = ()

    def refusal(self) -> web.Response:
        return _hardened(answer.error(400, "bad_request", NO_HTTP))

    def failure(self, error: BaseException | None) -> web.Response:
        log.error(FAILED, exc_info=error)
        return _hardened(answer.error(500, "internal", MISTAKE))


def _need(connection: web.RequestHandler) -> int:
    """Rank a connection by what closing it would lose, from 0 (nothing) to 2."""
    own = cast("HttpConnection", connection)
    return 0 if own.gives_way else 1 if own.is_idle else 2


def _hardened(response: web.Response) -> web.Response:
    harden(response)
    response.force_close()
    return response
