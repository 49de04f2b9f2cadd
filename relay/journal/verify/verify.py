"""Verifies a journal from outside: it writes nothing, takes no lock and makes no file.

It may run beside the relay: like any reader, it then sees only committed states, and what has to
agree is read from one snapshot. The log is read in short steps, because a long-lived snapshot keeps
the write-ahead log from being emptied; only SQLite's own check and a long backlog need longer ones.
If there is no write-ahead log, nobody is writing, and the file is read as it is; if a relay is
started meanwhile, the verification starts over. Memory is bounded, however large the journal is.
All of it blocks.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from relay.errors import system_reason
from relay.journal.disk.connection import pragma
from relay.journal.disk.file import EARLY, lacking, stored_version
from relay.journal.disk.still import ATTEMPTS, State
from relay.journal.disk.storage import UNREADABLE, gives_all, is_damage
from relay.journal.disk.upgrades import FIRST_VERSION, VERSION, absent_tables
from relay.journal.verify.destination import check_destinations
from relay.journal.verify.finding import RESTORE, Finding, Watch, counted, fine, problem
from relay.journal.verify.log import check_log
from relay.journal.verify.rows import check_rows

_TOLD_BY_SQLITE: Final = 100
_WHERE: Final = "start the relay once, or set [journal] path to where its journal is"


def verify(path: Path, watch: Watch) -> list[Finding]:
    """Return the findings of all checks; the journal is sound if every one of them is fine."""
    for _ in range(ATTEMPTS):
        before = State.of(path)
        findings = _verify(path, watch, before)
        if before.holds(path):
            return findings
    restless = f"{path}: a relay is started and stopped again and again"
    return [problem("file", restless, "try once more")]


def _verify(path: Path, watch: Watch, state: State) -> list[Finding]:
    if (found := unusable(path)) is not None:
        return [found]
    try:
        with closing(state.connect(path)) as connection:
            return _checks(path, connection, watch)
    except (sqlite3.DatabaseError, *UNREADABLE) as error:
        return [_unreadable(path, error)]


def _checks(path: Path, connection: sqlite3.Connection, watch: Watch) -> list[Finding]:
    """Return all findings; checks that rely on a failed one are left out."""
    findings = [_version(path, pragma(connection, "user_version"))]
    if findings[-1].fine:
        findings.append(_pages(path, connection, watch))
    if findings[-1].fine:
        findings += check_log(connection, watch)
        findings += check_destinations(connection, watch)
        findings += check_rows(connection, watch)
    return findings


def unusable(path: Path) -> Finding | None:
    """Return why the file cannot be verified at all, None if it can."""
    try:
        version = stored_version(path)
    except FileNotFoundError:
        return problem("file", f"{path}: is not there", _WHERE)
    except OSError as error:
        reason = system_reason(error)
        return problem("file", f"{path}: cannot be read ({reason})", "run this as the relay's user")
    if version is None:
        return problem("file", f"{path}: is no journal of the relay", _WHERE)
    return version_fault(path, version) if version > VERSION else None


def version_fault(path: Path, version: int) -> Finding | None:
    """Return why this relay cannot read a journal of that version, None if it can.

    After an upgrade, the file's header may hold an older version than the write-ahead log.
    """
    found = _version(path, version)
    return None if found.fine else found


def _version(path: Path, version: int) -> Finding:
    if version < FIRST_VERSION:
        return problem("file", f"{path}: is damaged (journal version {version})", RESTORE)
    if version > VERSION:
        return problem(
            "file",
            f"{path}: was written by a newer relay (journal version {version}, this one knows"
            f" {VERSION})",
            "install that version",
        )
    if version < VERSION:
        return problem(
            "file",
            f"{path}: is of journal version {version}, this relay writes {VERSION}",
            "start the relay, which upgrades it, and try again",
        )
    return fine("file", f"{path}, journal version {version}")


def _pages(path: Path, connection: sqlite3.Connection, watch: Watch) -> Finding:
    """Have SQLite check every page, and that all tables exist and agree with their indexes."""
    watch("Checking pages", 0, None)
    told = [
        line
        for (text,) in connection.execute(f"PRAGMA integrity_check({_TOLD_BY_SQLITE})")
        for line in str(text).splitlines()
        if not line.startswith("***") and line != "ok"
    ]
    if not told and (absent := absent_tables(connection)):
        return problem("pages", f"{path}: {lacking(absent)}", EARLY)
    if not told:
        return fine("pages", counted(pragma(connection, "page_count"), "page"))
    if not gives_all(path):
        return problem("file", f"{path}: cannot be read to its end", "check the disk")
    more = f", and {len(told) - 1:,} more" if len(told) > 1 else ""
    return problem("pages", f"{path}: is damaged ({told[0]}{more})", RESTORE)


def _unreadable(path: Path, error: BaseException) -> Finding:
    """Return what an error means, without its text, which may quote an event."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if is_damage(error) and gives_all(path):
        return problem("pages", f"{path}: is damaged ({name})", RESTORE)
    return problem(
        "file", f"{path}: cannot be read ({name})", "check the disk, and run this as its owner"
    )
