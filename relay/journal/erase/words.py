"""Deletes what platforms said about events: they may quote the person whose event they refuse.

On arrival, only addresses, numbers and tokens are scrubbed. A city or browser that a platform
quotes looks like any other word; only its event shows whose it is. So the words go with the person,
and with the event itself: without it, no erasure could find them. The words about a whole request
are deleted with the first of its events, since they may quote anybody.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from relay.event_name import Lane
from relay.journal.erase.traces import Trace
from relay.journal.find.lookup import Place
from relay.journal.find.timeline import EXCEPTIONS, covering

_ENCODER: Final = msgspec.msgpack.Encoder()


def take_out(
    connection: sqlite3.Connection, found: Iterable[Trace], destinations: Sequence[str]
) -> None:
    """Delete the words about these events, in the open transaction."""
    about: defaultdict[int, set[Place]] = defaultdict(set)
    for trace in found:
        for name in destinations:
            by_itself = name in trace.entry.passed
            for receipt in covering(connection, name, trace.place, by_itself=by_itself):
                about[receipt].add(trace.place)
    for receipt, places in about.items():
        silence(connection, receipt, places.__contains__)


def silence(
    connection: sqlite3.Connection, receipt: int, concerns: Callable[[Place], bool]
) -> None:
    """Empty the words about a request, and about those of its events whose place `concerns`."""
    row = connection.execute(_SAID, (receipt,)).fetchone()
    if row is not None:
        (exceptions,) = row
        connection.execute(_KEEP, (exceptions and _without_words(exceptions, concerns), receipt))


def _without_words(exceptions: bytes, concerns: Callable[[Place], bool]) -> bytes:
    return _ENCODER.encode(
        [
            (lane, offset, outcome, code, "" if concerns(Place(Lane(lane), offset)) else message)
            for lane, offset, outcome, code, message in EXCEPTIONS.decode(exceptions)
        ]
    )


_SAID: Final = """
    SELECT exceptions FROM receipt
    WHERE id = ? AND (message <> '' OR exceptions IS NOT NULL)
"""
_KEEP: Final = "UPDATE receipt SET message = '', exceptions = ? WHERE id = ?"
