"""The real relay between a shop that goes on selling and platforms whose tokens can lapse."""

import asyncio
from pathlib import Path
from typing import Final, Self

from relay.sandbox import Sandbox
from tests.acceptance.process import Producer, Relay
from tests.ui.background import Background

FIRST_TOKEN: Final = "first0token0of0tiktok0001"
SECOND_TOKEN: Final = "second0token0of0tiktok002"


class Story(Background):
    """All of it runs while the context is open; `producer` posts purchases until told to stop."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._token = folder / "tiktok-token"
        self._token.write_text(FIRST_TOKEN)
        self._folder = folder
        self._stop: asyncio.Event
        self._posting: asyncio.Task[None]
        self.sandbox: Sandbox
        self.relay: Relay
        self.producer: Producer

    def __enter__(self) -> Self:
        super().__enter__()
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        super().__exit__()

    def lapse(self) -> None:
        """Have TikTok refuse the token that is in force."""
        self.sandbox.exchange.gate.lapse(FIRST_TOKEN)

    def replace_token(self) -> None:
        """Put another token into the file."""
        self._token.write_text(SECOND_TOKEN)

    def stop_selling(self) -> int:
        """Return how many purchases were acknowledged in all."""
        self.run(self._end_posting())
        return len(self.producer.acknowledged)

    async def _open(self) -> None:
        self.sandbox = await Sandbox().__aenter__()
        place = {"RELAY_DESTINATIONS__TIKTOK_MAIN__TOKEN": f"file:{self._token}"}
        self.relay = await Relay(self._folder, self.sandbox.url, environ=place).__aenter__()
        self.producer = Producer(self.relay.producers, "order", batch=2)
        self._stop = asyncio.Event()
        self._posting = asyncio.create_task(self.producer.post_until(self._stop))
        await self.producer.until_acknowledged(20)

    async def _end_posting(self) -> None:
        self._stop.set()
        await self._posting

    async def _close(self) -> None:
        await self._end_posting()
        await self.relay.kill()
        await self.sandbox.__aexit__(None, None, None)
