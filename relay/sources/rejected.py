"""`TOPIC.rejected`: what could not be used, as it came, with the reason in its headers.

The producer lives from the first rejected message until one cannot be written; as long as it
lives, nothing is written twice. Original key and value are the producer's own bytes, under the
access rules of the producer's own cluster; they go nowhere else.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from aiokafka import AIOKafkaProducer

from relay.kafka.client import Clients, close
from relay.kafka.fault import KNOWN, Fault, fault_of
from relay.sources.kafka_message import Rejected

SUFFIX: Final = ".rejected"
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
"""Bytes handed to the producer before it is waited for: of one array, each bad element becomes the
whole message."""

Header = tuple[str, bytes]


class RejectedTopics:
    """Writes rejected messages; `close` it in the end."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._producer: AIOKafkaProducer | None = None

    async def write(self, rejected: Sequence[Rejected]) -> None:
        """Return once the cluster has them all. Raises `Fault`; then some may be there already."""
        try:
            producer = await self._started()
            for portion in _portions(rejected):
                sent = [await _send(producer, each) for each in portion]
                await asyncio.gather(*sent)
        except KNOWN as error:
            await self.close()
            fault = fault_of(error, doing="writing")
            topics = sorted({each.piece.message.topic + SUFFIX for each in rejected})
            raise Fault(f"{', '.join(topics)}: {fault.reason}", fault.key) from None

    async def close(self) -> None:
        """Let go of the producer, if there is one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close(producer)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = self._clients.producer()
            await self._producer.start()
        return self._producer


async def _send(producer: AIOKafkaProducer, rejected: Rejected) -> "asyncio.Future[object]":
    message = rejected.piece.message
    sent: asyncio.Future[object] = await producer.send(
        message.topic + SUFFIX,
        key=message.key,
        value=message.value,
        headers=_headers(rejected),
    )
    return sent


def _headers(rejected: Rejected) -> list[Header]:
    problem = rejected.problem
    headers = [
        ("relay-code", problem.code.encode()),
        ("relay-path", problem.path.encode()),
        ("relay-message", problem.message.encode()),
    ]
    if rejected.piece.place is not None:
        headers.append(("relay-index", str(rejected.piece.place).encode()))
    return headers


def _portions(rejected: Sequence[Rejected]) -> Iterator[Sequence[Rejected]]:
    """Cut into portions of about `MAX_WAITING_BYTES`, one message at least."""
    left = iter(rejected)
    while portion := list(islice(left, 1)):
        size = _size(portion[0])
        while size < MAX_WAITING_BYTES and (following := next(left, None)) is not None:
            portion.append(following)
            size += _size(following)
        yield portion


def _size(rejected: Rejected) -> int:
    message = rejected.piece.message
    return len(message.value or b"") + len(message.key or b"")
