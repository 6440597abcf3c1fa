"""A connection to the journal's file: its settings, and SQLite's errors turned into ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from wattledger.journal.errors import JournalDamagedError, JournalError, JournalUnavailableError
from wattledger.journal.schema import migrate

# Others hold the lock for one small commit; who still waits after this is told, and what he had to say is kept.
BUSY_TIMEOUT_S = 3.0
# A few entries an hour: the price of a sync is nothing, and what was mailed or audited must outlive a power cut, which
# NORMAL would not promise in WAL mode.
SYNCHRONOUS = "FULL"
CACHE_KIB = 512

DAMAGED_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the settings of this file, which is migrated unless `read_only`.

    Raises JournalError or sqlite3.DatabaseError.
    """
    mode = "ro" if read_only else "rwc"
    # psow=0: a card need not keep the rest of a sector whose writing the power cut.
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}&psow=0"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            connection.execute("PRAGMA secure_delete = OFF")  # overwriting what was trimmed only wears the card
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def our_errors(path: Path) -> Generator[None, None, None]:
    """What SQLite raises within comes out as JournalError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _ours(error, path) from error


def is_emptied(path: Path) -> bool:
    """Whether somebody cut the file to nothing. Those who have it open then see a lock that never ends."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _ours(error: sqlite3.DatabaseError, path: Path) -> JournalError:
    # The low byte of an extended code names the family (SQLITE_IOERR_FSYNC → SQLITE_IOERR).
    family = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if family in DAMAGED_CODES or (family == sqlite3.SQLITE_BUSY and is_emptied(path)):
        return JournalDamagedError(f"{path} is damaged ({error})")
    if isinstance(error, sqlite3.OperationalError):
        return JournalUnavailableError(f"{path} cannot be used now: {error}")
    return JournalError(f"{path}: {error}")
