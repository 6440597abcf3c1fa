"""The journal's file as all processes use it: one connection each, short transactions, healed when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wattledger.journal.connection import connect, our_errors
from wattledger.journal.errors import JournalDamagedError, JournalUnavailableError
from wattledger.journal.healing import in_use, make_if_missing, set_aside_if_damaged

SOURCE = "journal"  # of the entry by which a new file tells why it was begun

# Connections that a fork left behind. They belong to the parent: closing them here would pull the rug from under it.
_inherited: list[sqlite3.Connection] = []

FileIdentity = tuple[int, int]  # device and inode


@dataclass(frozen=True, slots=True)
class Seen:
    """What changes when another connection has written; `file` when it was replaced by another file."""

    file: FileIdentity | None
    opening: int
    version: int


class Store:
    """The file at `path`, made and migrated when it is first used.

    May be passed through a fork and shared by threads: each process opens its own connection at its first call, and
    calls take turns. The call that meets a damaged file raises JournalDamagedError, and has set the file aside by then;
    the next call of any process works on a new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = os.getpid()
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: FileIdentity | None = None
        self._openings = 0

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

    def seen(self) -> Seen:
        """Equal to what it gave before as long as nobody else has written."""
        with self._used() as connection:
            version = int(connection.execute("PRAGMA data_version").fetchone()[0])
            return Seen(self._file, self._openings, version)

    def close(self) -> None:
        """Close this process's connection; the next call opens another."""
        with self._own_turn():
            if self._connection is None:
                return
            try:
                with in_use(self.path):
                    self._let_go()
            except JournalUnavailableError:  # its folder is gone, or somebody holds the file for long
                self._let_go()

    @contextmanager
    def _transaction(self, begin: str) -> Generator[sqlite3.Connection, None, None]:
        with self._used() as connection:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _used(self) -> Generator[sqlite3.Connection, None, None]:
        with self._own_turn():
            try:
                make_if_missing(self.path)
                with in_use(self.path):
                    yield from self._lent()
            except JournalDamagedError:
                set_aside_if_damaged(self.path, source=SOURCE)
                raise

    def _lent(self) -> Generator[sqlite3.Connection, None, None]:
        """The connection, which is closed when it meets damage, as long as nobody can set the file aside.

        The last one that is closed removes the file's companions by their names, and these may be a new file's already.
        """
        try:
            with our_errors(self.path):
                yield self._opened()
        except JournalDamagedError:
            self._let_go()
            raise

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

    def _opened(self) -> sqlite3.Connection:
        if self._file != _identity(self.path):
            self._let_go()  # another process set it aside, or somebody removed it
        if self._connection is None:
            self._connection = connect(self.path)
            self._file = _identity(self.path)
            self._openings += 1
        return self._connection

    def _let_go(self) -> None:
        # SQLite sees by itself when the name stands for another file, and then leaves that one's companions alone.
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identity(path: Path) -> FileIdentity | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
