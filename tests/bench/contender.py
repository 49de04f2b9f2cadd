"""The services that a bench measures: how each is started and where it takes events.

Both send to the same counting sink and keep what they took on the same disk. The relay runs as a
user would run it; only its request rates are raised, since the sink stands in for platforms whose
limits are not what is measured.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from relay.config import parse
from tests.bench.case import BASELINE, RELAY, Case, Work

TOPIC = "conversions"
SPARE_CONNECTIONS = 100
"""Above those of the case: a connection that is being closed still counts."""
RATE = 1_000
"""Requests a second and destination: more than any case needs."""
TOKENS = {"BENCH_PINTEREST_TOKEN": "pina_bench", "BENCH_TIKTOK_TOKEN": "bench"}

RELAY_CONFIG = """\
[server]
listen = "127.0.0.1:{port}"
workers = {workers}
max_connections = {connections}
[admin]
listen = "127.0.0.1:{admin_port}"
[intake]
default_country = "US"
[journal]
path = "{folder}/relay.db"
"""
KAFKA_CONFIG = """\
[kafka]
bootstrap_servers = "{address}"
[sources.kafka]
topics = ["{topic}"]
group_id = "relay-bench"
"""
PINTEREST_CONFIG = """\
[destinations.pinterest-{number}]
type = "pinterest"
ad_account_id = "54975588{number:04d}"
token = "env:BENCH_PINTEREST_TOKEN"
base_url = "{sink}"
rate = {rate}
"""
TIKTOK_CONFIG = """\
[destinations.tiktok-{number}]
type = "tiktok"
pixel_code = "BENCH{number}"
token = "env:BENCH_TIKTOK_TOKEN"
base_url = "{sink}"
rate = {rate}
"""


class Ports(msgspec.Struct, frozen=True):
    """Ports of this machine: for events, for the admin port, and the sink's."""

    events: int
    admin: int
    sink: int
    kafka: str = ""
    """`host:port` of a broker, if the case has one."""

    @property
    def sink_url(self) -> str:
        """The address of both platforms."""
        return f"http://127.0.0.1:{self.sink}"


def destination_names(case: Case) -> list[str]:
    """Return how the relay's destinations are called."""
    kinds = ("pinterest", "tiktok")
    return [f"{kinds[number % 2]}-{number}" for number in range(case.destinations)]


def relay_config(case: Case, folder: Path, ports: Ports) -> str:
    """Return the relay's TOML with as many destinations as the case wants."""
    head = RELAY_CONFIG.format(
        port=ports.events,
        admin_port=ports.admin,
        workers=case.workers,
        connections=case.connections + SPARE_CONNECTIONS,
        folder=folder,
    )
    kafka = KAFKA_CONFIG.format(address=ports.kafka, topic=TOPIC) if ports.kafka else ""
    tables = [
        (TIKTOK_CONFIG if number % 2 else PINTEREST_CONFIG).format(
            number=number, sink=ports.sink_url, rate=RATE
        )
        for number in range(case.destinations)
    ]
    return head + kafka + "".join(tables)


def linger_ms(case: Case) -> float:
    """Return how long a request of the relay waits for more events, by its defaults."""
    config = parse(relay_config(case, Path(), Ports(1, 2, 3)), TOKENS, origin="bench")
    return max(each.linger for each in config.destinations.values()) * 1_000


def write_config(case: Case, folder: Path, ports: Ports) -> Path:
    """Write the relay's configuration and return its file."""
    config = folder / "relay.toml"
    config.write_text(relay_config(case, folder, ports))
    return config


def relay_command(case: Case, folder: Path, ports: Ports) -> list[str]:
    """Write the relay's configuration and return how it is started."""
    return ["relay", "serve", "-c", str(write_config(case, folder, ports))]


def baseline_command(case: Case, folder: Path, ports: Ports) -> list[str]:
    """Return how the baseline is started."""
    database = folder / "baseline.db"
    options = {"port": ports.events, "database": database, "sink": ports.sink_url}
    options["destinations"] = case.destinations
    arguments = [f"--{key}={value}" for key, value in options.items()]
    return ["tests.bench.baseline.service", *arguments]


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A service that takes events at `POST /v1/events` and delivers them to the sink."""

    name: str
    work: Callable[[Case], Work | None]
    """None where it is left out."""
    command: Callable[[Case, Path, Ports], list[str]]
    """Module and arguments for this Python; files go to the folder."""
    ready_url: Callable[[Ports], str]


SERVICES = {
    RELAY: Contender(
        name=RELAY,
        work=lambda case: case.relay,
        command=relay_command,
        ready_url=lambda ports: f"http://127.0.0.1:{ports.admin}/readyz",
    ),
    BASELINE: Contender(
        name=BASELINE,
        work=lambda case: case.baseline,
        command=baseline_command,
        ready_url=lambda ports: f"http://127.0.0.1:{ports.events}/readyz",
    ),
}
