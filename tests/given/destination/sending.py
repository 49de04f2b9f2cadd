"""The sender chain on real parts: a SQLite journal, real sockets, the emulator of both platforms.

A test opens a `Sending`, has it accept events, and waits for what it expects. Time is real, but a
test can move it on, so that a pause of thirty seconds costs none.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from relay.config import PinterestConfig, TikTokConfig
from relay.config.address import BaseUrl
from relay.config.quantity import Duration
from relay.config.secret import SecretRef, SecretSource
from relay.conversion import Conversion, Order
from relay.delivery import Destination, Payload, Skip
from relay.destinations import build
from relay.dispatch.batcher import Batcher
from relay.dispatch.dispatcher import Dispatcher
from relay.dispatch.pace import Pace
from relay.dispatch.sender import Sender
from relay.dispatch.steady import SteadyClock
from relay.dispatch.transport import AiohttpTransport, Transport
from relay.identity.presence import presence_of
from relay.journal.base import Journal
from relay.journal.codec import entry_of
from relay.journal.entry import Entry, Passed
from relay.journal.report import Funnel
from relay.journal.sqlite import SqliteJournal
from relay.metrics import Metrics
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.health import Health
from relay.outcome.recorder import Recorder
from relay.outcome.reports import funnel_of
from relay.rules import Rules
from relay.sandbox.answer import PlatformName
from relay.sandbox.inbox import EventSeen, RequestSeen
from relay.sandbox.scripts import parse
from relay.sandbox.server import Sandbox
from tests.given.event.builders import conversion

WITHIN_S = 20.0
LOOK_S = 0.005
STRIDE_S = 0.25
TOKEN = "pina_canary-token"
PINTEREST, TIKTOK = "pinterest-main", "tiktok-main"
NO_RULES: Final = Rules()
_DEFAULTS: dict[str, Any] = {"linger": Duration("20ms"), "rate": 1000.0}


class Clock:
    """Real time, which a test can move on."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """Return Unix seconds."""
        return time.time() + self._ahead_s

    def skip(self, seconds: float) -> None:
        """Move the time on."""
        self._ahead_s += seconds


class Target(NamedTuple):
    """A destination as it would be configured, and where its token stands."""

    name: str
    config: PinterestConfig | TikTokConfig
    token: str

    def destination(self) -> Destination:
        """Return the destination itself."""
        return build(self.name, self.config)


def pinterest(
    url: str, name: str = PINTEREST, *, token: str = f"env:{TOKEN}", **options: Any
) -> Target:
    """Return an ad account at the emulator; `token` is `env:` and the token itself, or a file."""
    settings = _DEFAULTS | {"ad_account_id": "549755885175"} | options
    return Target(name, PinterestConfig(base_url=BaseUrl(url), **settings), token)


def tiktok(url: str, name: str = TIKTOK, *, token: str = f"env:{TOKEN}", **options: Any) -> Target:
    """Return a pixel at the emulator."""
    settings = _DEFAULTS | {"pixel_code": "C4K6A3Q2NE1S77JXXXXX"} | options
    return Target(name, TikTokConfig(base_url=BaseUrl(url), **settings), token)


class Sending:
    """One run of the dispatcher on an open journal."""

    def __init__(
        self,
        journal: Journal,
        targets: Sequence[Target],
        clock: Clock,
        wrap: Callable[[Destination], Destination],
        rules: Rules = NO_RULES,
    ) -> None:
        self.journal = journal
        self.clock = clock
        self._steady = SteadyClock(clock)
        self.metrics = Metrics()
        self._rules = rules
        self.destinations = [wrap(target.destination()) for target in targets]
        self._targets = {target.name: target for target in targets}
        self.paces: dict[str, Pace] = {}
        """The pace of each budget, once started."""
        self.dispatcher: Dispatcher
        self.running: asyncio.Task[None]

    @property
    def letters(self) -> DeadLetters:
        """What an operator may do with dead letters."""
        rules = dict.fromkeys(self._targets, self._rules)
        return DeadLetters(self.journal, self.destinations, self.clock, rules)

    async def accept(self, *events: Conversion, to: Sequence[str] = ()) -> None:
        """Store events as intake would, for the destinations in `to`, or for all."""
        entries = [self.entry(event, to) for event in events]
        await self.journal.append(entries)

    async def until(self, condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(within_s):
            while not condition():
                assert not self.running.done(), "the dispatcher has ended"
                await asyncio.sleep(LOOK_S)

    async def settled(
        self, *names: str, left: int = 0, within_s: float = WITHIN_S
    ) -> Mapping[str, Funnel]:
        """Wait until no more than `left` events wait for some destinations, or for all of them."""
        wanted = names or tuple(self._targets)
        async with asyncio.timeout(within_s):
            while True:
                funnels = await self.funnels()
                if all(funnels[name].pending <= left for name in wanted):
                    return funnels
                assert not self.running.done(), "the dispatcher has ended"
                await asyncio.sleep(LOOK_S)

    async def outwaited(self, name: str, within_s: float = WITHIN_S) -> Funnel:
        """Do as `settled`, but with no wait waited out: time passes while nothing is under way."""
        end_s = self.clock() + within_s
        while (funnel := (await self.funnels())[name]).pending:
            assert self.clock() < end_s, "it waits for too long"
            if not self.health(name).in_flight:
                self.skip(STRIDE_S)
            await self.turn()
        return funnel

    async def funnels(self) -> Mapping[str, Funnel]:
        """Return the lifetime counts of each destination."""
        totals = await self.journal.totals()
        return {name: funnel_of(totals, name) for name in self._targets}

    def health(self, name: str = PINTEREST) -> Health:
        """Return the state of a destination."""
        return self.dispatcher.health()[name]

    def skip(self, seconds: float) -> None:
        """Move the time on, and have everybody look at it."""
        self.clock.skip(seconds)
        self.dispatcher.notify()

    async def turn(self) -> None:
        """Give everybody a turn: what was due is sent, and mostly answered."""
        await self.journal.append([])
        await asyncio.sleep(LOOK_S)

    def start(self, transport: Transport, *, repeat_s: float) -> None:
        """Make a sender for each destination; `running` runs them."""
        senders = [self._sender(each, transport, repeat_s) for each in self.destinations]
        self.dispatcher = Dispatcher(self.journal, senders, transport)
        self.running = asyncio.get_running_loop().create_task(self.dispatcher.run())

    def entry(self, event: Conversion, to: Sequence[str] = ()) -> Entry:
        """Return an event as intake would store it."""
        passed: dict[str, Passed] = {}
        payloads: dict[str, Payload] = {}
        for destination in self.destinations:
            prepared = destination.prepare(event)
            if to and destination.name not in to:
                passed[destination.name] = Passed("skipped", "not_selected")
            elif isinstance(prepared, Payload):
                payloads[destination.name] = prepared
            elif isinstance(prepared, Skip):
                passed[destination.name] = Passed("skipped", prepared.reason)
        return entry_of(event, passed, payloads, presence_of(event.identity))

    def _sender(self, destination: Destination, transport: Transport, repeat_s: float) -> Sender:
        target, limits = self._targets[destination.name], destination.limits
        pace = Pace(limits.requests_per_s, self._steady)
        return Sender(
            destination,
            journal=self.journal,
            transport=transport,
            recorder=Recorder(
                destination.name, self.journal, self.metrics, self.clock, repeat_s=repeat_s
            ),
            token=_token(target.token, self.clock),
            pace=self.paces.setdefault(destination.budget, pace),
            batcher=Batcher(
                max_events=limits.max_events,
                max_bytes=limits.max_bytes,
                linger_s=target.config.linger,
            ),
            timeout_s=target.config.timeout,
            clock=self.clock,
            steady=self._steady,
            randomness=random.Random(1),
            rules=self._rules,
        )


@asynccontextmanager
async def sending(
    folder: Path,
    *targets: Target,
    clock: Clock | None = None,
    journal: Callable[[Journal], Journal] = lambda journal: journal,
    transport: Transport | None = None,
    wrap: Callable[[Destination], Destination] = lambda destination: destination,
    repeat_s: float = 0.02,
    rules: Rules = NO_RULES,
) -> AsyncIterator[Sending]:
    """Run the dispatcher on the journal in `folder`; at the end it is cancelled, as by a crash.

    `journal` may wrap the journal, `wrap` the destinations; `transport` replaces the network;
    `rules` are what the settings keep from all of them.
    """
    clock = clock or Clock()
    stored = SqliteJournal(
        folder / "relay.db", clock=clock, max_size_bytes=2**30, retention_s=30 * 86_400
    )
    await stored.open([target.name for target in targets])
    try:
        relay = Sending(journal(stored), targets, clock, wrap, rules)
        relay.start(transport or AiohttpTransport(), repeat_s=repeat_s)
        try:
            yield relay
        finally:
            relay.running.cancel()
            await asyncio.gather(relay.running, return_exceptions=True)
    finally:
        await stored.close()


def purchases(clock: Clock, count: int, prefix: str = "order") -> list[Conversion]:
    """Return purchases of just now."""
    return [purchase(clock, f"{prefix}-{number:04}") for number in range(count)]


def purchase(
    clock: Clock, event_id: str, event: str = "purchase", *, age_s: float = 0.0
) -> Conversion:
    """Return an event of just now, or of some time ago."""
    now_s = clock()
    return conversion(
        event_id,
        event,
        event_time=int(now_s - age_s),
        received_ms=int(now_s * 1000),
        order=Order(order_id=event_id),
    )


def script(sandbox: Sandbox, *steps: Mapping[str, Any]) -> None:
    """Have things go wrong at the emulator from now on; see `relay.sandbox.scripts`."""
    sandbox.exchange.run_script(parse(msgspec.json.encode({"steps": steps})))


def accepted(sandbox: Sandbox, platform: PlatformName = "pinterest") -> Counter[str]:
    """Return how often the emulator took each event id."""
    return Counter({each.event_id: each.count for each in sandbox.exchange.inbox.ids(platform)})


def requests(sandbox: Sandbox, platform: PlatformName = "pinterest") -> list[RequestSeen]:
    """Return the requests in the order in which they came."""
    return [each for each in sandbox.exchange.inbox.requests if each.platform == platform]


def events(sandbox: Sandbox, platform: PlatformName = "pinterest") -> list[EventSeen]:
    """Return the events in the order in which they came."""
    return [each for each in sandbox.exchange.inbox.events if each.platform == platform]


def asked(sandbox: Sandbox, count: int, platform: PlatformName = "pinterest") -> Callable[[], bool]:
    """Return a condition: at least `count` requests have come."""
    return lambda: len(requests(sandbox, platform)) >= count


def _token(place: str, clock: Clock) -> SecretSource:
    if place.startswith("file:"):
        return SecretSource(SecretRef(place), {}, clock)
    return SecretSource(SecretRef("env:TOKEN"), {"TOKEN": place.removeprefix("env:")}, clock)
