"""Wires the port for producers, in the same way for a single process and for a worker.

`Front` is the rest of the relay's view of it, whether one process answers or several do.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple, Protocol

from relay.app.parts import Parts
from relay.failed_attempts import MAX_WAITING, DelayedRefusals, FailureCounter
from relay.intake import Intake, Route
from relay.keys.keyring import Keyring
from relay.keys.record import KeyFile
from relay.keys.uses import Counting
from relay.sources.body import MAX_BODIES_AT_ONCE
from relay.sources.http import HttpSource, server
from relay.sources.port import Port
from relay.sources.receiver import Receiver
from relay.sources.segment.segment import Segment
from relay.sources.shopify.shopify import PATH as SHOPIFY_PATH
from relay.sources.shopify.shopify import Shop, Shopify
from relay.workers.pool import STARTING


class Front(Protocol):
    """Answers producers."""

    @property
    def stopping(self) -> bool:
        """Whether it no longer accepts events."""
        ...

    def stop(self) -> None:
        """Stop accepting events; complete requests are still stored and answered."""
        ...

    def open(self, drain_s: float) -> AbstractAsyncContextManager[str]:
        """Serve while the context is open; it yields the address.

        Leaving it closes the port at once, and waits up to `drain_s` for answers under way.
        """
        ...

    def unready(self) -> str | None:
        """Return why no producer can be answered at the moment, or None."""
        ...

    def reload_secrets(self) -> None:
        """Read secrets from their files again now."""
        ...


class Backend(NamedTuple):
    """What is behind the port; `share` is the number of processes that share its bounds."""

    intake: Intake
    keyring: Keyring
    failures: FailureCounter
    openapi: bytes
    share: int = 1


class LocalFront:
    """Answers producers in this process."""

    def __init__(self, parts: Parts, source: HttpSource) -> None:
        self._parts = parts
        self._source = source
        self._started = False
        self.stop = source.stop

    @property
    def stopping(self) -> bool:
        """Whether it no longer accepts events."""
        return self._source.stopping

    @asynccontextmanager
    async def open(self, drain_s: float) -> AsyncIterator[str]:
        """Serve while the context is open; see `Front.open`."""
        settings = self._parts.config.server
        port = Port(
            server(
                self._source,
                idle_timeout_s=settings.idle_timeout,
                body_timeout_s=settings.body_timeout,
            ),
            host=settings.listen.host,
            port=settings.listen.port,
            max_connections=settings.max_connections,
            drain_s=drain_s,
        )
        async with port:
            self._parts.metrics.workers.set(1)
            self._started = True
            yield port.address

    def unready(self) -> str | None:
        """Return why no producer can be answered, or None; a reason only until the port is open."""
        return None if self._started else STARTING

    def reload_secrets(self) -> None:
        """Do nothing: `Parts` has the secrets of this process."""


def keyring_of(parts: Parts, uses: Counting, last: KeyFile | None = None) -> Keyring:
    """Return the producers' keys; `last` are those in force, in a process that joins others."""
    exposed = not parts.config.server.listen.loopback
    return Keyring(parts.config.keys_path, uses, parts.clock, exposed=exposed, last=last)


def routes_of(parts: Parts) -> Sequence[Route]:
    """Return each destination with the rules for which events it does not get."""
    rules = parts.rules()
    return [Route(each, rules[each.name]) for each in parts.destinations]


def source_of(parts: Parts, backend: Backend) -> HttpSource:
    """Return the source that answers producers in this process."""
    metrics = parts.metrics
    receiver = _receiver(parts, backend)
    segment = Segment(backend.intake, receiver, backend.keyring, metrics, parts.clock)
    shopify = Shopify(backend.intake, receiver, _shops(parts), metrics, parts.clock)
    others = {**dict.fromkeys(segment.paths, segment.handle), SHOPIFY_PATH: shopify.handle}
    return HttpSource(
        backend.intake,
        receiver,
        backend.keyring,
        answers=metrics.answers,
        refusals=DelayedRefusals(backend.failures, asyncio.sleep, -(-MAX_WAITING // backend.share)),
        openapi=backend.openapi,
        others=others,
    )


def _receiver(parts: Parts, backend: Backend) -> Receiver:
    settings = parts.config.server
    return Receiver(
        backend.intake,
        parts.metrics,
        max_body_bytes=settings.max_body,
        body_timeout_s=settings.body_timeout,
        bodies_at_once=-(-MAX_BODIES_AT_ONCE // backend.share),
    )


def _shops(parts: Parts) -> dict[str, Shop]:
    return {
        shop.domain.lower(): Shop(name, shop.domain.lower(), parts.shop_secrets[name])
        for name, shop in parts.config.sources.shopify.items()
    }
