"""`make run-kafka`: a broker, the relay with both platforms emulated, and one purchase.

Until Ctrl-C. Everything listens on loopback: Kafka on 9092, the relay on 8080 and 8081.
"""

import asyncio
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.broker import Cluster, Unavailable, require_free

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE.parents[1] / "data" / "kafka"
PORT: Final = 9092
PRODUCERS_PORT: Final = 8080
ADMIN_PORT: Final = 8081
ADMIN: Final = f"http://127.0.0.1:{ADMIN_PORT}"
READY_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 25.0
TOPIC: Final = "conversions"
PARTITIONS: Final = 6


def main() -> int:
    """Run it all until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run()
    except Unavailable as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


def run() -> None:
    """Run it all. Raises `Unavailable` if something is missing, or if the relay ends."""
    require_free(PRODUCERS_PORT, ADMIN_PORT, PORT)
    with Cluster(DATA, plain_port=PORT) as cluster:
        asyncio.run(make_topic(cluster.address))
        with relay() as process:
            show(cluster.address)
            process.wait()
    raise Unavailable("the relay has ended; what it says is above")


async def make_topic(address: str) -> None:
    """Have the topic that is published to; that it is there from an earlier run is fine."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    finally:
        await admin.close()


def show(address: str) -> None:
    """Publish a purchase, and tell what there is to see."""
    example = HERE / "examples" / "purchase.py"
    subprocess.run([sys.executable, example, address, TOPIC], check=True)
    print(HELP.format(address=address, admin=ADMIN), flush=True)


@contextmanager
def relay() -> "Iterator[subprocess.Popen[bytes]]":
    """Run the relay beside the block."""
    serve = ("serve", "--sandbox", "-c", str(HERE / "relay.toml"))
    command = [sys.executable, "-m", "relay", *serve]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        _wait(process)
        yield process
    finally:
        process.terminate()
        process.wait(STOP_WITHIN_S)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + READY_WITHIN_S
    while not _ready():
        if process.poll() is not None or time.monotonic() > until_s:
            raise Unavailable("the relay did not start; what it says is above")
        time.sleep(0.1)  # between two looks at a process that does not call back


def _ready() -> bool:
    try:
        with urllib.request.urlopen(f"{ADMIN}/readyz"):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


HELP: Final = """
Kafka takes clients on {address}; a purchase was published to the topic conversions.

  What became of it       {admin}/ and .venv/bin/relay status
  Lag and last commit     {admin}/api/v1/sources
  Publish another one     .venv/bin/python deploy/kafka/examples/purchase.py
  How each one ended      .venv/bin/python deploy/kafka/examples/outcomes.py
  What cannot be used     goes to the topic conversions.rejected

Ctrl-C ends it all.
"""


if __name__ == "__main__":
    sys.exit(main())
