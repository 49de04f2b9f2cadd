"""Wires the parts for people and monitoring: the admin port with API and pages, notifications."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

from relay.admin.api import Api
from relay.admin.connection import ACCEPTED_AT_ONCE, AdminRunner
from relay.admin.guard import Guard
from relay.admin.pages import Links, Pages, ScreenContext
from relay.admin.server import AdminServer
from relay.app.front import Front
from relay.app.parts import Parts
from relay.app.receiving import Receiving
from relay.config.address import Listen
from relay.dispatch.dispatcher import Dispatcher
from relay.failed_attempts import DelayedRefusals, FailedAttempts
from relay.journal.base import Journal
from relay.outcome.acting.audit import Trail
from relay.outcome.acting.audited import AuditedControl, AuditedErasure, AuditedLetters, Control
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.acting.erasure import Erasure
from relay.outcome.exposition import Exposition
from relay.outcome.insight.insight import Insight
from relay.outcome.producers import Producers
from relay.outcome.reports import Reports
from relay.outcome.views.source import SourcesView
from relay.outcome.watch.notify import Notifier
from relay.outcome.watch.watch import Watch
from relay.probe.trial import Trials
from relay.schema.openapi import admin_document
from relay.sources.port import address_of, cannot_listen
from relay.workers.pool import STARTING


class _Acts(NamedTuple):
    """What an operator can do; all of it goes into the audit log."""

    letters: DeadLetters
    erasure: Erasure
    control: Control


def admin_of(
    parts: Parts, journal: Journal, dispatcher: Dispatcher, receiving: Receiving
) -> AdminServer:
    """Return the admin port's server."""
    reports = Reports(
        journal,
        parts.destinations,
        dispatcher.health,
        parts.clock,
        warnings=parts.metrics.warnings.counts,
        refusing=lambda: refusing(receiving.front, journal),
    )
    acts = _acts(parts, journal, dispatcher)
    producers = Producers(journal, receiving.keyring.keys, parts.clock)
    sources = receiving.kafka.view
    return AdminServer(
        api=Api(reports, *acts, producers=producers, sources=sources),
        pages=Pages(_context(parts, journal, reports, acts, producers=producers, sources=sources)),
        guard=_guard(parts),
        exposition=_exposition(parts, journal, reports),
        not_ready=lambda: _not_ready(receiving.front, journal),
        openapi=admin_document(),
    )


@asynccontextmanager
async def listening(
    server: AdminServer, listen: Listen, close_s: float, idle_s: float
) -> AsyncIterator[str]:
    """Serve while the context is open; yields the address. Raises `RelayError`.

    A connection that has not sent a complete request head within `idle_s` is closed. Bodies are not
    decompressed, since that would happen before the password is checked.
    """
    runner = AdminRunner(
        server.application(),
        access_log=None,
        shutdown_timeout=close_s,
        keepalive_timeout=idle_s,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        yield await _listen(runner, listen)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def notifying(
    parts: Parts, journal: Journal, dispatcher: Dispatcher, front: Front
) -> AsyncIterator[None]:
    """Notify people of problems that need them, if a webhook is configured."""
    if parts.webhook is None:
        yield
        return
    transport = parts.transport()
    notifier = Notifier(transport, parts.webhook.current, parts.random)
    watch = Watch(
        journal,
        parts.destinations,
        dispatcher.health,
        notifier.tell,
        parts.clock,
        refusing=lambda: refusing(front, journal, starting=None),
    )
    await watch.look()
    tasks = [asyncio.create_task(each) for each in (watch.run(), notifier.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await transport.close()


def _not_ready(front: Front, journal: Journal) -> str | None:
    return "shutting down" if front.stopping else refusing(front, journal)


def refusing(front: Front, journal: Journal, *, starting: str | None = STARTING) -> str | None:
    """Return why no events are accepted, or None; `starting` is the reason during a start."""
    unready = front.unready()
    return (starting if unready == STARTING else unready) or journal.unavailable()


def _exposition(parts: Parts, journal: Journal, reports: Reports) -> Exposition:
    sources = ["http"] if parts.config.sources.kafka is None else ["http", "kafka"]
    return Exposition(journal, reports, parts.metrics, sources, parts.clock)


def _context(
    parts: Parts,
    journal: Journal,
    reports: Reports,
    acts: _Acts,
    *,
    producers: Producers,
    sources: Callable[[], SourcesView],
) -> ScreenContext:
    trials = Trials(parts.config.destinations, parts.tokens, parts.transport, parts.clock)
    return ScreenContext(
        insight=Insight(journal, parts.destinations, reports, parts.metrics, parts.clock),
        reports=reports,
        dead_letters=acts.letters,
        control=acts.control,
        producers=producers,
        trial=trials.send,
        clock=parts.clock,
        started_s=parts.clock(),
        sources=sources,
        emulated=parts.emulated,
        links=Links(grafana=parts.config.admin.grafana, runbook=parts.config.admin.runbook),
        fingerprint=parts.fingerprint(),
    )


def _acts(parts: Parts, journal: Journal, dispatcher: Dispatcher) -> _Acts:
    trail = Trail.beside(parts.config.journal.path, parts.clock)
    return _Acts(
        AuditedLetters(journal, parts.destinations, parts.clock, parts.rules(), trail),
        AuditedErasure(journal, dispatcher, trail),
        AuditedControl(dispatcher, trail),
    )


def _guard(parts: Parts) -> Guard:
    settings, password = parts.config.admin, parts.admin_password
    return Guard(
        password=(lambda: password.current().secret) if password else None,
        hosts=(*settings.hosts, settings.listen.host),
        metrics_open=settings.metrics_open,
        body_timeout_s=parts.config.server.body_timeout,
        refusals=DelayedRefusals(FailedAttempts(parts.clock), asyncio.sleep),
    )


async def _listen(runner: web.AppRunner, listen: Listen) -> str:
    try:
        site = web.TCPSite(runner, listen.host, listen.port, backlog=ACCEPTED_AT_ONCE)
        await site.start()
    except OSError as error:
        raise cannot_listen(listen, "[admin] listen", error) from None
    return address_of(listen.host, runner.addresses[0][1])
