"""What is done to the file before and beside its use: prepare it at a start, look at it from outside."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from wattledger.journal.errors import JournalDamagedError, JournalUnavailableError
from wattledger.journal.events import Code
from wattledger.journal.journal import Journal
from wattledger.journal.schema import check_readable
from wattledger.journal.store import DAMAGED_CODES, connect

# SQLite's own companions of a file; they belong to it and go where it goes.
COMPANIONS = ("-wal", "-shm")


def prepare(path: Path, *, source: str) -> Path | None:
    """Check, migrate or make the file; for one process, before any other uses it.

    A damaged file is set aside under a name that says so and a new one begun whose first entry tells it; gives the
    path it lies at now, None when all was well. Raises JournalTooNewError and JournalUnavailableError.
    """
    try:
        _check(path, read_only=False)
    except JournalDamagedError:
        aside = set_aside(path)
        with Journal(path) as journal:
            journal.note(Code.JOURNAL_SET_ASIDE, params={"file": aside.name}, source=source)
        return aside
    return None


def check(path: Path) -> None:
    """Look through the whole file without changing it, beside those who use it; raises JournalError on a finding."""
    _check(path, read_only=True)


def set_aside(path: Path) -> Path:
    """Rename the file, with what belongs to it, to a name of its own; nobody may have it open."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for companion in ("", *COMPANIONS):
        part = path.with_name(path.name + companion)
        if part.exists():
            part.rename(aside.with_name(aside.name + companion))
    return aside


def _check(path: Path, *, read_only: bool) -> None:
    try:
        connection = connect(path, read_only=read_only)
        try:
            if read_only:
                check_readable(connection)
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in DAMAGED_CODES:
            raise JournalDamagedError(f"{path}: {error}") from error
        raise JournalUnavailableError(f"{path} cannot be used now: {error}") from error
    if found != ["ok"]:
        raise JournalDamagedError(f"{path} is damaged: {'; '.join(found)}")
