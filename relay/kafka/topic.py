"""The topics that the relay reads and writes: which of them exist, and making those it may make.

Producers' topics are never made. The topics that the relay itself writes are made, with the
cluster's default partitions and replicas, unless the user may not; then `make` returns the reason.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from relay.kafka.client import Clients

LARGE: Final = {"max.message.bytes": str(100 * 1024 * 1024)}
"""As much as a broker takes in one request: any message of one topic must fit into another."""


async def existing(clients: Clients) -> frozenset[str]:
    """Return the topics that the user may see. Raises what aiokafka raises, or `Fault`."""
    async with _admin(clients) as admin:
        return frozenset(await admin.list_topics())


async def make(clients: Clients, names: Collection[str]) -> Mapping[str, str]:
    """Make the topics that are missing; return the reason for each that cannot be made."""
    async with _admin(clients) as admin:
        known = frozenset(await admin.list_topics())
        missing = [name for name in names if name not in known]
        return {
            name: reason for name in missing if (reason := await _make(admin, name)) is not None
        }


async def _make(admin: AIOKafkaAdminClient, name: str) -> str | None:
    """Make a topic, without settings if the cluster forbids them; return why it failed, or None."""
    reason = await _create(admin, name, LARGE)
    return reason and await _create(admin, name, {})


async def _create(admin: AIOKafkaAdminClient, name: str, settings: dict[str, str]) -> str | None:
    # The client takes -1, the broker's default, only with a replica assignment, even an empty one.
    topic = NewTopic(name, -1, -1, replica_assignments={}, topic_configs=settings)
    answer: Any = await admin.create_topics([topic])
    kind = for_code(answer.topic_errors[0][1])
    return None if kind in {NoError, TopicAlreadyExistsError} else str(kind.message)


@asynccontextmanager
async def _admin(clients: Clients) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = clients.admin()
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
