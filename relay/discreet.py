"""A connection of an HTTP server that quotes and logs nothing of a request, whatever goes wrong.

aiohttp answers what it cannot parse in plain text that holds the client's bytes, and logs them: a
token or an address of a shopper may be among them. Both ports answer here in their own shape.
"""

import logging
from abc import abstractmethod
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

NO_HTTP: Final = "This is no valid HTTP, or its head is too long."

log = logging.getLogger(__name__)


class DiscreetConnection(web.RequestHandler):
    """The protocol of a connection; each port says how it refuses and how it fails."""

    __slots__ = ()

    @abstractmethod
    def refusal(self) -> web.Response:
        """Return the answer to what is no HTTP, status 400, with `NO_HTTP` as its words."""

    @abstractmethod
    def failure(self, error: BaseException | None) -> web.Response:
        """Log a failure of the relay's own, and return its answer, status 500."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is no HTTP (400), or a failure of the relay's own (500)."""
        del request, message
        return self.refusal() if status == HTTPStatus.BAD_REQUEST else self.failure(exc)

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """Note that a connection broke, without the words for it."""
        del args, kwargs
        log.debug("a connection broke")
