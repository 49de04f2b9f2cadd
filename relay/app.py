"""The composition root: the one file that names concrete parts, starts them and stops them.

Start: journal → duplicate window → senders → admin port → producers' port; nothing is taken before
it can be stored. Stop: producers' port → answers under way → requests in flight → admin port →
journal; whatever is left waits on disk. The stop as a whole is bounded by `[server] drain`.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from aiohttp import web

from relay.admin.api import Api, Control
from relay.admin.guard import Guard
from relay.admin.pages import Desk, Pages
from relay.admin.server import AdminServer
from relay.config import Config
from relay.config.address import Listen
from relay.config.secret import SecretSource, read_secret
from relay.config.webhook import Followed
from relay.delivery import Destination
from relay.destinations import discover
from relay.dispatch.batcher import Batcher
from relay.dispatch.dispatcher import Dispatcher
from relay.dispatch.pace import Pace
from relay.dispatch.sender import Sender
from relay.dispatch.transport import AiohttpTransport
from relay.dispatch.trial import Trials
from relay.errors import JournalUnavailable
from relay.intake import Intake, Route, Router, Window, presence
from relay.journal.base import Journal
from relay.journal.sqlite import SqliteJournal
from relay.keys.keyring import Keyring
from relay.metrics import Metrics
from relay.outcome.audit import SUFFIX as AUDIT_SUFFIX
from relay.outcome.audit import AuditedControl, AuditedErasure, AuditedLetters, Trail
from relay.outcome.dead_letters import DeadLetters
from relay.outcome.exposition import Exposition
from relay.outcome.health import Health
from relay.outcome.insight import Insight
from relay.outcome.notify import Notifier
from relay.outcome.producers import Producers
from relay.outcome.recorder import Recorder
from relay.outcome.reports import Reports
from relay.outcome.rules import Rules
from relay.outcome.watch import Watch
from relay.schema.openapi import admin_document, producers_document
from relay.sources.guesses import Guesses
from relay.sources.http import HttpSource, server
from relay.sources.kafka_side import KafkaSide
from relay.sources.port import Port, cannot_listen
from relay.sources.segment import Segment
from relay.sources.shopify import PATH as SHOPIFY_PATH
from relay.sources.shopify import Shop, Shopify
from relay.sources.taker import Taker

MAINTENANCE_S = 30.0
"""Between two rounds of retention and upkeep of the journal."""

CLOSE_S = 1.0
DRAIN_ANSWERS = 0.2
DRAIN_KAFKA = 0.05
DRAIN_REQUESTS = 0.6
DRAIN_CLOSE = 0.05
"""Shares of `[server] drain`: for answers under way, for leaving Kafka, for requests in flight,
and for the admin port's last answers, at most `CLOSE_S`; the rest closes the journal."""

log = logging.getLogger(__name__)


