"""One idle connection that keeps the configuration readable while the card is full.

When the last connection to a WAL database closes, SQLite deletes the files beside it, `-wal` and `-shm`, and whoever
comes next makes them anew: 32 KiB that a full card does not have, so that even reading failed ("disk I/O error"). It
also costs every request a checkpoint and two files. While this connection is open they stay.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

log = logging.getLogger(__name__)


@contextmanager
def anchored(database: Path) -> Iterator[None]:
    """Keep the files beside the database as long as this lasts; a database that cannot be read is left as it is.

    To be opened after the last fork. Holds no transaction, and so no checkpoint up. More than one process does it, so
    that the files outlive the restart of one.
    """
    try:
        connection = sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        log.warning("%s cannot be kept open: %s", database, error)
        yield
        return
    try:
        _touch(connection, database)
        yield
    finally:
        connection.close()


def _touch(connection: sqlite3.Connection, database: Path) -> None:
    """Only with the first reading are the files there."""
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        log.warning("%s cannot be read: %s", database, error)
