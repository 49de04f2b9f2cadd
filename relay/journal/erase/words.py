"""Takes out what platforms said of a forgotten person's events: they may quote what they refuse.

What is scrubbed on arrival are addresses, numbers and tokens. A city or a browser that a platform
quotes looks like any other word, and only here it is known to be about somebody who has to go. The
words for a whole request go with the first of its events, since nobody knows whom they quote.
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
    """Take out the words about these events, in the open transaction."""
    about: defaultdict[int, set[Place]] = defaultdict(set)
    for trace in found:
        for name in destinations:
            by_itself = name in trace.entry.passed
            for receipt in covering(connection, name, trace.place, by_itself=by_itself):
                about[receipt].add(trace.place)
    for receipt, places in about.items():
        _silence(connection, receipt, places)


def _silence(connection: sqlite3.Connection, receipt: int, places: Container[Place]) -> None:
    """Empty the words of a request, and those about these of its events."""
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
