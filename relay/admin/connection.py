"""The connections of the admin port, for the case that HTTP itself goes wrong.

aiohttp answers what it cannot parse in plain text that quotes the client's bytes, and logs them.
Here that answer is as all others of the port, and nothing of a request is quoted or logged.
"""

import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web

from relay.admin import answer
from relay.admin.guard import FAILED, MISTAKE, harden

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
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is no HTTP (400), or a failure of the relay's own (500)."""
        if status == HTTPStatus.BAD_REQUEST:
            text = "This is no valid HTTP, or its head is too long."
            return _hardened(answer.error(400, "bad_request", text))
        log.error(FAILED, exc_info=exc)
        return _hardened(answer.error(500, "internal", MISTAKE))

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Note that a connection broke, without the words for it."""
        log.debug("a connection broke")


def _hardened(response: web.Response) -> web.Response:
    harden(response)
    response.force_close()
    return response
