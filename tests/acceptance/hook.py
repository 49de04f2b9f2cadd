"""A Slack-compatible webhook on a real socket, and what was posted there."""

import asyncio
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import web

from relay.outcome.watch.watch import LOOK_S
from tests.acceptance.test_kill import PLATFORMS

SECRET_PATH = "/services/T0/B0/canary-of-a-webhook"
WITHIN_S = 20.0


class Hook:
    """See the module docstring; open as long as its context is."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._take), shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{SECRET_PATH}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def kinds(self, destination: str) -> list[str]:
        """Return the kinds of messages about a destination, in their order."""
        return [each["kind"] for each in self.messages if each["destination"] == destination]

    async def heard(self, *kinds: str) -> None:
        """Wait until just these messages have come about each platform's destination."""
        async with asyncio.timeout(WITHIN_S):
            while any(self.kinds(f"{name}-main") != list(kinds) for name in PLATFORMS):
                self.came.clear()
                await self.came.wait()

    async def quiet(self) -> None:
        """Give the relay the time of some looks to say more."""
        await asyncio.sleep(2 * LOOK_S)

    async def _take(self, request: web.BaseRequest) -> web.Response:
        assert request.path == SECRET_PATH
        self.messages.append(msgspec.json.decode(await request.read()))
        self.came.set()
        return web.Response(text="ok")


def environ(token: Path, hook: Hook) -> dict[str, str]:
    """Return the settings that differ: tokens in a file, and somewhere to post messages."""
    return {
        "RELAY_DESTINATIONS__PINTEREST_MAIN__TOKEN": f"file:{token}",
        "RELAY_DESTINATIONS__TIKTOK_MAIN__TOKEN": f"file:{token}",
        "RELAY_NOTIFY__WEBHOOK": hook.url,
    }
