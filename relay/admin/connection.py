"""The connections of the admin port, for the case that HTTP itself goes wrong.

Those answers are as all others of the port, and quote nothing of a request.
"""

import logging
from typing import Final, cast

from aiohttp import web

from relay.admin import answer
from relay.admin.guard import FAILED, MISTAKE, harden
from relay.discreet_connection import NO_HTTP, DiscreetConnection

MAX_CONNECTIONS: Final = 64
"""Open ones at a time, or they would take the files that deliveries need; one more ends another:
one that waits for its refusal, else an idle one, whose next request may be on its way, else the
oldest."""

ACCEPTED_AT_ONCE: Final = 32
"""Connections that asyncio accepts before it looks at any; as many wait until they are accepted."""

log = logging.getLogger(__name__)


class Runner(web.AppRunner):
    """Runs an application on connections that answer as described above."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        made.__class__ = _Server  # it has no other way to choose the protocol of its connections
        return made


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        self._make_room()
        return _Connection(self, loop=self._loop, **self._kwargs)

    def _make_room(self) -> None:
        connections = [each for each in self.connections if each.connected]
        if len(connections) >= MAX_CONNECTIONS:
            min(connections, key=_need).force_close()


class _Connection(DiscreetConnection):
    __slots__ = ()

    def refusal(self) -> web.Response:
        return _hardened(answer.error(400, "bad_request", NO_HTTP))

    def failure(self, error: BaseException | None) -> web.Response:
        log.error(FAILED, exc_info=error)
        return _hardened(answer.error(500, "internal", MISTAKE))


def _need(connection: web.RequestHandler) -> int:
    """Rank connections by what would be lost with them."""
    discreet = cast("DiscreetConnection", connection)
    return 0 if discreet.gives_way else 1 if discreet.is_idle else 2


def _hardened(response: web.Response) -> web.Response:
    harden(response)
    response.force_close()
    return response
