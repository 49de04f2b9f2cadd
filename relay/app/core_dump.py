"""Keeps the process's memory off the disk when it crashes.

A core dump writes all of its memory to a file: raw identifiers of people, bodies under way, tokens.
A supervisor that ends a hanging process may even ask for one, as systemd's watchdog does with
SIGABRT. Child processes inherit the limit.
"""

import logging
import resource
from typing import Final

NONE: Final = 1
"""In bytes, less than any dump takes. A kernel that passes dumps to a program, such as
systemd-coredump, ignores a limit of 0, but not one of 1 (core(5))."""

log = logging.getLogger(__name__)


def prevent() -> None:
    """Prevent core dumps of this process, and keep the limit from being raised again."""
    try:
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        limit = least(hard)
        if (soft, hard) != (limit, limit):
            resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    except (OSError, ValueError):  # this system lets no process change its limits
        log.warning("a crash may leave a core dump, with people and tokens in it")


def least(hard: int) -> int:
    """Return the limit to set, which must not be above `hard`."""
    return NONE if hard == resource.RLIM_INFINITY else min(NONE, hard)
