"""The admin port on a real socket over a real journal, with nobody who sends anything."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import aiohttp
import msgspec
from multidict import CIMultiDictProxy
from yarl import URL

from relay.admin.api import Api
from relay.admin.guard import Guard
from relay.admin.pages import Links, Pages, ScreenContext
from relay.admin.server import AdminServer
from relay.app.showing import listening
from relay.config import Listen
from relay.config.secret import Secret
from relay.conversion import Order
from relay.errors import JournalUnavailable
from relay.event_name import Lane
from relay.failed_attempts import DelayedRefusals, FailedAttempts
from relay.journal.codec import entry_of
from relay.journal.entry import Passed, Pending, Rejection
from relay.journal.letter import DeadFilter, Replayed
from relay.journal.settlement import Receipt, Settlement
from relay.journal.sqlite import SqliteJournal
from relay.keys.record import Key
from relay.metrics import Metrics
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.acting.erasure import Erasure
from relay.outcome.exposition import Exposition
from relay.outcome.health import Health
from relay.outcome.insight.insight import Insight
from relay.outcome.probe import Probe
from relay.outcome.producers import Producers
from relay.outcome.reports import Reports
from relay.outcome.views.source import SourcesView
from relay.rules import Rules
from tests.given.destination.stub import StubDestination
from tests.given.event.builders import NOW_S, conversion

PINTEREST, TIKTOK = "pinterest-main", "tiktok-main"
CLOSE_S = 1.0
IDLE_S = 75.0
BODY_S = 30.0
NO_LINKS = Links()
ACTIVE = Health("active", None, "", None, None)
BY_HAND = Health("paused", "paused_by_operator", "Paused by hand.", float(NOW_S), None)
INVALID = Passed("dead", "invalid_event", "page.url is missing.")


class Reply(msgspec.Struct, frozen=True):
    """An answer, read whole."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        assert self.headers["Content-Type"].startswith("application/json")
        return msgspec.json.decode(self.body)


