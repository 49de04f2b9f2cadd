"""Wires the worker processes: how one is started, and what is passed to it.

A worker gets no platform token and no password. Shops' secrets from environment variables go to it
over its socket, since others can read a process's arguments and environment.
"""

import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from relay.app.parts import Parts
from relay.config import AdminConfig, Config
from relay.config.document import document_of
from relay.dispatch.retry import Backoff
from relay.workers.message import Setup
from relay.workers.pool import Plan, Pool
from relay.workers.session import MainServices

RESTART_FIRST_S: Final = 0.5
RESTART_MAX_S: Final = 30.0
"""Bounds of the wait before a worker that ended is restarted."""
INHERITED: Final = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV"})
INHERITED_STARTS: Final = ("PYTHON", "LC_", "LD_", "MALLOC_", "COVERAGE_")
"""The variables that a worker inherits: only those that Python needs to run."""


def pool_of(parts: Parts, services: MainServices, workers: int, openapi: bytes) -> Pool:
    """Return the workers of a relay."""
    config, listen = parts.config, parts.config.server.listen
    document, secrets = document_of(_bare(config)), _shop_secrets(config, parts.environ)

    def setup(slot: int, sockets: Sequence[socket.socket], counts: int) -> Setup:
        return Setup(
            slot=slot,
            workers=workers,
            document=document,
            environ=secrets,
            keys=services.keyring.in_force(),
            openapi=openapi,
            sockets=[each.fileno() for each in sockets],
            counts=counts,
            log_level=logging.getLogger("relay").getEffectiveLevel(),
        )

    plan = Plan(
        command=(sys.executable, "-m", "relay.worker"),
        environ=_inherited(parts.environ),
        host=listen.host,
        port=listen.port,
        workers=workers,
        setup=setup,
        backoff=lambda: Backoff(RESTART_FIRST_S, RESTART_MAX_S, parts.random),
    )
    return Pool(plan, services, parts.metrics)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _bare(config: Config) -> Config:
    """Return the configuration without the parts that workers do not need."""
    destinations: dict[str, Any] = {
        name: replace(each, token=None) for name, each in config.destinations.items()
    }
    sources = replace(config.sources, kafka=None)
    return replace(
        config, admin=AdminConfig(), kafka=None, sources=sources, destinations=destinations
    )


def _shop_secrets(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that hold shops' secrets."""
    refs = [shop.secret for shop in config.sources.shopify.values()]
    names = [ref.target for ref in refs if ref.scheme == "env"]
    return {name: environ[name] for name in names if name in environ}


def _inherited(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text
        for name, text in environ.items()
        if name in INHERITED or name.startswith(INHERITED_STARTS)
    }
