"""Publish a purchase with aiokafka (`pip install aiokafka`).

    python purchase.py [BOOTSTRAP_SERVERS [TOPIC]]

The key is free; the order id keeps all events of an order in one partition. Send the same
`event_id` from the browser pixel, so that the platforms count the purchase once.
"""

import asyncio
import json
import sys
import time
import uuid

from aiokafka import AIOKafkaProducer


def purchase(order_id: str) -> dict[str, object]:
    """Return what the shop knows of an order; the relay hashes the person's data."""
    return {
        "event": "purchase",
        "event_id": f"purchase-{order_id}",
        "event_time": int(time.time()),
        "user": {"email": "jane@example.com", "phone": "+1 202 555 0123", "country": "US"},
        "order": {
            "order_id": order_id,
            "value": "59.90",
            "currency": "USD",
            "items": [{"id": "lamp-1", "price": "29.95", "quantity": 2}],
        },
        "page": {"url": "https://shop.example/thanks"},
    }


async def main(bootstrap_servers: str = "127.0.0.1:9092", topic: str = "conversions") -> None:
    """Publish one purchase and return once the cluster has stored it."""
    order_id = uuid.uuid4().hex[:12]
    message = json.dumps(purchase(order_id)).encode()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True
    )
    await producer.start()
    try:
        await producer.send_and_wait(topic, message, key=order_id.encode())
    finally:
        await producer.stop()
    print(f"published purchase-{order_id} to {topic}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
