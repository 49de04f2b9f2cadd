"""One moment of a journal, read from outside whatever its relay does meanwhile."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.errors import JournalDamaged, RelayError
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.disk.still import ATTEMPTS
from tests.given.event.builders import entry
from tests.given.journal.seed import PINTEREST, Seed, new_journal


def groups(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM log").fetchone()[0]
    return found


def test_what_is_written_meanwhile_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path) as connection:
        seed = Seed(connection)
        seed.group(entry("a"))

        def read(snapshot: sqlite3.Connection) -> tuple[int, int]:
            before = groups(snapshot)
            seed.group(entry("b"))
            return before, groups(snapshot)

        assert at_one_moment(path, read) == (1, 1)
        assert at_one_moment(path, groups) == 2


def test_reading_begins_anew_if_a_relay_starts_meanwhile(tmp_path: Path) -> None:
    """A journal at rest is read as it lies there; if it changes, that was worth nothing."""
    path = tmp_path / "relay.db"
    with new_journal(path) as connection:
        Seed(connection).group(entry("a"))
    found: list[int] = []

    def read(snapshot: sqlite3.Connection) -> int:
        found.append(groups(snapshot))
        if len(found) == 1:
            with sqlite3.connect(path) as connection:
                Seed(connection).cursor(PINTEREST, 0)
            connection.close()
        return len(found)

    assert at_one_moment(path, read) == 2


def test_reading_is_given_up_if_relays_come_and_go_each_time(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path) as connection:
        Seed(connection).group(entry("a"))
    reads: list[int] = []

    def read(snapshot: sqlite3.Connection) -> None:
        reads.append(groups(snapshot))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE log_end SET next = next + 1")
        os.utime(path, (0, len(reads)))  # no clock of a file system needs to have moved on

    with pytest.raises(RelayError, match="again and again; try once more") as raised:
        at_one_moment(path, read)
    assert not isinstance(raised.value, JournalDamaged)
    assert len(reads) == ATTEMPTS


def test_a_journal_at_rest_is_read_without_making_a_file(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path) as connection:
        Seed(connection).group(entry("a"))
    assert at_one_moment(path, groups) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["relay.db"]


def test_nobody_can_write_through_it(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with new_journal(path), pytest.raises(RelayError, match="cannot be read"):
        at_one_moment(path, lambda snapshot: snapshot.execute("DELETE FROM log"))


def test_a_damaged_log_is_said_to_be(tmp_path: Path) -> None:
    def decode(snapshot: sqlite3.Connection) -> None:
        del snapshot
        raise ValueError("private")

    path = tmp_path / "relay.db"
    with new_journal(path), pytest.raises(JournalDamaged, match="restore a backup") as caught:
        at_one_moment(path, decode)
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"conversions of 2025"])
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "relay.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        at_one_moment(path, groups)
