"""Looks at `/metrics` all the time: the law of conservation, and that no lifetime count falls."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

EVERY_S: Final = 0.25
TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
ENTERED: Final = ("accepted", "replayed")
LEFT: Final = ("skipped", "delivered", "dead")

Counts = Mapping[tuple[str, str], float]
"""By name of the count (`accepted`, `pending`, …) and destination."""


class Sampler:
    """Samples until told to stop; `complain` is told of every scrape that does not add up."""

    def __init__(self, url: str, complain: Callable[[str], None]) -> None:
        self._url = f"{url}/metrics"
        self._complain = complain
        self._before: Counts = {}
        self.samples = 0

    async def sample_until(self, stop: asyncio.Event) -> None:
        """Look several times a second; what was told holds after a crash and a restart, too."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while not stop.is_set():
                with suppress(aiohttp.ClientError, TimeoutError):
                    await self._sample(session)
                await asyncio.sleep(EVERY_S)

    async def _sample(self, session: aiohttp.ClientSession) -> None:
        async with session.get(self._url) as answer:
            text = await answer.text()
            if answer.status != 200:
                if answer.status != 503:
                    self._complain(f"/metrics answered {answer.status}")
                return
        counts = counts_of(text)
        self.samples += 1
        for problem in problems(self._before, counts):
            self._complain(problem)
        self._before = counts


def counts_of(text: str) -> Counts:
    """Return the counts of events in a scrape, summed over reasons and event names."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        name = family.name.removeprefix("relay_events_")
        if name in {*ENTERED, *LEFT, "pending"}:
            for sample in family.samples:
                found[name, sample.labels["destination"]] += sample.value
    return dict(found)


def problems(before: Counts, now: Counts) -> list[str]:
    """Return what is wrong with a scrape, seen by itself and after the one before."""
    found = []
    for destination in sorted({destination for _, destination in now}):
        count = {name: now.get((name, destination), 0) for name in (*ENTERED, *LEFT, "pending")}
        entered, left = (sum(count[name] for name in names) for names in (ENTERED, LEFT))
        if count["pending"] < 0 or entered != left + count["pending"]:
            found.append(f"the sums of {destination} do not add up: {count}")
    return [*found, *_fallen(before, now)]


def _fallen(before: Counts, now: Counts) -> Iterator[str]:
    for (name, destination), count in before.items():
        later = now.get((name, destination), 0)
        if name != "pending" and later < count:
            yield f"{name} of {destination} fell from {count:g} to {later:g}"
