"""One trial: one contender, freshly started on an empty disk folder, does the work of a case once.

The clock runs from the first byte that is sent to the moment when the sink has counted the last
event at the last destination, so that an answer given early earns nothing. A trial in which an
event was refused, lost or delivered twice has no figures; it raises `BenchError`.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import msgspec

from tests.bench.case import Case
from tests.bench.child import BenchError, Child, Cores, output_of, python, running
from tests.bench.contender import TOKENS, Contender, Ports
from tests.bench.load import Summary
from tests.bench.sink import Count
from tests.bench.usage import Usage, usage

START_S = 30.0
DELIVERY_S = 120.0
"""From the last answer to a producer until everything is delivered."""
PROBE_S = 2.0


class Bodies(msgspec.Struct, frozen=True):
    """Two files of request bodies that have no event in common."""

    warm_up: Path
    measured: Path


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one trial found."""

    events: int
    wall_s: float
    events_per_s: float
    cpu_us_per_event: float
    rss_peak_bytes: int
    written_bytes_per_event: float
    answer_p50_ms: float
    answer_p99_ms: float
    events_per_post: float


class Snapshot(msgspec.Struct, frozen=True):
    """What the contender has used and the sink has counted since they were started."""

    usage: Usage
    count: Count


class Trial:
    """A contender and its sink, and how many events were given to them so far."""

    def __init__(self, case: Case, contender: Contender, cores: Cores, folder: Path) -> None:
        self._case = case
        self._contender = contender
        self._cores = cores
        self._folder = folder
        self._ports = Ports(*free_ports(3))
        self._posted_events = 0

    def measure(self, bodies: Bodies) -> Measurement:
        """Start everything, warm up, measure, end everything."""
        work = self._contender.work(self._case)
        with self._sink(), self._service() as service:
            self._deliver(service, bodies.warm_up, work.warm_up_events)
            before = Snapshot(usage(service.pid), self._count())
            load = self._deliver(service, bodies.measured, work.events)
            return measurement(load, before, Snapshot(usage(service.pid), self._count()))

    @contextmanager
    def _sink(self) -> Iterator[None]:
        options = (f"--port={self._ports.sink}", f"--latency-ms={self._case.sink_latency_ms}")
        command = python("tests.bench.sink", *options, cores=self._cores.tools)
        with running(command, self._folder / "sink.log") as sink:
            sink.wait_until(lambda: answers(f"{self._ports.sink_url}/count"), "a sink", START_S)
            yield

    @contextmanager
    def _service(self) -> Iterator[Child]:
        name, ready_url = self._contender.name, self._contender.ready_url(self._ports)
        arguments = self._contender.command(self._case, self._folder, self._ports)
        command = python(*arguments, cores=self._cores.service)
        with running(command, self._folder / f"{name}.log", TOKENS) as service:
            service.wait_until(lambda: answers(ready_url), f"a ready {name}", START_S)
            yield service

    def _deliver(self, service: Child, bodies: Path, events: int) -> Summary:
        """Post the file and wait until the sink has counted all of it."""
        options = (f"--port={self._ports.events}", f"--connections={self._case.connections}")
        command = python("tests.bench.load", str(bodies), *options, cores=self._cores.tools)
        load = msgspec.json.decode(output_of(command), type=Summary)
        if load.accepted != events or load.statuses.keys() != {"202"}:
            raise BenchError(f"{load.accepted} of {events} events accepted, by {load.statuses}")
        self._posted_events += events
        service.wait_until(
            self._has_arrived, f"the delivery of {self._posted_events} events", DELIVERY_S
        )
        return load

    def _has_arrived(self) -> bool:
        """Tell whether every destination has everything; an event too many is a failure."""
        count, destinations = self._count(), self._case.destinations
        arrived = (count.pinterest.events, count.tiktok.events)
        accounts = (destinations - destinations // 2, destinations // 2)
        expected = tuple(self._posted_events * number for number in accounts)
        if any(found > wanted for found, wanted in zip(arrived, expected, strict=True)):
            raise BenchError(f"{arrived} events arrived where {expected} were posted")
        return arrived == expected

    def _count(self) -> Count:
        with urlopen(f"{self._ports.sink_url}/count", timeout=PROBE_S) as answer:
            return msgspec.json.decode(answer.read(), type=Count)


def measurement(load: Summary, before: Snapshot, after: Snapshot) -> Measurement:
    """Return the figures of the work that was done between two snapshots."""
    events, wall_s = load.accepted, after.count.last_at_s - load.began_at_s
    cpu_s = after.usage.cpu_s - before.usage.cpu_s
    written_bytes = after.usage.written_bytes - before.usage.written_bytes
    posts = after.count.requests - before.count.requests
    return Measurement(
        events=events,
        wall_s=wall_s,
        events_per_s=events / wall_s,
        cpu_us_per_event=cpu_s / events * 1e6,
        rss_peak_bytes=after.usage.rss_peak_bytes,
        written_bytes_per_event=written_bytes / events,
        answer_p50_ms=load.answer_p50_ms,
        answer_p99_ms=load.answer_p99_ms,
        events_per_post=(after.count.events - before.count.events) / posts,
    )


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nothing listens on; another process may still take one."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(url: str) -> bool:
    """Tell whether a GET of `url` is answered with 200."""
    try:
        with urlopen(url, timeout=PROBE_S) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
