"""Ends tasks and clients, whatever the cluster does.

aiokafka's `stop` waits for the cluster. If it is cut short, it leaves tasks and connections behind,
which would go on trying for ever, and might finally write what the relay has given up and written
again. So this module ends them part by part.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

CLOSE_WITHIN_S: Final = 1.0


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task that has not ended, and wait for its end."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group and end, or end at once if the cluster does not answer."""
    if await _is_done(consumer.stop()):
        return
    parts = (consumer._coordinator, consumer._fetcher, consumer._client)  # noqa: SLF001 - as above
    for part in parts:
        if part is not None:
            await _is_done(part.close())


async def close_producer(producer: AIOKafkaProducer) -> None:
    """End at once; records that are not acknowledged yet are not tried any more.

    `stop` could do no better: whoever needs a record written waits for it.
    """
    producer._closed = True  # noqa: SLF001 - what `stop` does first
    sending = producer._sender.sender_task  # noqa: SLF001 - what `stop` would wait for
    if sending is not None:
        sending.cancel()  # before its requests fail, or it would begin others
    await _is_done(producer.client.close())
    if sending is not None:
        await asyncio.wait({sending}, timeout=CLOSE_WITHIN_S)
        await end(sending)


async def _is_done(ending: Coroutine[Any, Any, None]) -> bool:
    """Return whether it ends in time and without an error."""
    task = asyncio.create_task(ending)
    try:
        await asyncio.wait({task}, timeout=CLOSE_WITHIN_S)
    finally:
        await end(task)
    return not task.cancelled() and task.exception() is None
