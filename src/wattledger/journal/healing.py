"""A damaged file is set aside and a new one begun, while other processes have it open.

Whoever uses the file shares a lock for the length of a transaction; whoever finds it damaged takes that lock for
himself, looks whether it still is, and renames it. So it is done once, never under a transaction, and the others notice
by the file's identity, at their next transaction, that its name stands for a new one.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from wattledger.journal.connection import connect, is_emptied, our_errors
from wattledger.journal.entries import Act, entry_for, new_occurrence
from wattledger.journal.errors import JournalDamagedError, JournalUnavailableError
from wattledger.journal.events import Code
from wattledger.journal.rows import append
from wattledger.journal.schema import check_readable

log = logging.getLogger(__name__)

# SQLite's own companions of a file; they belong to it and go where it goes.
COMPANIONS = ("-wal", "-shm")
MOST_ASIDE = 5  # a card that spoils each new file must not be filled with spoiled files as well
LOCK_WAIT_S = 5.0  # looking through the fullest journal takes a second or two on the slowest card
LOCK_PAUSE_S = 0.02


def make_if_missing(path: Path) -> None:
    """Make the file where there is none, while nobody else is about to.

    Two that turn an empty file into a journal at once meet a lock that looks like that of a file cut to nothing. Raises
    JournalError.
    """
    if _is_begun(path):
        return
    with _locked(path, fcntl.LOCK_EX), our_errors(path):
        if not _is_begun(path):
            connect(path).close()


@contextmanager
def in_use(path: Path) -> Generator[None, None, None]:
    """Nobody sets the file aside within. Raises JournalUnavailableError."""
    with _locked(path, fcntl.LOCK_SH):
        yield


def set_aside_if_damaged(path: Path, *, source: str) -> Path | None:
    """Look through the file, made or migrated by that; begin a new one, whose first entry tells it, when it is damaged.

    Gives the path at which the damaged one lies now, None when all is well, as when another process was faster. Raises
    JournalTooNewError and JournalUnavailableError.
    """
    with _locked(path, fcntl.LOCK_EX):
        try:
            look_through(path, read_only=False)
        except JournalDamagedError as error:
            aside = _set_aside(path)
            log.error("%s; it was set aside as %s and a new one is begun", error, aside.name)
            with our_errors(path):
                _begin(path, aside, source)
            return aside
    return None


def look_through(path: Path, *, read_only: bool) -> None:
    """Read the whole file; raises JournalError on a finding."""
    if is_emptied(path) and _companion(path, "-wal").exists():
        raise JournalDamagedError(f"{path} is damaged (it is empty)")
    with our_errors(path), closing(connect(path, read_only=read_only)) as connection:
        check_readable(connection)
        found = [line for row in connection.execute("PRAGMA integrity_check(5)") for line in str(row[0]).splitlines()]
    if found != ["ok"]:
        raise JournalDamagedError(f"{path} is damaged ({'; '.join(found)})")


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    try:
        path.rename(aside)
        for companion in COMPANIONS:
            with suppress(FileNotFoundError):  # there is none, or a program of somebody else has closed the file
                _companion(path, companion).rename(_companion(aside, companion))
        _drop_smallest(path, but=aside)
    except OSError as error:
        raise JournalUnavailableError(f"{path} is damaged and cannot be set aside: {error}") from error
    return aside


def _drop_smallest(path: Path, *, but: Path) -> None:
    """Keep the bound: what holds most is worth most, and the newest is named in an event."""
    older = [found for found in path.parent.glob(f"{path.name}.damaged-*Z") if found != but]
    for small in sorted(older, key=lambda found: found.stat().st_size, reverse=True)[MOST_ASIDE - 1 :]:
        for companion in ("", *COMPANIONS):
            _companion(small, companion).unlink(missing_ok=True)


def _is_begun(path: Path) -> bool:
    """Whether there is a file that somebody has written; one that was cut to nothing since still has its log."""
    return path.exists() and (not is_emptied(path) or _companion(path, "-wal").exists())


def _begin(path: Path, aside: Path, source: str) -> None:
    entry = entry_for(
        Code.JOURNAL_SET_ASIDE,
        Act.RAISED,
        time=datetime.now(UTC),
        occurrence=new_occurrence(),
        key="",
        params={"file": aside.name},
        source=source,
    )
    with closing(connect(path)) as connection:
        append(connection, entry)


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@contextmanager
def _locked(path: Path, kind: int) -> Generator[None, None, None]:
    try:
        # Opened anew each time: what a fork inherits would be the parent's lock.
        lock = os.open(_companion(path, "-use.lock"), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnavailableError(f"{path} cannot be used now: {error}") from error
    try:
        deadline = time.monotonic() + LOCK_WAIT_S
        while not _is_taken(lock, kind):
            if time.monotonic() >= deadline:
                raise JournalUnavailableError(f"{path} cannot be used now: another process keeps it for itself")
            time.sleep(LOCK_PAUSE_S)
        yield
    finally:
        os.close(lock)


def _is_taken(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
