"""Parses the name and limits of a key; `ConfigError` names the option at fault."""

import re
from typing import Final

from relay.cli.option import read_option
from relay.config import Config
from relay.config.quantity import Duration
from relay.errors import ConfigError
from relay.keys.record import NAME, SCOPES, Scope

LONGEST: Final = Duration("36500d")
"""A century; an end after the year 9999 could not be shown."""
MOST_USES: Final = 2**53
"""More could not be told to worker processes."""
RATE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)/s")


def name_of(text: str) -> str:
    """Return the text if a key may have it as its name."""
    if not re.fullmatch(NAME, text):
        raise ConfigError("NAME must be up to 64 letters, digits, dots, hyphens and underscores")
    return text


def scopes_of(text: str) -> tuple[Scope, ...]:
    """Return what a key may be used for, in the order of `SCOPES`."""
    wanted = [part.strip() for part in text.split(",")]
    known = tuple(scope for scope in SCOPES if scope in wanted)
    if not known or len(known) != len(set(wanted)):
        raise ConfigError(f"--scopes must be {' or '.join(SCOPES)}, or both by comma")
    return known


def rate_per_s(text: str) -> float:
    """Return the requests per second that a text such as `100/s` means."""
    found = RATE.fullmatch(text)
    if not found or not float(found[1]):
        raise ConfigError("--rate must be a number of requests a second, such as 100/s")
    return float(found[1])


def duration_s(option: str, text: str) -> float:
    """Return the duration of an option in seconds."""
    found = read_option(option, text, Duration)
    if found > LONGEST:
        raise ConfigError(f"{option} must be at most {LONGEST}")
    return found


def lifetime_s(text: str) -> int:
    """Return the lifetime of a key in seconds, at least 1."""
    seconds = int(duration_s("--expires", text))
    if not seconds:
        raise ConfigError("--expires must be a second or more, such as 90d")
    return seconds


def destinations_of(text: str, config: Config) -> tuple[str, ...]:
    """Return the configured destinations that a comma-separated text names."""
    wanted = tuple(filter(None, map(str.strip, text.split(","))))
    if not wanted:
        raise ConfigError("--destinations must name one or more, by comma")
    unknown = [name for name in wanted if name not in config.destinations]
    if unknown:
        known = ", ".join(config.destinations) or "none"
        raise ConfigError(f"--destinations: {unknown[0]} is not configured; there is {known}")
    return wanted
