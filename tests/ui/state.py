"""Every state that the screens can find a relay in: how it is set up, and how it is filled.

`SAYS` has the words that prove that a screen was seen in its state, and not in the usual one.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import msgspec

from relay.admin.pages import Links
from relay.errors import JournalUnavailable
from relay.outcome.health import Health
from relay.outcome.views.source import SourcesView
from tests.given.event.builders import NOW_S
from tests.given.port.admin import BY_HAND, PINTEREST, TIKTOK, AdminPort
from tests.ui.world import (
    KAFKA,
    OUTCOMES,
    Fill,
    busy,
    die,
    dress,
    hostile,
    nothing,
    put,
    troubled,
    waiting,
)

BOTH: Final = (PINTEREST, TIKTOK)
MANY: Final = (*BOTH, *(f"{of}-{at}" for of in ("pinterest", "tiktok") for at in "abcdef"))
LONG: Final = (*BOTH, f"pinterest-{'x' * 30}", f"tiktok-{'the-outlet-shop-of-the-north-'[:33]}")
PARTITIONS: Final = 12
SMALL_BYTES: Final = 2 * 1024 * 1024
TABLES: Final = ("rollup", "dead", "rejection", "receipt", "retry", "log")


class State(msgspec.Struct, frozen=True):
    """How a relay is set up, and what has happened to it."""

    fill: Fill
    names: Sequence[str] = BOTH
    setup: Mapping[str, Any] = {}
    """Further arguments of `AdminPort`."""


async def nowhere(port: AdminPort) -> None:
    """Have no platform set up, and a shop that sends all the same."""
    await put(port, "order-1001")


async def paused_by_hand(port: AdminPort) -> None:
    """Have somebody pause both platforms."""
    await busy(port)
    await waiting(port)
    port.switch.health |= dict.fromkeys(BOTH, BY_HAND)


async def in_trouble(port: AdminPort) -> None:
    """Have one platform that does not answer, and one that asks for fewer requests."""
    await busy(port)
    await waiting(port)
    port.switch.health |= {
        PINTEREST: Health("degraded", None, "It does not answer.", NOW_S - 900.0, NOW_S + 8.0),
        TIKTOK: Health("throttled", None, "It asks for less.", NOW_S - 90.0, NOW_S + 240.0),
    }


async def late(port: AdminPort) -> None:
    """Have more come in than was sent so far."""
    await busy(port)
    await waiting(port)


async def in_test_mode(port: AdminPort) -> None:
    """Send nothing but tests to both platforms."""
    await busy(port)
    for each in port.destinations:
        each.test = True


async def quiet(port: AdminPort) -> None:
    """Have had nothing for two days."""
    await busy(port)
    port.now_s += 2 * 86_400


async def many(port: AdminPort) -> None:
    """Have many accounts at each platform, and a reason for each to be looked at."""
    await busy(port)
    for at in range(12):
        await die(port, f"order-80{at:02}", code=str(40_000 + at), message="Not as it should be")


async def long_names(port: AdminPort) -> None:
    """Have the longest names there can be, one of a platform that refuses its token."""
    await busy(port)
    await waiting(port)
    port.switch.health[LONG[-1]] = Health("paused", "token_expired", "", NOW_S - 1_260.0, None)


async def full(port: AdminPort) -> None:
    """Have a journal that takes no more, and Kafka wait for it."""
    dress(port)
    port.sources = SourcesView(kafka=KAFKA, outcomes=OUTCOMES)
    try:
        while True:
            for at in range(200):
                await put(port, f"order-{at}{'x' * 200}")
    except JournalUnavailable:
        return


async def from_kafka(port: AdminPort) -> None:
    """Have everything come in by way of Kafka, from many partitions."""
    await busy(port)
    reading = msgspec.structs.replace(KAFKA, state="active", message="", missing_topics=[])
    port.sources = SourcesView(kafka=reading, outcomes=OUTCOMES)
    for at in range(PARTITIONS):
        port.metrics.kafka_lag.labels("shop.europe.conversions.v2", str(at)).set(at * 1_000)


async def kafka_away(port: AdminPort) -> None:
    """Have a cluster that does not let the relay in."""
    await busy(port)
    words = "The cluster refuses `sasl_plain_password`; sending goes on for what comes over HTTP."
    port.sources = SourcesView(
        kafka=msgspec.structs.replace(KAFKA, state="unreachable", message=words, last_commit=None),
        outcomes=msgspec.structs.replace(OUTCOMES, state="unreachable", message=words, lost=12),
    )


async def unreadable(port: AdminPort) -> None:
    """Have a journal of which no figure can be read."""
    await nothing(port)
    with closing(sqlite3.connect(port.journal_path)) as connection, connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} RENAME TO {table}_away")


STATES: Final[Mapping[str, State]] = {
    "nothing yet": State(nothing),
    "all is well": State(busy),
    "trouble": State(troubled),
    "hostile": State(hostile),
    "no platform": State(nowhere, ()),
    "paused by hand": State(paused_by_hand),
    "platforms in trouble": State(in_trouble),
    "late": State(late),
    "test mode": State(in_test_mode),
    "trial run": State(busy, setup={"emulated": BOTH}),
    "quiet": State(quiet),
    "many platforms": State(many, MANY),
    "long names": State(long_names, LONG),
    "full journal": State(full, setup={"max_size_bytes": SMALL_BYTES}),
    "from Kafka": State(from_kafka),
    "Kafka is away": State(kafka_away),
    "could not load": State(unreadable),
    "with links": State(
        troubled,
        setup={"links": Links(grafana="https://grafana.shop.example", runbook="https://wiki/r")},
    ),
}

SAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "nothing yet": {
        "overview": "Waiting for the first conversion.",
        "destination": "Nothing came in during the last 24 hours.",
        "not delivered": "Nothing here yet.",
        "refused": "Nothing here yet.",
        "what to fix": "Nothing to look at yet.",
    },
    "all is well": {
        "overview": "Your conversions are arriving.",
        "destination": "Working",
        "found": "Delivered",
    },
    "trouble": {
        "overview": "Conversions are not reaching TikTok.",
        "found waiting": "Nothing is sent to TikTok at the moment",
        "not found": "Nothing matches.",
        "not delivered to one": "Nothing matches.",
        "refused of no kind": "Nothing matches.",
        "on call": "token_expired",
    },
    "hostile": {"found by hostile id": "<script>"},
    "no platform": {
        "overview": "No platform is set up yet.",
        "send a test": "No platform is set up yet.",
        "destination": "There is nothing here.",
        "on call": "No destination is configured",
    },
    "paused by hand": {"overview": "Paused by hand.", "destination": "Resume TikTok"},
    "platforms in trouble": {
        "overview": "Pinterest does not answer at the moment.",
        "destination": "Slowed down",
        "found waiting": "Next try",
    },
    "late": {"overview": "Conversions reach TikTok late.", "destination": "Sending is behind"},
    "test mode": dict.fromkeys(("overview", "find"), "Test mode. TikTok gets test events only"),
    "trial run": dict.fromkeys(("overview", "on call"), "nothing reaches the real platforms"),
    "quiet": {
        "overview": "No conversion came in during the last 24 hours.",
        "destination": "The last delivery was 2 days ago.",
    },
    "many platforms": {
        "overview": "Conversions reach pinterest-a, pinterest-b and 10 others late.",
        "on call": "tiktok-f",
    },
    "long names": {"overview": LONG[-1], "on call": LONG[-2]},
    "full journal": {
        "overview": "New conversions cannot be taken at the moment.",
        "on call": "Events are refused: the journal is at its size limit",
    },
    "from Kafka": {"on call": "11,000"},
    "Kafka is away": {
        "overview": "Conversions are not read from Kafka at the moment.",
        "on call": "The cluster refuses sasl_plain_password",
    },
    "could not load": {
        "overview": "Could not load the figures. Sending goes on",
        "not delivered": "Could not load the figures.",
    },
    "with links": {"on call": "runbook"},
}
