"""Apache Kafka on loopback, for tests and laptops: fetched with Maven, one node or several.

    python3 -m deploy.kafka.broker             a broker on 127.0.0.1:9092 until Ctrl-C

Needs `java` (17 or newer) and, the first time, `mvn`: together they are Debian's
`openjdk-17-jre-headless` and `maven`. It is no set-up for production: replication is what the
number of nodes allows, the password stands in `settings.py`, and the certificate signs itself.
"""

import argparse
import base64
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.kafka.settings import (
    GUEST,
    PASSWORD,
    STORE_PASSWORD,
    USER,
    Ports,
    is_free,
    ports_of,
    settings_of,
)

__all__ = ["GUEST", "PASSWORD", "USER", "Cluster", "Node", "Unavailable", "fetch", "require_free"]

HERE: Final = Path(__file__).resolve().parent
JARS: Final = HERE.parents[1] / "build" / "kafka"
START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 30.0
STARTED: Final = "Kafka Server started"
JVM: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Small and quick to start; a broker for load would let the compiler do its whole work."""


class Unavailable(Exception):
    """The broker cannot be run here; the text says what is missing."""


class Node:
    """One broker that is its own controller; stopped or killed, it can be started again."""

    def __init__(self, folder: Path, number: int, quorum: Sequence[Ports]) -> None:
        self.ports = quorum[number]
        self.number = number
        self._folder = folder
        self._properties = folder / "server.properties"
        self._log = folder / "broker.log"
        self._quorum = quorum
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port` without password and encryption."""
        return f"127.0.0.1:{self.ports.plain}"

    @property
    def secured_address(self) -> str:
        """`host:port` with both; the certificate names 127.0.0.1 and localhost."""
        return f"127.0.0.1:{self.ports.secured}"

    def format(self, cluster_id: str, key: Path) -> None:
        """Make the node's folder, empty but for the one user."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / "log" / "meta.properties").exists():
            return
        settings = settings_of(self._folder, self.number, self._quorum, key)
        self._properties.write_text("".join(f"{name}={text}\n" for name, text in settings.items()))
        scram = [f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)]
        arguments: list[str | Path] = ["-t", cluster_id, "-c", self._properties]
        for each in scram:
            arguments += ["--add-scram", each]
        done = subprocess.run(
            _java("kafka.tools.StorageTool", "format", *arguments),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise Unavailable(f"the storage cannot be formatted: {said[-500:]}")

    def launch(self) -> None:
        """Start the process; `wait` tells when it takes clients.

        Raises `Unavailable` if something else listens where it should.
        """
        require_free(*self.ports)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                _java("kafka.Kafka", self._properties),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the script, which stops it in order
            )

    def wait(self) -> None:
        """Return once the node takes clients. Raises `Unavailable` if it ends instead."""
        assert self._process is not None
        until_s = time.monotonic() + START_WITHIN_S
        while STARTED not in self._log.read_text(errors="replace"):
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise Unavailable(f"the broker did not start; see {self._log}")
            time.sleep(0.05)  # a broker tells that it is up by its log alone

    def start(self) -> None:
        """Start it and return once it takes clients."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """End it in order; by force if that takes too long."""
        if self._end(signal.SIGTERM, STOP_WITHIN_S) is None:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL, STOP_WITHIN_S)

    def _end(self, number: signal.Signals, within_s: float) -> int | None:
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(number)
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None


class Cluster:
    """Nodes on loopback, running while the context is open; ports are free ones unless given."""

    def __init__(self, folder: Path, nodes: int = 1, *, plain_port: int = 0) -> None:
        self._folder = folder
        self._key = folder / "broker.p12"
        self.authority = folder / "ca.pem"
        """What clients trust on the secured port."""
        quorum = ports_of(folder, nodes, plain_port)
        self.nodes = [Node(folder / str(number), number, quorum) for number in range(nodes)]
        self._stack = ExitStack()

    @property
    def address(self) -> str:
        """The nodes' addresses, by comma."""
        return ",".join(node.address for node in self.nodes)

    @property
    def secured_address(self) -> str:
        """The nodes' secured addresses, by comma."""
        return ",".join(node.secured_address for node in self.nodes)

    def __enter__(self) -> Self:
        fetch()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_key()
        # The leading letter keeps it from looking like an option.
        cluster_id = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        with self._stack as stack:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda node: node.format(cluster_id, self._key), self.nodes))
            for node in self.nodes:
                # Without a majority of its controllers, a node does not end in order.
                stack.callback(node.stop if len(self.nodes) == 1 else node.kill)
                node.launch()
            for node in self.nodes:
                node.wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _make_key(self) -> None:
        if self.authority.exists():
            return
        store = ("-keystore", self._key, "-storepass", STORE_PASSWORD, "-alias", "broker")
        _run(
            *("keytool", "-genkeypair", *store, "-storetype", "PKCS12", "-keyalg", "RSA"),
            *("-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost"),
            *("-validity", "365"),
        )
        _run("keytool", "-exportcert", "-rfc", *store, "-file", self.authority)


def fetch() -> None:
    """Have the broker's packages in `build/kafka`; from Maven's repository the first time.

    Raises `Unavailable` if Java, Maven or the network is missing.
    """
    if shutil.which("java") is None:
        raise Unavailable("java is missing; install openjdk-17-jre-headless")
    version = (HERE / "pom.xml").read_text()
    mark = JARS / "pom.xml"
    if mark.exists() and mark.read_text() == version:
        return
    if shutil.which("mvn") is None:
        raise Unavailable("mvn is missing, which fetches the broker once; install maven")
    shutil.rmtree(JARS, ignore_errors=True)
    _run(
        *("mvn", "--quiet", "--batch-mode", "--file", HERE / "pom.xml"),
        *("dependency:copy-dependencies", f"-DoutputDirectory={JARS}"),
    )
    mark.write_text(version)


def require_free(*ports: int) -> None:
    """Raise `Unavailable` if something listens on one of the ports of loopback."""
    for port in ports:
        if not is_free(port):
            raise Unavailable(f"something else listens on 127.0.0.1:{port}; end it first")


def _java(*arguments: str | Path) -> Sequence[str | Path]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return ("java", *JVM, logging, "-cp", f"{JARS}/*", *arguments)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise Unavailable(f"{command[0]} failed: {said[-500:]}")


def main() -> int:
    """Run a broker until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Run Apache Kafka on loopback.")
    parser.add_argument("--port", type=int, default=9092, help="where clients come (9092)")
    parser.add_argument("--folder", type=Path, default=Path("data/kafka"), help="where it stores")
    parser.add_argument("--fetch", action="store_true", help="only fetch the packages")
    chosen = parser.parse_args()
    try:
        fetch()
        if not chosen.fetch:
            _serve(Cluster(chosen.folder.resolve(), plain_port=chosen.port))
    except Unavailable as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(cluster: Cluster) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cluster:
        print(f"Kafka takes clients on {cluster.address} (pid {os.getpid()}).", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("Kafka is stopping.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
