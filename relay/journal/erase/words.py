"""Deletes what platforms said about a forgotten person's events: they may quote what they refuse.

On arrival, only addresses, numbers and tokens are scrubbed. A city or browser that a platform
quotes looks like any other word; only here is it known to belong to a person who must be forgotten.
The words about a whole request are deleted with the first such event, since they may quote anybody.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import Final

import msgspec

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
        _silence(connection, receipt, places)


def _silence(connection: sqlite3.Connection, receipt: int, places: Container[Place]) -> None:
    """Empty the words about a request, and about those of its events that are in `places`."""
    row = connection.execute(_SAID, (receipt,)).fetchone()
    if row is not None:
        (exceptions,) = row
        connection.execute(_KEEP, (exceptions and _without_words(exceptions, places), receipt))


def _without_words(exceptions: bytes, places: Container[Place]) -> bytes:
    return _ENCODER.encode(
        [
            (lane, offset, outcome, code, "" if (lane, offset) in places else message)
            for lane, offset, outcome, code, message in EXCEPTIONS.decode(exceptions)
        ]
    )


_SAID: Final = """
    SELECT exceptions FROM receipt
    WHERE id = ? AND (message <> '' OR exceptions IS NOT NULL)
"""
_KEEP: Final = "UPDATE receipt SET message = '', exceptions = ? WHERE id = ?"
