"""The emulator of both platforms as a process that writes down every request, without bound.

Called as `python -m tests.chaos.emulator PORT RECORD SEED`. The emulator's own inbox forgets old
events; an account of a whole run needs them all.
"""

import asyncio
import random
import sys
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from relay.cli.serving.signals import until_told
from relay.sandbox import Sandbox
from relay.sandbox.answer import PlatformName
from relay.sandbox.inbox import Inbox, RequestSeen
from relay.sandbox.platform import Ending, Reading
from tests.chaos.record import Request


class Witness(Inbox):
    """An inbox that also writes each request to a file, whole lines at once."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._encode = msgspec.json.Encoder().encode

    def record(
        self,
        platform: PlatformName,
        reading: Reading,
        ending: Ending,
        *,
        received_at: float,
        step: int | None,
        broken: bool,
        recorded: bool = False,
    ) -> RequestSeen:
        """Keep one request, here and in the file."""
        seen = super().record(
            platform,
            reading,
            ending,
            received_at=received_at,
            step=step,
            broken=broken,
            recorded=recorded,
        )
        latest = list(islice(reversed(self.events), seen.event_count))
        request = Request(
            received_at=received_at,
            platform=platform,
            status=ending.reply.status,
            code=seen.code,
            broken=broken,
            events=[(event.event_id, event.verdict) for event in reversed(latest)],
        )
        self._file.write(self._encode(request) + b"\n")
        return seen


async def serve(port: int, file: BinaryIO, dice: random.Random) -> None:
    """Emulate both platforms until told to stop."""
    sandbox = Sandbox(port=port, random=dice)
    sandbox.exchange.inbox = Witness(file)
    async with until_told() as stop, sandbox:
        await stop.wait()


def main(port: str, record: str, seed: str) -> None:
    """Emulate both platforms, with a record."""
    with Path(record).open("wb", buffering=0) as file:
        asyncio.run(serve(int(port), file, random.Random(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
