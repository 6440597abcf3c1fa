"""The tables of the journal's file, grown by numbered migrations.

A migration only adds: the previous release must still read and write the file. What it adds is used from the next
release on, what it replaces is dropped one release later.
"""

from __future__ import annotations

import sqlite3

from wattledger.journal.errors import JournalDamagedError, JournalTooNewError

APPLICATION_ID = 0x574C4A4C  # "WLJL": a file that says otherwise is somebody else's
FORMAT = 1  # what this release writes; raise `min_reader` in a migration when older releases must keep off

MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('format', '1'), ('min_reader', '1'), ('uuid', lower(hex(randomblob(16))));

    CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: cursors rely on it
        occurrence TEXT NOT NULL,
        act TEXT NOT NULL,
        time INTEGER NOT NULL,  -- microseconds since 1970 UTC, as all times here
        code TEXT NOT NULL,
        key TEXT NOT NULL,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        standing INTEGER NOT NULL,
        needs_acknowledgement INTEGER NOT NULL,
        text TEXT NOT NULL,
        params TEXT NOT NULL,
        actor TEXT,
        comment TEXT NOT NULL DEFAULT '',
        count INTEGER NOT NULL DEFAULT 1
    );
    CREATE INDEX entry_occurrence ON entry (occurrence, id);
    CREATE INDEX entry_raised ON entry (code, key, id) WHERE act = 'raised';
    CREATE INDEX entry_first ON entry (id) WHERE act = 'raised';

    CREATE TABLE channel (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        entry TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        created INTEGER NOT NULL,
        due INTEGER NOT NULL,
        settled INTEGER,
        last_error TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX message_due ON message (channel, id) WHERE state = 'due';

    CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        params TEXT NOT NULL,
        actor TEXT,
        state TEXT NOT NULL,
        progress REAL NOT NULL DEFAULT 0,
        result TEXT,
        error TEXT NOT NULL DEFAULT '',
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        submitted INTEGER NOT NULL,
        started INTEGER,
        finished INTEGER
    );
    CREATE INDEX job_waiting ON job (id) WHERE state IN ('waiting', 'running');

    CREATE TABLE run (task TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file up to this release, in one transaction; safe when several processes do it at once.

    Raises JournalDamagedError for a database that is not a journal and JournalTooNewError when a later release says
    that this one does not understand it.
    """
    if _version(connection) >= len(MIGRATIONS):
        check_readable(connection)
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(connection), len(MIGRATIONS)):  # read again: another process may have been first
            _check_ours(connection, first=number == 0)
            for statement in MIGRATIONS[number].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # SQLite ends it by itself when the disk is full
            connection.execute("ROLLBACK")
    check_readable(connection)


def check_readable(connection: sqlite3.Connection) -> None:
    """Raises JournalDamagedError for what is not a journal and JournalTooNewError for one of a later release."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalDamagedError("the file is a database, but not a journal")
    row = connection.execute("SELECT value FROM meta WHERE name = 'min_reader'").fetchone()
    if row is None:
        raise JournalDamagedError("the journal does not say which release wrote it")
    if int(row[0]) > FORMAT:
        raise JournalTooNewError(
            f"the list of events needs a release that reads format {row[0]}, this one reads up to {FORMAT};"
            " install the later release again or restore an earlier backup"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_ours(connection: sqlite3.Connection, *, first: bool) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if first and tables:
        raise JournalDamagedError("the file is a database, but not a journal")
