"""Connections to `hot.db` and what their errors mean.

A connection never crosses a fork, and nobody opens the file but SQLite: closing any other handle on it would drop the
locks of the whole process.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from wattledger.archive.embedded.schema import is_laid_out
from wattledger.archive.errors import ArchiveDamagedError, ArchiveError, ArchiveFullError

HOT = "hot.db"
BUSY_S = 5.0  # commits and checkpoints of others last milliseconds; who waits longer waits for a fault
ALMOST_FULL_BYTES = 64 * 1024  # below this SQLite's files cannot grow, whatever its error says

WRITER_SETTINGS = (
    "PRAGMA page_size = 2048",  # commits are small, and whole pages are written; 1024 would split large frames
    "PRAGMA journal_mode = WAL",
    "PRAGMA wal_autocheckpoint = 2000",
    "PRAGMA cache_size = -8000",  # KB
    "PRAGMA secure_delete = OFF",  # on in Debian; would write every dropped page once more
)
SYNCHRONOUS = {True: "PRAGMA synchronous = FULL", False: "PRAGMA synchronous = OFF"}


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one writing connection; it may move to another thread, but be used in one at a time.

    `psow=0`: SQLite must not trust a card to keep the neighbours of a sector that the power cut tore.
    """
    uri = f"{path.absolute().as_uri()}?psow=0"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def configure_writer(connection: sqlite3.Connection, *, durable: bool) -> None:
    """Make commits survive a power cut, or, for tests and demonstrations, only the death of the process."""
    for setting in (*WRITER_SETTINGS, SYNCHRONOUS[durable]):
        connection.execute(setting)


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """One snapshot of the archive in `folder`, or None when nothing was ever written there.

    Raises the errors of this package, for whatever goes wrong within.
    """
    path = folder / HOT
    with translated(path):
        if not path.exists():
            yield None
            return
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield connection if is_laid_out(connection) else None


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system about `path` as errors of this package."""
    try:
        yield
    except ArchiveError as error:
        raise type(error)(f"{path}: {error}") from error
    except (sqlite3.Error, OSError) as error:
        raise _translation(error, path) from error


def _translation(error: sqlite3.Error | OSError, path: Path) -> ArchiveError:
    if isinstance(error, OSError):
        text = f"{path}: {error.strerror or error}"
        return ArchiveFullError(text) if error.errno == errno.ENOSPC else ArchiveError(text)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bytes tell details
    if code == sqlite3.SQLITE_FULL or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(path)):
        return ArchiveFullError(f"{path}: no space left; free some, recording goes on by itself")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return ArchiveDamagedError(f"{path}: {error}")
    if code == sqlite3.SQLITE_BUSY:
        return ArchiveError(f"{path}: another program has locked the file for more than {BUSY_S:.0f} s")
    return ArchiveError(f"{path}: {error}")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < ALMOST_FULL_BYTES
    except OSError:
        return False
