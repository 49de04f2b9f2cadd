"""Wires what takes events: intake, producer keys, the producers' port, Kafka."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from relay.app.parts import Parts
from relay.intake import Intake, Route, Router, Storage, Window, presence
from relay.journal.base import Journal
from relay.journal.sqlite import SqliteJournal
from relay.keys.keyring import Keyring
from relay.keys.uses import Uses
from relay.schema.openapi import producers_document
from relay.sources.guesses import Guesses
from relay.sources.http import HttpSource, server
from relay.sources.kafka_side import KafkaSide
from relay.sources.port import Port
from relay.sources.segment import Segment
from relay.sources.shopify import PATH as SHOPIFY_PATH
from relay.sources.shopify import Shop, Shopify
from relay.sources.taker import Taker


class Taking(NamedTuple):
    """The sides that take events, and what lets producers in."""

    http: HttpSource
    kafka: KafkaSide
    keyring: Keyring


async def taking_of(parts: Parts, journal: SqliteJournal) -> Taking:
    """Return them all, around one intake."""
    intake, keyring = await _intake(parts, journal), _keyring(parts, journal)
    http, kafka = _http_source(parts, intake, keyring), _kafka(parts, intake, journal)
    return Taking(http, kafka, keyring)


async def _intake(parts: Parts, journal: Journal) -> Intake:
    """Return the intake, which knows again what came before a restart."""
    settings = parts.config.intake
    router = Router(_routes(parts), Window(settings.deduplication_window))
    for entry in await journal.recent_ids(settings.deduplication_window):
        router.recall(entry)
    for destination in parts.destinations:
        parts.metrics.identifiers.expect(destination.name, destination.identifier_keys)
    storage = Storage(router, journal, on_stored=partial(presence.count, parts.metrics))
    return Intake(router, storage, parts.clock, settings.default_country)


def _keyring(parts: Parts, journal: Journal) -> Keyring:
    """Return the keys of producers."""
    return Keyring(
        parts.config.keys_path,
        Uses(journal.key_uses(), parts.clock),
        parts.clock,
        exposed=not parts.config.server.listen.loopback,
    )


def _http_source(parts: Parts, intake: Intake, keyring: Keyring) -> HttpSource:
    """Return what answers producers."""
    settings, metrics = parts.config.server, parts.metrics
    taker = Taker(
        intake,
        metrics,
        max_body_bytes=settings.max_body,
        body_timeout_s=settings.body_timeout,
    )
    segment = Segment(intake, taker, keyring, metrics, parts.clock)
    shopify = Shopify(intake, taker, _shops(parts), metrics, parts.clock)
    others = {**dict.fromkeys(segment.paths, segment.handle), SHOPIFY_PATH: shopify.handle}
    return HttpSource(
        intake,
        taker,
        keyring,
        answers=metrics.answers,
        guesses=Guesses(parts.clock, asyncio.sleep),
        openapi=producers_document(),
        others=others,
    )


def port_of(parts: Parts, source: HttpSource, drain_s: float) -> Port:
    """Return the producers' port, to be opened."""
    settings = parts.config.server
    return Port(
        server(source, idle_timeout_s=settings.idle_timeout),
        host=settings.listen.host,
        port=settings.listen.port,
        max_connections=settings.max_connections,
        drain_s=drain_s,
    )


def _kafka(parts: Parts, intake: Intake, journal: SqliteJournal) -> KafkaSide:
    """Return what reads from Kafka and writes outcomes to it, as far as that is configured."""
    return KafkaSide(
        parts.config,
        parts.environ,
        intake,
        journal,
        parts.metrics,
        clock=parts.clock,
        randomness=parts.random,
    )


def _routes(parts: Parts) -> Sequence[Route]:
    settings = parts.config.destinations
    return [
        Route(
            destination,
            frozenset(settings[destination.name].events or ()),
            settings[destination.name].consent_required,
        )
        for destination in parts.destinations
    ]


def _shops(parts: Parts) -> dict[str, Shop]:
    return {
        shop.domain.lower(): Shop(name, shop.domain.lower(), parts.shop_secrets[name])
        for name, shop in parts.config.sources.shopify.items()
    }
