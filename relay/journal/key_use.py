"""Counts the uses of each producer key: one for each request of which events were stored."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from relay.journal.report import KeyUse


def add(connection: sqlite3.Connection, uses: Mapping[str, int], now_ms: int) -> None:
    """Count uses, in the transaction that holds their events."""
    connection.executemany(_ADD, [(key, count, now_ms) for key, count in uses.items()])


def load(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the uses of every key."""
    return dict(connection.execute("SELECT key, uses FROM key_use").fetchall())


def usage(connection: sqlite3.Connection) -> dict[str, KeyUse]:
    """Return the uses of every key, and when it was used last."""
    rows = connection.execute("SELECT key, uses, last_used_ms FROM key_use")
    return {key: KeyUse(*used) for key, *used in rows}


_ADD: Final = """
    INSERT INTO key_use (key, uses, last_used_ms) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET uses = uses + excluded.uses, last_used_ms = excluded.last_used_ms
"""
