"""The files that the browser loads, each from this port: read once, named by what is in them.

An address holds the beginning of the file's digest, so a browser may keep it for good, and a newer
relay's page asks for another one.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

FOLDER: Final = Path(__file__).parents[1] / "static"
KEPT_FOR_GOOD: Final = "private, max-age=31536000, immutable"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DIGITS: Final = 12


class Asset(msgspec.Struct, frozen=True):
    """One file."""

    content: bytes
    content_type: str
    address: str


class Assets:
    """All files of the folder; there is no way from an address to any other file."""

    def __init__(self) -> None:
        self._assets = dict(_read())

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the files."""
        return [web.get("/static/{name:.+}", self.file)]

    def address(self, name: str) -> str:
        """Return where a file is. Raises KeyError for one that is not there."""
        return self._assets[name].address

    async def file(self, request: web.Request) -> web.Response:
        """Answer with a file."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return web.Response(
            body=asset.content,
            content_type=asset.content_type,
            charset="utf-8",
            headers={"Cache-Control": KEPT_FOR_GOOD},
        )


def _read() -> Iterator[tuple[str, Asset]]:
    for path in sorted(FOLDER.rglob("*")):
        content_type = _TYPES.get(path.suffix)
        if content_type is None:
            continue
        name, content = path.relative_to(FOLDER).as_posix(), path.read_bytes()
        digest = sha256(content).hexdigest()[:_DIGITS]
        yield name, Asset(content, content_type, f"/static/{name}?v={digest}")
