"""The emulator's connections: what is no HTTP is refused, and neither quoted nor logged.

aiohttp would do both, although a token may be in it.
"""

from typing import Final

from aiohttp import web

NO_HTTP: Final = "This is no valid HTTP, or its head is too long.\n"


class Runner(web.AppRunner):
    """Runs an application on such connections."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        made.__class__ = _Server  # aiohttp has no other way to choose the protocol class
        return made


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        """Return the protocol for a new connection."""
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
        if status != web.HTTPBadRequest.status_code:
            return super().handle_error(request, status, exc, message)
        response = web.Response(status=status, text=NO_HTTP)
        response.force_close()
        return response
