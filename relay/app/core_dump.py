"""Keeps what is in memory off the disk when the process crashes.

A core dump is all of its memory in a file: raw identifiers of people, bodies on their way, tokens.
A supervisor asks for one itself where it ends a process that hangs: systemd's watchdog does so by
SIGABRT. Processes that are started from here inherit the limit.
"""

import logging
import resource
from typing import Final

NONE: Final = 1
"""In bytes, less than any dump takes. Of 0 a kernel that hands dumps to a program, such as
systemd-coredump, takes no notice; of 1 it does (core(5))."""

log = logging.getLogger(__name__)


def prevent() -> None:
    """Have no core dump made of this process, and let nobody raise that again."""
    try:
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        limit = least(hard)
        if (soft, hard) != (limit, limit):
            resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    except (OSError, ValueError):  # a system that lets no process change its limits
        log.warning("a crash may leave a core dump, with people and tokens in it")


def least(hard: int) -> int:
    """Return the limit to set; `hard` is the one that it may not be above."""
    return NONE if hard == resource.RLIM_INFINITY else min(NONE, hard)
