"""Wires the parts that receive events: intake, producer keys, the producers' port, Kafka."""

import logging
from functools import partial
from typing import NamedTuple

from relay.app.front import Backend, Front, LocalFront, keyring_of, routes_of, source_of
from relay.app.parts import Parts
from relay.app.worker_pool import cores, pool_of
from relay.failed_attempts import FailedAttempts
from relay.identity.presence import forms_of
from relay.intake import Intake, Router, Storage, Window, identifier_count
from relay.journal.sqlite import SqliteJournal
from relay.keys.keyring import Keyring
from relay.keys.uses import Uses
from relay.schema.openapi import producers_document
from relay.sources.kafka.side import KafkaSide
from relay.workers.figure_book import FigureBook
from relay.workers.session import MainServices
from relay.workers.shared_payloads import SharedPayloads

log = logging.getLogger(__name__)


class Receiving(NamedTuple):
    """The two ways in which events arrive, and the producers' keys."""

    front: Front
    kafka: KafkaSide
    keyring: Keyring


async def receiving_of(parts: Parts, journal: SqliteJournal) -> Receiving:
    """Return these parts; both ways share one storage."""
    router = await _router(parts, journal)
    storage = Storage(router, journal, on_stored=partial(identifier_count.count, parts.metrics))
    intake = Intake(router, storage, parts.clock, parts.config.intake.default_country)
    uses = Uses(journal.key_uses(), parts.clock)
    keyring = keyring_of(parts, uses)
    _tell_keyless(parts, journal, keyring)
    front = _front(parts, intake, _services(parts, storage, uses, keyring))
    return Receiving(front, _kafka(parts, intake, journal), keyring)


def _tell_keyless(parts: Parts, journal: SqliteJournal, keyring: Keyring) -> None:
    """Log it if the port is open to all again, as after a journal is restored without its keys."""
    if journal.key_uses() and not keyring.required():
        path = str(parts.config.keys_path)
        log.warning(
            "producers used keys, there is none now: nobody needs one", extra={"path": path}
        )


async def _router(parts: Parts, journal: SqliteJournal) -> Router:
    """Return the router, which remembers the latest events from before a restart."""
    window = parts.config.intake.deduplication_window
    router = Router(routes_of(parts), Window(window))
    for entry in await journal.recent_ids(window):
        router.recall(entry)
    for destination in parts.destinations:
        forms = forms_of(destination.identifier_forms)
        parts.metrics.identifiers.expect(destination.name, destination.identifier_keys, forms)
    return router


def _services(parts: Parts, storage: Storage, uses: Uses, keyring: Keyring) -> MainServices:
    figures, shared = FigureBook(parts.metrics), SharedPayloads(parts.destinations)
    return MainServices(storage, uses, keyring, FailedAttempts(parts.clock), figures, shared)


def _front(parts: Parts, intake: Intake, services: MainServices) -> Front:
    """Return the front that answers producers: this process, or workers."""
    openapi = producers_document()
    workers = parts.config.server.workers or cores()
    if workers > 1:
        return pool_of(parts, services, workers, openapi)
    backend = Backend(intake, services.keyring, services.failed_attempts, openapi)
    return LocalFront(parts, source_of(parts, backend))


def _kafka(parts: Parts, intake: Intake, journal: SqliteJournal) -> KafkaSide:
    """Return the part that reads from Kafka and writes outcomes to it, as far as configured."""
    return KafkaSide(
        parts.config,
        parts.environ,
        intake,
        journal,
        parts.metrics,
        clock=parts.clock,
        randomness=parts.random,
    )
