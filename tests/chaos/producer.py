"""A producer that never gives up: what was not acknowledged is posted again, with the same ids."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from tests.chaos.event import KINDS, draw, event, kind_of

BATCH: Final = 20
PAUSE_S: Final = 0.3
"""The longest pause between two batches."""
AGAIN_S: Final = 0.1
TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
MALFORMED: Final = "unknown_key"


class Producer:
    """Posts batches of all kinds until told to stop; `complain` is told of wrong answers."""

    def __init__(
        self, url: str, name: str, dice: random.Random, complain: Callable[[str], None]
    ) -> None:
        self._url = f"{url}/v1/events"
        self._name = name
        self._dice = dice
        self._complain = complain
        self._numbers = itertools.count()
        self._again: list[dict[str, Any]] = []
        self.acknowledged: set[str] = set()
        self.rejected: set[str] = set()
        self.answers: Counter[str] = Counter()
        """How often each status came, and how often none."""

    async def post_until(self, stop: asyncio.Event) -> None:
        """Post; return once everything that was posted is acknowledged."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while not stop.is_set():
                await self._deliver(session, self._batch())
                await asyncio.sleep(self._dice.uniform(0, PAUSE_S))

    def _batch(self) -> list[dict[str, Any]]:
        """Return new events, with the repeated ones of the last batch once more."""
        made = [self._event(draw(self._dice)) for _ in range(self._dice.randint(1, BATCH))]
        batch = [*self._again, *made, self._event("purchase")]
        self._again = [each for each in made if each["event_id"].startswith("repeated")]
        return batch

    def _event(self, kind: str) -> dict[str, Any]:
        return event(kind, f"{kind}-{self._name}-{next(self._numbers)}")

    async def _deliver(
        self, session: aiohttp.ClientSession, batch: Sequence[dict[str, Any]]
    ) -> None:
        """Post a batch until it is acknowledged."""
        while True:
            if await self._acknowledged(session, batch):
                return
            await asyncio.sleep(AGAIN_S)

    async def _acknowledged(
        self, session: aiohttp.ClientSession, batch: Sequence[dict[str, Any]]
    ) -> bool:
        try:
            async with session.post(self._url, json=batch) as answer:
                return self._take(batch, answer, await answer.read())
        except (aiohttp.ClientError, TimeoutError):
            self.answers["none"] += 1
            return False

    def _take(
        self, batch: Sequence[dict[str, Any]], answer: aiohttp.ClientResponse, body: bytes
    ) -> bool:
        self.answers[str(answer.status)] += 1
        if answer.status == 202:
            self._count(batch, msgspec.json.decode(body))
            return True
        if answer.status != 503 or "Retry-After" not in answer.headers:
            self._complain(f"a producer was answered {answer.status}: {body[:200]!r}")
        return False

    def _count(self, batch: Sequence[dict[str, Any]], told: Any) -> None:
        refused = {(each["index"], each["code"]) for each in told["errors"]}
        for index, each in enumerate(batch):
            malformed = KINDS[each["event_id"].partition("-")[0]].malformed
            if malformed != ((index, MALFORMED) in refused):
                self._complain(f"{each['event_id']} was judged wrongly on arrival")
            (self.rejected if malformed else self.acknowledged).add(each["event_id"])
        if told["accepted"] + len(refused) != len(batch) or told["rejected"] != len(refused):
            self._complain(f"an answer does not add up: {told}")


def of_kind(event_ids: set[str], kind: str) -> set[str]:
    """Return the ids of one kind."""
    return {each for each in event_ids if kind_of(each) is KINDS[kind]}