class Switch:
    """Pauses and resumes in words only; see `relay.admin.api.Control`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.health: dict[str, Health] = dict.fromkeys(names, ACTIVE)

    async def pause(self, name: str) -> None:
        """Stop."""
        self.health[name] = BY_HAND

    async def resume(self, name: str) -> None:
        """Go on."""
        self.health[name] = ACTIVE

    async def withhold(self, unwanted: Callable[[Pending], bool]) -> None:
        """Do nothing: nothing is ever sent."""

    def release(self, unwanted: Callable[[Pending], bool]) -> None:
        """Do nothing, either."""


class Letters(DeadLetters):
    """Dead letters that fail as the disk does, once `failure` is set."""

    failure: JournalUnavailable | None = None

    async def replay(self, where: DeadFilter, *, dry_run: bool) -> Replayed:
        """Fail, or replay."""
        if self.failure is not None:
            raise self.failure
        return await super().replay(where, dry_run=dry_run)


class AdminPort:
    """Serves while the context is open; `now_s` is its clock, `not_ready` what /readyz says.

    `unready` is why the port for producers takes nothing, `password` what the secret's place holds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        names: Sequence[str] = (PINTEREST, TIKTOK),
        password: str | None = None,
        hosts: Sequence[str] = (),
        metrics_open: bool = False,
        links: Links = NO_LINKS,
        emulated: Sequence[str] = (),
        max_size_bytes: int = 2**30,
        idle_s: float = IDLE_S,
        body_timeout_s: float = BODY_S,
    ) -> None:
        self.now_s = float(NOW_S)
        self.idle_s = idle_s
        self.password = None if password is None else Secret(password)
        self.links, self.emulated = links, emulated
        self.address = ""
        self.not_ready: str | None = None
        self.unready: str | None = None
        self.metrics = Metrics()
        self.keys: Sequence[Key] = ()
        self.sources = SourcesView(kafka=None, outcomes=None)
        self.probes: Sequence[Probe] = ()
        """What a test event shows."""
        self.tried: list[tuple[str, str]] = []
        """Destination and code of each test event that was asked for."""
        self.delays_s: list[float] = []
        """How long refused passwords had to wait, each over at once unless `held`."""
        self.held: asyncio.Event | None = None
        """What refused passwords wait for."""
        self.switch = Switch(names)
        self.destinations = [StubDestination(name) for name in names]
        self.journal_path = folder / "relay.db"
        self.journal = SqliteJournal(
            self.journal_path,
            clock=lambda: self.now_s,
            max_size_bytes=max_size_bytes,
            retention_s=7 * 86_400.0,
        )
        asked = None if password is None else lambda: self.password
        guard = Guard(
            password=asked,
            hosts=hosts,
            metrics_open=metrics_open,
            body_timeout_s=body_timeout_s,
            refusals=DelayedRefusals(FailedAttempts(lambda: self.now_s), self._wait),
        )
        self._server = self._made(guard)
        self._opened = AsyncExitStack()

    async def _wait(self, seconds: float) -> None:
        self.delays_s.append(seconds)
        if self.held is not None:
            await self.held.wait()

    def _made(self, guard: Guard) -> AdminServer:
        clock = lambda: self.now_s  # noqa: E731 - the clock of everything here
        reports = Reports(
            self.journal,
            self.destinations,
            lambda: self.switch.health,
            clock,
            warnings=self.metrics.warnings.counts,
            refusing=lambda: self.unready or self.journal.unavailable(),
        )
        rules = {each.name: Rules() for each in self.destinations}
        self._letters = Letters(self.journal, self.destinations, clock, rules)
        return AdminServer(
            api=Api(
                reports,
                self._letters,
                Erasure(self.journal, self.switch),
                self.switch,
                producers=self._producers(clock),
                sources=lambda: self.sources,
            ),
            pages=Pages(self._context(reports, clock)),
            guard=guard,
            exposition=Exposition(self.journal, reports, self.metrics, ["http"], clock),
            not_ready=lambda: self.not_ready,
            openapi=b'{"openapi":"3.1.1"}',
        )

    def _producers(self, clock: Callable[[], float]) -> Producers:
        return Producers(self.journal, lambda: self.keys, clock)

    def _context(self, reports: Reports, clock: Callable[[], float]) -> ScreenContext:
        return ScreenContext(
            insight=Insight(self.journal, self.destinations, reports, self.metrics, clock),
            reports=reports,
            dead_letters=self._letters,
            control=self.switch,
            producers=self._producers(clock),
            trial=self._try,
            clock=clock,
            started_s=self.now_s - 3_600,
            sources=lambda: self.sources,
            emulated=self.emulated,
            links=self.links,
            fingerprint="3f9a0c41d2e7",
        )

    async def _try(self, name: str, code: str) -> Sequence[Probe]:
        self.tried.append((name, code))
        return self.probes

    async def __aenter__(self) -> Self:
        await self.journal.open([each.name for each in self.destinations])
        self._opened.push_async_callback(self.journal.close)
        served = listening(self._server, Listen("127.0.0.1:0"), CLOSE_S, self.idle_s)
        self.address = f"http://{await self._opened.enter_async_context(served)}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def take(
        self,
        event_id: str,
        event: str = "purchase",
        *,
        value: str | None = None,
        key: str | None = None,
        **passed: Passed,
    ) -> None:
        """Store an event; `pinterest` or `tiktok` tell how it ends there on arrival."""
        ends = {f"{name}-main": end for name, end in passed.items()}
        order = None if value is None else Order(value=Decimal(value), currency="USD")
        entry = entry_of(conversion(event_id, event, order=order), ends, {})
        await self.journal.append([entry], key=key)

    async def reject(self, path: str, code: str, *, key: str | None = None) -> None:
        """Keep a rejection."""
        at_ms = round(self.now_s * 1000)
        rejection = Rejection(at_ms, "http", key, "e-rejected", code, path, "It is missing.")
        await self.journal.append([], [rejection])

    async def deliver(self, destination: str, receipt: Receipt) -> None:
        """Record that everything that waits for money was delivered."""
        chunk = await self.journal.read(destination, Lane.MONEY, 0, 100)
        settlement = Settlement(receipt=receipt, delivered=chunk.pending)
        await self.journal.settle(destination, settlement)

    def fail_replays(self, reason: str, retry_after_s: int) -> None:
        """Have each further replay fail."""
        self._letters.failure = JournalUnavailable(reason, retry_after_s)

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer; the path goes out to the letter, a body that is no bytes as JSON."""
        encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
        data = None if body is None else BytesIO(encoded)
        url = URL(f"{self.address}{path}", encoded=True)
        async with aiohttp.request(method, url, data=data, headers=headers) as got:
            return Reply(got.status, got.headers, await got.read())

    async def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Post a body."""
        return await self.ask(path, method="POST", body=body, headers=headers)
