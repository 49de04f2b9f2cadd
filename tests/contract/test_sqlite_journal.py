"""The SQLite journal under the contract, with all of it in memory and with next to nothing."""

from pathlib import Path

from relay.journal.base import Journal
from relay.journal.sqlite import SqliteJournal
from tests.contract.journal.suite import JournalContract
from tests.given.event.builders import NOW_S

MAX_SIZE_BYTES = 64 * 1024 * 1024
RETENTION_S = 7 * 86_400.0


class TestSqliteJournal(JournalContract):
    def make(self, folder: Path) -> Journal:
        return SqliteJournal(
            folder / "relay.db",
            clock=lambda: NOW_S,
            max_size_bytes=MAX_SIZE_BYTES,
            retention_s=RETENTION_S,
        )


class TestSqliteJournalFromDisk(JournalContract):
    """With room for a single hot event, almost every read is one from disk."""

    def make(self, folder: Path) -> Journal:
        return SqliteJournal(
            folder / "relay.db",
            clock=lambda: NOW_S,
            max_size_bytes=MAX_SIZE_BYTES,
            retention_s=RETENTION_S,
            hot_events=1,
        )
