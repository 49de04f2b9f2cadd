"""The services that a bench measures: how each is started and where it takes events.

Both send to the same counting sink and keep what they took on the same disk. The relay runs as a
user would run it; only its request rates are raised, since the sink stands in for platforms whose
limits are not what is measured.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.bench.case import Case, Work

RATE = 1_000
"""Requests a second and destination: more than any case needs."""
TOKENS = {"BENCH_PINTEREST_TOKEN": "pina_bench", "BENCH_TIKTOK_TOKEN": "bench"}

RELAY_CONFIG = """\
[server]
listen = "127.0.0.1:{port}"
workers = 1
[admin]
listen = "127.0.0.1:{admin_port}"
[intake]
default_country = "US"
[journal]
path = "{folder}/relay.db"
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
    """Free ports of this machine: for events, for the admin port, and the sink's."""

    events: int
    admin: int
    sink: int

    @property
    def sink_url(self) -> str:
        """The address of both platforms."""
        return f"http://127.0.0.1:{self.sink}"


def relay_config(case: Case, folder: Path, ports: Ports) -> str:
    """Return the relay's TOML with as many destinations as the case wants."""
    head = RELAY_CONFIG.format(port=ports.events, admin_port=ports.admin, folder=folder)
    tables = [
        (TIKTOK_CONFIG if number % 2 else PINTEREST_CONFIG).format(
            number=number, sink=ports.sink_url, rate=RATE
        )
        for number in range(case.destinations)
    ]
    return head + "".join(tables)


def relay_command(case: Case, folder: Path, ports: Ports) -> list[str]:
    """Write the relay's configuration and return how it is started."""
    config = folder / "relay.toml"
    config.write_text(relay_config(case, folder, ports))
    return ["relay", "serve", "-c", str(config)]


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
    work: Callable[[Case], Work]
    command: Callable[[Case, Path, Ports], list[str]]
    """Module and arguments for this Python; files go to the folder."""
    ready_url: Callable[[Ports], str]


RELAY = Contender(
    name="relay",
    work=lambda case: case.relay,
    command=relay_command,
    ready_url=lambda ports: f"http://127.0.0.1:{ports.admin}/readyz",
)
BASELINE = Contender(
    name="baseline",
    work=lambda case: case.baseline,
    command=baseline_command,
    ready_url=lambda ports: f"http://127.0.0.1:{ports.events}/readyz",
)
