"""The emulator's connections: what is no HTTP is refused, and neither quoted nor logged.

aiohttp would do both, although a token may be in it.
"""

from aiohttp import web

from relay.http_connection import NO_HTTP, Runner


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        """Return the protocol for a new connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)


class SandboxRunner(Runner):
    """Runs an application on such connections."""

    SERVER = _Server


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
        response = web.Response(status=status, text=f"{NO_HTTP}\n")
        response.force_close()
        return response
