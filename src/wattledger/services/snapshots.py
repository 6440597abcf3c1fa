"""Verified copies of configuration and journal, the newest few kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

DAILY = "daily"
BEFORE_MIGRATION = "before-migration"
KEPT = {DAILY: 7, BEFORE_MIGRATION: 3}
STAMP = "%Y%m%dT%H%M%SZ"


class SnapshotError(Exception):
    """No copy was made, or the copy is not sound; the text says of which file and why."""


def take_snapshot(databases: Sequence[Path], into: Path, *, kind: str, now: datetime) -> Path:
    """Copy the databases into a new folder below `into`, check the copies, and drop the oldest of this kind.

    Each is copied as it is at one moment while others go on writing it. Raises SnapshotError; nothing half-made stays
    under a name that counts then.
    """
    target = into / f"{kind}-{now.strftime(STAMP)}"
    draft = into / f"{target.name}.new"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        for database in databases:
            copy_database(database, draft / database.name)
        if target.exists():  # a second one within the same second
            shutil.rmtree(target)
        draft.rename(target)
    except OSError as error:
        raise SnapshotError(f"{into}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for old in snapshots(into, kind=kind)[KEPT[kind] :]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def snapshots(into: Path, *, kind: str) -> list[Path]:
    """The snapshots of one kind, newest first."""
    return sorted((path for path in into.glob(f"{kind}-*Z") if path.is_dir()), reverse=True)


def copy_database(database: Path, copy: Path) -> None:
    """Copy one database to a single file, checked and synced. Raises SnapshotError."""
    try:
        with closing(_open(database, mode="ro")) as source, closing(_open(copy, mode="rwc")) as target:
            source.backup(target)  # in one step: in WAL mode that is one moment, and it stops nobody from writing
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
            found = [str(row[0]) for row in target.execute("PRAGMA quick_check(5)")]
    except sqlite3.Error as error:
        raise SnapshotError(f"{database}: {error}") from error
    if found != ["ok"]:
        raise SnapshotError(f"the copy of {database} is damaged: {'; '.join(found)}")
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _open(path: Path, *, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=5, isolation_level=None)
