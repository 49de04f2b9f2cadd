"""The straightforward service that the relay is compared with: good tools, no cleverness.

What a competent engineer writes in an afternoon: an aiohttp application, pydantic models,
phonenumbers, SQLite with a commit before the 202, then per event and destination one POST and
one commit that marks it as delivered, when the platform's body says so. What could not be
delivered is taken up again at the next start. It is no straw man, and no part of the product.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import click
from aiohttp import web
from pydantic import ValidationError

from tests.bench.baseline.event import Event
from tests.bench.baseline.platform import Destination, Json, Pinterest, TikTok

WORKERS_PER_DESTINATION = 8
QUEUE_LIMIT = 10_000
"""Deliveries that wait in memory for a destination; beyond it the producer waits for its 202."""
MAX_BODY_BYTES = 5 * 1024 * 1024
RETRY_DELAYS_S = (1.0, 5.0, 30.0)
"""After the last of them an event waits for the next start."""
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, destination INTEGER NOT NULL, body TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0
);
"""
INSERT = "INSERT INTO delivery (destination, body) VALUES (?, ?)"
PENDING = "SELECT destination, id, body FROM delivery WHERE NOT delivered ORDER BY id"
DELIVERED = "UPDATE delivery SET delivered = 1 WHERE id = ?"

Delivery = tuple[int, int, str]
"""Number of the destination, row, body of the request."""


class Service:
    """Takes events, keeps them, sends them on."""

    def __init__(self, path: Path, destinations: list[Destination]) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(SCHEMA)
        self._destinations = destinations
        self._queues = [asyncio.Queue[tuple[int, str]](QUEUE_LIMIT) for _ in destinations]

    async def accept(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/events` when every valid event is on disk."""
        try:
            document = json.loads(await request.read())
        except ValueError:
            return web.json_response({"accepted": 0, "rejected": 0}, status=400)
        events, errors = validated(document if isinstance(document, list) else [document])
        for index, row, body in self._store(events):
            await self._queues[index].put((row, body))
        answer = {"accepted": len(events), "rejected": len(errors), "errors": errors}
        return web.json_response(answer, status=202 if events else 400)

    def _store(self, events: list[Event]) -> list[Delivery]:
        """Commit the deliveries of one request."""
        bodies = [
            (index, json.dumps(destination.request(event)))
            for event in events
            for index, destination in enumerate(self._destinations)
        ]
        with self._database:
            return [
                (index, self._database.execute(INSERT, (index, body)).lastrowid or 0, body)
                for index, body in bodies
            ]

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Keep the senders going for as long as the application runs."""
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            senders = [
                asyncio.create_task(self._send(session, index))
                for index in range(len(self._destinations))
                for _ in range(WORKERS_PER_DESTINATION)
            ]
            for index, row, body in self._database.execute(PENDING).fetchall():
                await self._queues[index].put((row, body))
            yield
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
        self._database.close()

    async def _send(self, session: aiohttp.ClientSession, index: int) -> None:
        """Send what the queue holds, one event at a time."""
        while True:
            row, body = await self._queues[index].get()
            await self._deliver(session, self._destinations[index], row, body)

    async def _deliver(
        self, session: aiohttp.ClientSession, destination: Destination, row: int, body: str
    ) -> None:
        for delay_s in RETRY_DELAYS_S:
            if await self._post(session, destination, body):
                with self._database:
                    self._database.execute(DELIVERED, (row,))
                return
            await asyncio.sleep(delay_s)

    async def _post(
        self, session: aiohttp.ClientSession, destination: Destination, body: str
    ) -> bool:
        headers = destination.headers | {"Content-Type": "application/json"}
        try:
            async with session.post(destination.url, data=body, headers=headers) as response:
                answer: Json = json.loads(await response.read())
                return destination.is_delivered(response.status, answer)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False


def validated(raw_events: list[object]) -> tuple[list[Event], list[Json]]:
    """Return the valid events, and one error for each of the others."""
    events: list[Event] = []
    errors: list[Json] = []
    for index, raw_event in enumerate(raw_events):
        try:
            events.append(Event.model_validate(raw_event))
        except ValidationError as error:
            errors.append({"index": index, "message": error.errors()[0]["msg"]})
    return events, errors


async def ready(_request: web.Request) -> web.Response:
    """Answer `GET /readyz`."""
    return web.json_response({"status": "ok"})


def destinations(sink: str, count: int) -> list[Destination]:
    """Return `count` destinations at the address `sink`, Pinterest and TikTok by turns."""
    return [
        TikTok(sink, f"BENCH{number}", "bench")
        if number % 2
        else Pinterest(sink, str(number), "pina_bench")
        for number in range(count)
    ]


async def application(path: Path, sink: str, destination_count: int) -> web.Application:
    """Return the application; its queues belong to the loop that this runs on."""
    service = Service(path, destinations(sink, destination_count))
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/v1/events", service.accept)
    app.router.add_get("/readyz", ready)
    app.cleanup_ctx.append(service.run)
    return app


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--database", type=click.Path(path_type=Path), required=True)
@click.option("--sink", required=True, help="Address of both platforms, http://host:port.")
@click.option("--destinations", "destination_count", type=click.IntRange(1), default=2)
def main(port: int, database: Path, sink: str, destination_count: int) -> None:
    """Run the baseline on PORT of this machine until it is told to stop."""
    app = application(database, sink, destination_count)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main()