class App:
    """One relay, wired from its configuration. `clock` returns Unix seconds."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        randomness: random.Random | None = None,
    ) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._random = randomness or random.SystemRandom()
        self._metrics = Metrics()
        self._destinations = _destinations(config)
        self._tokens = {
            name: SecretSource(each.token, environ, clock)
            for name, each in config.destinations.items()
        }
        hook = config.notify.webhook
        self._webhook = None if hook is None else Followed(hook, environ, clock)
        self._opened: SqliteJournal | None = None
        self._health: Callable[[], Mapping[str, Health]] = dict
        self._shop_secrets = {
            name: SecretSource(shop.secret, environ, clock, is_token=False)
            for name, shop in config.sources.shopify.items()
        }
        self.producers_address = ""
        self.admin_address = ""

    async def run(self, stop: asyncio.Event, started: Callable[["App"], None]) -> None:
        """Serve until `stop` is set; `started` is called once both ports answer.

        Raises `RelayError` if the journal or a port is not to be had.
        """
        journal = self._journal()
        await journal.open([each.name for each in self._destinations])
        self._opened = journal
        try:
            await self._serve(journal, stop, started)
        finally:
            self._opened = None
            await journal.close()

    def reload_secrets(self) -> None:
        """Read `file:` tokens again now."""
        for secret in (*self._tokens.values(), *self._shop_secrets.values()):
            secret.reload()
        if self._webhook is not None:
            self._webhook.reload()

    async def progress(self) -> None:
        """Return once the journal's writer has done something, even if that was to fail.

        Never returns while it hangs: then no event is acknowledged or recorded any more. A disk
        that is full or fails is no hanging; a restart would not mend it.
        """
        if self._opened is None:
            return
        with suppress(JournalUnavailable):
            await self._opened.progress()

    def status(self) -> str:
        """Return in one line how it is, for whoever supervises the process."""
        states = [
            f"{name} {health.state}" + (f" ({health.reason})" if health.reason else "")
            for name, health in self._health().items()
        ]
        return f"Takes events on {self.producers_address}; {', '.join(states) or 'sends nowhere'}."

    async def _serve(
        self, journal: SqliteJournal, stop: asyncio.Event, started: Callable[["App"], None]
    ) -> None:
        intake = await self._intake(journal)
        keyring = self._keyring(journal)
        source = self._http_source(intake, keyring)
        producers = Producers(journal, keyring.keys, self._metrics, self._clock)
        kafka = self._kafka(intake, journal)
        dispatcher = self._dispatcher(journal)
        self._health = dispatcher.health
        async with (
            asyncio.TaskGroup() as tasks,
            self._admin_port(journal, dispatcher, source, kafka, producers),
            self._notifying(journal, dispatcher),
            kafka.running(self._config.server.drain * DRAIN_KAFKA),
        ):
            dispatching = tasks.create_task(dispatcher.run())
            upkeep = tasks.create_task(self._upkeep(journal))
            async with self._port(source) as port:
                self.producers_address = port.address
                started(self)
                await stop.wait()
                source.stop()
                kafka.stop()
            upkeep.cancel()
            dispatcher.stop()
            await asyncio.wait([dispatching], timeout=self._config.server.drain * DRAIN_REQUESTS)
            dispatching.cancel()

    def _journal(self) -> SqliteJournal:
        settings = self._config.journal
        return SqliteJournal(
            settings.path,
            clock=self._clock,
            max_size_bytes=settings.max_size,
            retention_s=settings.retention,
            outcomes=self._config.kafka is not None and self._config.kafka.outcomes,
        )

    def _kafka(self, intake: Intake, journal: SqliteJournal) -> KafkaSide:
        return KafkaSide(
            self._config,
            self._environ,
            intake,
            journal,
            self._metrics,
            clock=self._clock,
            randomness=self._random,
        )

    def _http_source(self, intake: Intake, keyring: Keyring) -> HttpSource:
        settings, metrics = self._config.server, self._metrics
        taker = Taker(
            intake,
            metrics,
            max_body_bytes=settings.max_body,
            body_timeout_s=settings.body_timeout,
        )
        segment = Segment(intake, taker, keyring, metrics, self._clock)
        shopify = Shopify(intake, taker, self._shops(), metrics, self._clock)
        others = {**dict.fromkeys(segment.paths, segment.handle), SHOPIFY_PATH: shopify.handle}
        return HttpSource(
            intake,
            taker,
            keyring,
            answers=metrics.answers,
            guesses=Guesses(self._clock, asyncio.sleep),
            openapi=producers_document(),
            others=others,
        )

    def _shops(self) -> dict[str, Shop]:
        return {
            shop.domain.lower(): Shop(name, shop.domain.lower(), self._shop_secrets[name])
            for name, shop in self._config.sources.shopify.items()
        }

    def _keyring(self, journal: Journal) -> Keyring:
        return Keyring(
            self._config.keys_path,
            journal.key_uses(),
            self._clock,
            exposed=not self._config.server.listen.loopback,
        )

    async def _intake(self, journal: Journal) -> Intake:
        settings = self._config.intake
        router = Router(self._routes(), Window(settings.deduplication_window))
        for entry in await journal.recent_ids(settings.deduplication_window):
            router.recall(entry)
        for destination in self._destinations:
            self._metrics.identifiers.expect(destination.name, destination.identifier_keys)
        return Intake(
            router,
            journal,
            self._clock,
            settings.default_country,
            on_stored=partial(presence.count, self._metrics),
        )

    def _routes(self) -> Sequence[Route]:
        return [
            Route(
                destination,
                frozenset(self._config.destinations[destination.name].events or ()),
                self._config.destinations[destination.name].consent_required,
            )
            for destination in self._destinations
        ]

    def _rules(self) -> Mapping[str, Rules]:
        """Return what the settings keep from each destination of what waited or died before."""
        return {
            name: Rules(frozenset(each.events or ()), each.consent_required)
            for name, each in self._config.destinations.items()
        }

    def _dispatcher(self, journal: Journal) -> Dispatcher:
        transport = AiohttpTransport()
        paces: dict[str, Pace] = {}
        senders = []
        for destination in self._destinations:
            budget_per_s = destination.limits.requests_per_s
            pace = paces.setdefault(destination.budget, Pace(budget_per_s, self._clock))
            pace.bound(budget_per_s)
            senders.append(self._sender(destination, journal, transport, pace))
        return Dispatcher(journal, senders, transport)

    def _sender(
        self,
        destination: Destination,
        journal: Journal,
        transport: AiohttpTransport,
        pace: Pace,
    ) -> Sender:
        settings = self._config.destinations[destination.name]
        return Sender(
            destination,
            journal=journal,
            transport=transport,
            recorder=Recorder(destination.name, journal, self._metrics, self._clock),
            token=self._tokens[destination.name],
            pace=pace,
            batcher=Batcher(
                max_events=destination.limits.max_events,
                max_bytes=destination.limits.max_bytes,
                linger_s=settings.linger,
            ),
            timeout_s=settings.timeout,
            clock=self._clock,
            randomness=self._random,
            rules=self._rules()[destination.name],
        )

    @asynccontextmanager
    async def _admin_port(
        self,
        journal: Journal,
        dispatcher: Dispatcher,
        source: HttpSource,
        kafka: KafkaSide,
        producers: Producers,
    ) -> AsyncIterator[None]:
        listen = self._config.admin.listen
        application = self._admin(journal, dispatcher, source, kafka, producers).application()
        close_s = min(CLOSE_S, self._config.server.drain * DRAIN_CLOSE)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=close_s)
        await runner.setup()
        try:
            self.admin_address = await _listen(runner, listen)
            yield
        finally:
            await runner.cleanup()

    def _admin(
        self,
        journal: Journal,
        dispatcher: Dispatcher,
        source: HttpSource,
        kafka: KafkaSide,
        producers: Producers,
    ) -> AdminServer:
        reports = Reports(
            journal,
            self._destinations,
            dispatcher.health,
            self._clock,
            self._metrics.warnings.counts,
        )
        path = self._config.journal.path
        trail = Trail(path.with_name(path.name + AUDIT_SUFFIX), self._clock)
        letters = AuditedLetters(journal, self._destinations, self._clock, self._rules())
        erasure, control = AuditedErasure(journal, dispatcher), AuditedControl(dispatcher, trail)
        letters.trail = erasure.trail = trail
        return AdminServer(
            api=Api(reports, letters, erasure, control, producers=producers, sources=kafka.view),
            pages=self._pages(journal, reports, letters, control),
            guard=self._guard(),
            exposition=self._exposition(journal, reports),
            not_ready=lambda: "shutting down" if source.stopping else journal.unavailable(),
            openapi=admin_document(),
        )

    def _exposition(self, journal: Journal, reports: Reports) -> Exposition:
        sources = ["http"] if self._config.sources.kafka is None else ["http", "kafka"]
        return Exposition(journal, reports, self._metrics, sources=sources, clock=self._clock)

    def _pages(
        self, journal: Journal, reports: Reports, dead_letters: DeadLetters, control: Control
    ) -> Pages:
        trials = Trials(self._config.destinations, self._tokens, AiohttpTransport, self._clock)
        desk = Desk(
            insight=Insight(journal, self._destinations, reports, self._metrics, self._clock),
            reports=reports,
            dead_letters=dead_letters,
            control=control,
            metrics=self._metrics,
            trial=trials.send,
            clock=self._clock,
            started_s=self._clock(),
        )
        return Pages(desk)

    @asynccontextmanager
    async def _notifying(self, journal: Journal, dispatcher: Dispatcher) -> AsyncIterator[None]:
        """Tell people what needs them, if there is somewhere to post it."""
        if self._webhook is None:
            yield
            return
        transport = AiohttpTransport()
        notifier = Notifier(transport, self._webhook.current, self._random)
        watch = Watch(journal, self._destinations, dispatcher.health, notifier.tell, self._clock)
        await watch.look()
        tasks = [asyncio.create_task(each) for each in (watch.run(), notifier.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await transport.close()

    def _guard(self) -> Guard:
        settings = self._config.admin
        password = settings.password and read_secret(
            settings.password, self._environ, is_token=False
        )
        return Guard(
            password=password.reveal() if password else None,
            hosts=(*settings.hosts, settings.listen.host),
            metrics_open=settings.metrics_open,
        )

    def _port(self, source: HttpSource) -> Port:
        settings = self._config.server
        return Port(
            server(source, idle_timeout_s=settings.idle_timeout),
            host=settings.listen.host,
            port=settings.listen.port,
            max_connections=settings.max_connections,
            drain_s=settings.drain * DRAIN_ANSWERS,
        )

    async def _upkeep(self, journal: Journal) -> None:
        while True:
            await asyncio.sleep(MAINTENANCE_S)
            await journal.maintain(round(self._clock() * 1000))


async def _listen(runner: web.AppRunner, listen: Listen) -> str:
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
    except OSError as error:
        raise cannot_listen(listen, "[admin] listen", error) from None
    return f"{listen.rpartition(':')[0]}:{runner.addresses[0][1]}"


def _destinations(config: Config) -> list[Destination]:
    types = discover()
    return [types[each.type].build(name, each) for name, each in config.destinations.items()]
