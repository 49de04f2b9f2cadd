"""Fits the number of connections into the system's limit on open files.

Every connection is an open file; the journal, the senders and the admin port need some as well. If
producers could use up all of them, nothing would be delivered any more, and nobody could see why.
So the limit is raised as far as the system allows; if that is not enough, the relay accepts fewer
connections than configured.
"""

import logging
import resource
from typing import Final

from msgspec.structs import replace

from relay.config import Config

RESERVED: Final = 512
"""Open files not meant for producers: refused clients, requests to platforms, files, the page."""

log = logging.getLogger(__name__)


def fitted(config: Config) -> Config:
    """Raise the limit on open files; return the settings with as many connections as fit."""
    wanted = config.server.max_connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit, connections = plan(wanted, soft, hard)
    if limit != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if connections < wanted:
        fields = {"max_connections": wanted, "connections": connections, "open_files": limit}
        log.warning("fewer connections fit into the system's limit", extra={"fields": fields})
    return replace(config, server=replace(config.server, max_connections=connections))


def plan(connections: int, soft: int, hard: int) -> tuple[int, int]:
    """Return the soft limit to set, never a lower one, and how many connections fit into it.

    `soft` and `hard` are the present limits; either may be `resource.RLIM_INFINITY`.
    """
    wanted = connections + RESERVED
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft, connections
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return limit, min(connections, max(1, limit - RESERVED, limit // 2))
