"""`TOPIC.rejected`: unusable messages as they came, with the reason in their headers.

Key and value are the producer's own bytes, under the access rules of the producer's own cluster,
and go nowhere else. For each bad element of an array, the whole message is written, so the records
share its bytes until they are sent.
"""

from collections.abc import Sequence
from typing import Final

from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from relay.kafka.writer import Record, Tell, Writer
from relay.sources.kafka.message import Rejected

SUFFIX: Final = ".rejected"

Header = tuple[str, bytes]


class RejectedTopics:
    """Writes rejected messages; `close` it in the end."""

    def __init__(self, clients: Clients) -> None:
        self._writer = Writer(clients)

    async def write(self, rejected: Sequence[Rejected], tell: Tell) -> None:
        """Return once the cluster has acknowledged all; `tell` is called with reasons for delay.

        Raises `Fault`; some may then be written already.
        """
        records = [record_of(each) for each in rejected]
        topics = ", ".join(sorted({record.topic for record in records}))

        async def tell_with_topics(fault: Fault) -> None:
            await tell(_about(topics, fault))

        try:
            await self._writer.write(records, tell_with_topics)
        except Fault as fault:
            raise _about(topics, fault) from None

    async def close(self) -> None:
        """Close the producer, if there is one."""
        await self._writer.close()


def record_of(rejected: Rejected) -> Record:
    """Return the record to write for a message, or for one element of its array."""
    message = rejected.piece.message
    return Record(message.topic + SUFFIX, message.key, message.value, _headers(rejected))


def _headers(rejected: Rejected) -> Sequence[Header]:
    problem = rejected.problem
    headers = [
        ("relay-code", problem.code.encode()),
        ("relay-path", problem.path.encode()),
        ("relay-message", problem.message.encode()),
    ]
    if rejected.piece.place is not None:
        headers.append(("relay-index", str(rejected.piece.place).encode()))
    return headers


def _about(topics: str, fault: Fault) -> Fault:
    return Fault(f"{topics}: {fault.reason}", fault.key)
