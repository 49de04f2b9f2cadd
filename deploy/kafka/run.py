"""`make run-kafka`: a broker, the relay with both platforms emulated, and one purchase.

Until Ctrl-C. Everything listens on loopback: Kafka on 9092, the relay on 8080 and 8081.
"""

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

from deploy.kafka.broker import Cluster, Unavailable

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE.parents[1] / "data" / "kafka"
PORT: Final = 9092
ADMIN: Final = "http://127.0.0.1:8081"
READY_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 25.0
TOPIC: Final = "conversions"


def main() -> int:
    """Run it all."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Cluster(DATA, plain_port=PORT) as cluster, relay():
            address = cluster.nodes[0].address
            subprocess.run(
                [sys.executable, HERE / "examples" / "purchase.py", address, TOPIC], check=True
            )
            print(HELP.format(address=address, admin=ADMIN), flush=True)
            signal.pause()
    except Unavailable as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


@contextmanager
def relay() -> Iterator[None]:
    """Run the relay beside the block."""
    serve = ("serve", "--sandbox", "-c", str(HERE / "relay.toml"))
    command = [sys.executable, "-m", "relay", *serve]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        _wait(process)
        yield
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

  See what became of it   {admin}/
  Lag and last commit     {admin}/api/v1/sources
  Publish another one     .venv/bin/python deploy/kafka/examples/purchase.py
  What cannot be used     goes to the topic conversions.rejected
  How each one ended      is in the topic relay.outcomes

Ctrl-C ends it all.
"""


if __name__ == "__main__":
    sys.exit(main())
