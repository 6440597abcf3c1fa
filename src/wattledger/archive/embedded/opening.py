"""Opening `hot.db` for writing: one writer per folder, a sound file, the newest format."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from wattledger.archive.embedded.connection import configure_writer, connect_writer, reading, translated
from wattledger.archive.embedded.schema import check_readable, migrate
from wattledger.archive.embedded.settling import settle
from wattledger.archive.errors import ArchiveDamagedError, ArchiveError

LOCK = "writer.lock"


def lock_folder(folder: Path) -> int:
    """Be the one writer of `folder` until the returned descriptor is closed; makes the folder.

    The kernel lets go of the lock when the process dies. Raises ArchiveError when another one has it.
    """
    path = folder / LOCK
    with translated(path):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                raise ArchiveError("another writer has this archive open") from error
            raise
        return descriptor


def open_sound(path: Path, *, durable: bool) -> tuple[sqlite3.Connection, tuple[Path, ...]]:
    """A connection for writing, and where damaged files were set aside."""
    aside: tuple[Path, ...] = ()
    begun_anew = not path.exists()
    try:
        connection = _opened(path, durable=durable)
    except ArchiveDamagedError:
        with translated(path):
            aside = (set_aside(path),)
        connection = _opened(path, durable=durable)
    try:
        with translated(path):
            return connection, (*aside, *settle(connection, path.parent, begun_anew=begun_anew or bool(aside)))
    except BaseException:
        connection.close()
        raise


def set_aside(path: Path) -> Path:
    """Rename a database and its log, so that they still belong together; gives the new name.

    The log goes first: left behind, it would be taken for that of the new file.
    """
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)  # SQLite makes it again from the log
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.rename(aside.with_name(f"{aside.name}-wal"))
    path.rename(aside)
    return aside


def _opened(path: Path, *, durable: bool) -> sqlite3.Connection:
    _look_over(path.parent)
    with translated(path):
        connection = connect_writer(path)
        try:
            configure_writer(connection, durable=durable)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _look_over(folder: Path) -> None:
    """Raise ArchiveDamagedError and ArchiveTooNewError before anything is changed.

    Read-only, since a writing connection folds the log back when it closes, even into a file that is not sound.
    """
    with reading(folder) as connection:
        if connection is None:
            return
        check_readable(connection)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise ArchiveDamagedError(verdict)
