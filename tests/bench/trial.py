"""One trial: one contender, freshly started in an empty folder, does the work of a case once.

A trial in which an event was refused, lost or delivered twice has no figures; it raises
`BenchError`. What the figures mean is told in `tests.bench.measurement`.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

import msgspec

from tests.bench.broker import broker
from tests.bench.case import Case, Work
from tests.bench.chain import Cost
from tests.bench.child import BenchError, Child, Cores, output_of, python, running
from tests.bench.contender import TOKENS, TOPIC, Contender, Ports, write_config
from tests.bench.load import Summary
from tests.bench.measurement import Measurement, Snapshot, Span, latencies_s, measurement
from tests.bench.sink import Arrival, Count
from tests.bench.usage import usage

START_S = 30.0
DELIVERY_S = 300.0
"""From the last answer to a producer until everything is delivered."""
PROBE_S = 10.0

Observer = Callable[[int], AbstractContextManager[None]]
"""Told the process of the contender for as long as its work is measured."""


def unobserved(pid: int) -> AbstractContextManager[None]:
    """Observe nothing."""
    del pid
    return nullcontext()


class Bodies(msgspec.Struct, frozen=True):
    """Two files of request bodies that have no event in common."""

    warm_up: Path
    measured: Path


class Trial:
    """A contender and its sink, and how many events were given to them so far.

    `events_per_s` is what an open loop posts, None for a closed one.
    """

    def __init__(
        self,
        case: Case,
        contender: Contender,
        cores: Cores,
        folder: Path,
        events_per_s: float | None = None,
    ) -> None:
        self._case = case
        self._contender = contender
        self._cores = cores
        self._folder = folder
        self._bodies_per_s = events_per_s and events_per_s / case.body_events
        self._ports = free_ports()
        self._posted_events = case.waiting_events

    def measure(self, bodies: Bodies, work: Work, observer: Observer = unobserved) -> Measurement:
        """Start everything, warm up, measure, end everything."""
        with self._broker(), self._sink(), self._service() as service:
            if work.warm_up_events:
                self._deliver(service, bodies.warm_up, work.warm_up_events)
            before = self._snapshot(service)
            with observer(service.pid):
                load = self._deliver(service, bodies.measured, work.events)
            after = self._snapshot(service)
            arrivals = msgspec.msgpack.decode(self._ask("arrivals"), type=list[Arrival])
        first, body_events = work.warm_up_events, self._case.body_events
        span = Span(
            load=load,
            before=before,
            after=after,
            began_at_s=before.at_s if self._case.waiting_events else load.began_at_s,
            destinations=self._case.destinations,
            latencies_s=list(latencies_s(arrivals, load.sent_at_s, first, body_events)),
        )
        return measurement(span)

    @contextmanager
    def _broker(self) -> Iterator[None]:
        with broker(self._case, self._folder) as address:
            self._ports = msgspec.structs.replace(self._ports, kafka=address)
            yield

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
        command = python(*arguments, cores=self._cores.of(self._case.workers))
        with running(command, self._folder / f"{name}.log", TOKENS) as service:
            service.wait_until(lambda: answers(ready_url), f"a ready {name}", START_S)
            yield service

    def _deliver(self, service: Child, bodies: Path, events: int) -> Summary:
        """Post or publish the file and wait until the sink has counted all of it."""
        command = python(*self._generator(bodies), cores=self._cores.tools)
        load = msgspec.json.decode(output_of(command), type=Summary)
        if load.accepted != events or load.statuses.keys() != {"202"}:
            text = f"{load.accepted} of {events} events accepted, by {load.statuses}"
            raise service.failure(text)
        self._posted_events += events
        service.wait_until(
            self._has_arrived, f"the delivery of {self._posted_events} events", DELIVERY_S
        )
        return load

    def _generator(self, bodies: Path) -> list[str]:
        if self._ports.kafka:
            options = [f"--address={self._ports.kafka}", f"--topic={TOPIC}"]
            return ["tests.bench.publish", str(bodies), *options]
        options = [f"--port={self._ports.events}", f"--connections={self._case.connections}"]
        if self._bodies_per_s:
            options.append(f"--bodies-per-s={self._bodies_per_s}")
        return ["tests.bench.load", str(bodies), *options]

    def _has_arrived(self) -> bool:
        """Return whether every destination has everything; an event too many is a failure."""
        count, destinations = self._count(), self._case.destinations
        arrived = (count.pinterest.events, count.tiktok.events)
        accounts = (destinations - destinations // 2, destinations // 2)
        expected = tuple(self._posted_events * number for number in accounts)
        if any(found > wanted for found, wanted in zip(arrived, expected, strict=True)):
            raise BenchError(f"{arrived} events arrived where {expected} were posted")
        return arrived == expected

    def _snapshot(self, service: Child) -> Snapshot:
        return Snapshot(monotonic(), usage(service.pid), self._count())

    def _count(self) -> Count:
        return msgspec.json.decode(self._ask("count"), type=Count)

    def _ask(self, what: str) -> bytes:
        with urlopen(f"{self._ports.sink_url}/{what}", timeout=PROBE_S) as answer:
            body: bytes = answer.read()
            return body


def chain(case: Case, bodies: Bodies, cores: Cores, folder: Path) -> Measurement:
    """Measure the stages of an event alone, with the relay's configuration of the case."""
    config = write_config(case, folder, free_ports())
    arguments = map(str, (config, bodies.warm_up, bodies.measured))
    command = python("tests.bench.chain", *arguments, cores=cores.service)
    cost = msgspec.json.decode(output_of(command), type=Cost)
    return Measurement(
        events=cost.events,
        wall_s=cost.wall_s,
        events_per_s=cost.events / cost.wall_s,
        cpu_us_per_event=cost.cpu_s / cost.events * 1e6,
    )


def free_ports() -> Ports:
    """Return ports of this machine that nothing listens on; another process may still take one."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        events, admin, sink = (each.getsockname()[1] for each in sockets)
        return Ports(events, admin, sink)


def answers(url: str) -> bool:
    """Return whether a GET of `url` is answered with 200."""
    try:
        with urlopen(url, timeout=PROBE_S) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
