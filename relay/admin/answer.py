"""JSON answers of the admin port, errors included."""

from typing import Literal

import msgspec
from aiohttp import web

_ENCODER = msgspec.json.Encoder()

ErrorCode = Literal[
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "too_large",
    "unavailable",
    "internal",
]


class Error(msgspec.Struct, frozen=True):
    """Why a request failed, in one line."""

    code: ErrorCode
    message: str


class Status(msgspec.Struct, frozen=True):
    """The answer to a probe if all is well."""

    status: Literal["alive", "ready"]


def json(value: object, status: int = 200) -> web.Response:
    """Return a value as JSON."""
    return web.Response(body=_ENCODER.encode(value), status=status, content_type="application/json")


def error(status: int, code: ErrorCode, message: str) -> web.Response:
    """Return an error as JSON."""
    return json(Error(code, message), status)


class BadRequest(Exception):
    """The request is malformed; the message says which part, and what is expected."""
