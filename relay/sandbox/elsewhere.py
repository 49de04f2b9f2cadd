"""What the platforms answer at other addresses: a wrong path, an old version."""

import msgspec
from aiohttp import web

from relay.sandbox.answer import Answer
from relay.sandbox.catalogue import named

_VERSION = "v1.3"


def routes() -> list[web.RouteDef]:
    """Return the routes that catch every other path under the platforms' own prefixes."""
    return [
        web.route("*", "/v5/{path:.*}", _pinterest),
        web.route("*", "/open_api/{version}/{path:.*}", _tiktok),
    ]


async def _pinterest(request: web.Request) -> web.Response:
    del request
    return _plain(named("pinterest-404"), {"message": "Not found"})


async def _tiktok(request: web.Request) -> web.Response:
    is_current = request.match_info["version"] == _VERSION
    return _plain(named("tiktok-40400" if is_current else "tiktok-40006"), {"request_id": ""})


def _plain(answer: Answer, more: dict[str, str]) -> web.Response:
    document = {"code": answer.code, "message": answer.message, **more}
    body = msgspec.json.encode(document)
    return web.Response(status=answer.status, body=body, content_type="application/json")
