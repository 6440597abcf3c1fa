"""The journal's file: one connection per process, short transactions, SQLite's errors turned into ours."""

from __future__ import annotations

import os
import sqlite3
import threading
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

# Connections that a fork left behind. They belong to the parent: closing them here would pull the rug from under it.
_inherited: list[sqlite3.Connection] = []


class Store:
    """The file at `path`, made and migrated when it is first used.

    May be passed through a fork and shared by threads: each process opens its own connection at its first call, and
    calls take turns. `read_only` neither makes nor migrates anything.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._process = os.getpid()
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction that holds the write lock from its first line; all of it is kept, or nothing."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction that sees one state of the file."""
        with self._transaction("BEGIN") as connection:
            yield connection

    def version_seen(self) -> int:
        """A number that changes when another connection has written."""
        with self._errors(), self._own_turn():
            return int(self._open().execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close this process's connection; the next call opens another."""
        with self._own_turn():
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Generator[sqlite3.Connection, None, None]:
        with self._errors(), self._own_turn():
            connection = self._open()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _errors(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _ours(error, self.path) from error

    @contextmanager
    def _own_turn(self) -> Generator[None, None, None]:
        if self._process != os.getpid():
            self._leave_to_parent()
        with self._turn:
            yield

    def _leave_to_parent(self) -> None:
        if self._connection is not None:
            _inherited.append(self._connection)
        self._connection = None
        self._turn = threading.RLock()  # a thread of the parent may have held the old one
        self._process = os.getpid()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self.path, read_only=self._read_only)
        return self._connection


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


def _ours(error: sqlite3.DatabaseError, path: Path) -> JournalError:
    # The low byte of an extended code names the family (SQLITE_IOERR_FSYNC → SQLITE_IOERR).
    family = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if family in DAMAGED_CODES:
        return JournalDamagedError(f"{path} is damaged ({error}); the next start sets it aside and begins a new one")
    if isinstance(error, sqlite3.OperationalError):
        return JournalUnavailableError(f"{path} cannot be used now: {error}")
    return JournalError(f"{path}: {error}")
