"""The static files that the page loads, all of them from this port; each is read once.

A file's address holds the beginning of its digest, so browsers may cache it for ever; the page of a
newer relay asks for another address.
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
    """All files of the folder; no address can lead to any other file."""

    def __init__(self) -> None:
        self._assets = dict(_read())

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the files."""
        return [web.get("/static/{name:.+}", self.file)]

    def address(self, name: str) -> str:
        """Return the address of a file. Raises KeyError if there is none of that name."""
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
