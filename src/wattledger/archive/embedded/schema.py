"""The tables of `hot.db`, the numbered steps that lead to them, and the day tables.

`format` counts the steps a file has seen; `min_reader` is the lowest format that a release must know to read and write
it. A step may add what older releases overlook (min_reader stays) and only a later release may take away (min_reader
rises), so that the release before can always go on.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from inspect import cleandoc

from wattledger.archive.errors import ArchiveDamagedError, ArchiveTooNewError

APPLICATION_ID = 0x57415454  # "WATT" in the file's header: this file is ours
DAY_S = 86_400
FIRST_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the tables; after it a release must know format `min_reader`."""

    min_reader: int
    statements: tuple[str, ...]


STEPS = (
    Step(
        min_reader=1,
        statements=(
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID",
            # which series, decimals and step the frames of this layout have, as JSON arrays; step 0: held frames
            """
            CREATE TABLE layout (
                id INTEGER PRIMARY KEY, series TEXT NOT NULL, decimals TEXT NOT NULL, step_s INTEGER NOT NULL
            ) STRICT
            """,
            # what an import or a person put over the frames; value NULL: deleted
            """
            CREATE TABLE late (
                series INTEGER NOT NULL, slot INTEGER NOT NULL, value INTEGER, decimals INTEGER NOT NULL,
                quality INTEGER NOT NULL, PRIMARY KEY (series, slot)
            ) STRICT, WITHOUT ROWID
            """,
            # a row per commit and span; layouts and series are id sets such as 1-20,23
            """
            CREATE TABLE change (
                cursor INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, layouts TEXT NOT NULL,
                series TEXT NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE held (
                id INTEGER PRIMARY KEY, boot TEXT NOT NULL, monotonic_s REAL NOT NULL, layout INTEGER NOT NULL,
                blob BLOB NOT NULL
            ) STRICT
            """,
            f"PRAGMA application_id = {APPLICATION_ID}",
        ),
    ),
    # min_reader stays until the first file is sealed: up to then the release before can go on
    Step(
        min_reader=1,
        statements=(
            # the sealed files that count, by the name of their period
            """
            CREATE TABLE segment (
                period TEXT PRIMARY KEY, generation INTEGER NOT NULL, bytes INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            # imports of many readings, as chunks of a series and month
            """
            CREATE TABLE staged (
                id INTEGER PRIMARY KEY, month TEXT NOT NULL, series INTEGER NOT NULL, blob BLOB NOT NULL
            ) STRICT
            """,
            "CREATE INDEX staged_by_series ON staged (series, month)",
            "CREATE INDEX staged_by_month ON staged (month)",
            # series that a person wants to be gone; their readings go from a sealed file when it is next written
            "CREATE TABLE forgotten (series INTEGER PRIMARY KEY) STRICT",
            # what lies over a day or a month, wherever the series
            "CREATE INDEX late_by_slot ON late (slot)",
        ),
    ),
    # sealed files of their format 2; until the first of them the release before can go on
    Step(min_reader=2, statements=()),
)
SEALED_FORMAT = 2  # the first that knows sealed files
FILES_FORMAT = 3  # the first that reads the files that are sealed now


def is_laid_out(connection: sqlite3.Connection) -> bool:
    """Whether the file holds an archive; False for one that its writer has only just created.

    Raises ArchiveDamagedError for a database of somebody else.
    """
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0:
        return False
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ArchiveDamagedError("a database, but no archive of readings")
    return True


def read_meta(connection: sqlite3.Connection, key: str) -> object:
    """What is noted under `key`; None when nothing is."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def write_meta(connection: sqlite3.Connection, key: str, value: str | int) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def need_reader(connection: sqlite3.Connection, number: int) -> None:
    """Let no release touch the archive that does not know format `number`."""
    needed = read_meta(connection, "min_reader")
    if not isinstance(needed, int) or needed < number:
        write_meta(connection, "min_reader", number)


def check_readable(connection: sqlite3.Connection, *, known: int = len(STEPS)) -> None:
    """Raise ArchiveTooNewError when a release that knows format `known` must not touch the archive."""
    needed = read_meta(connection, "min_reader")
    if not isinstance(needed, int):
        raise ArchiveDamagedError("its format is not noted")
    if needed > known:
        raise ArchiveTooNewError(f"needs a release that knows format {needed}; this one knows {known}: update it")


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the tables to the newest format, each step whole or not at all; a new file gets its epoch."""
    current = 0
    if is_laid_out(connection):
        check_readable(connection, known=len(steps))
        current = _format(connection)
    for number, step in enumerate(steps[current:], start=current + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step.statements:
                connection.execute(cleandoc(statement))
            write_meta(connection, "format", number)
            need_reader(connection, step.min_reader)
            connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?)", (str(uuid.uuid4()),))
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@lru_cache(maxsize=8)  # a tick asks for each of its frames
def day_table(day: int) -> str:
    """The table of a UTC day, counted from 1970."""
    return f"frame_{date.fromordinal(FIRST_DAY + day):%Y%m%d}"


def create_day(connection: sqlite3.Connection, day: int) -> None:
    """A table of its own, since dropping a table writes next to nothing and deleting its rows writes them again."""
    connection.execute(
        f"CREATE TABLE {day_table(day)} (slot INTEGER NOT NULL, layout INTEGER NOT NULL, offset_ms INTEGER NOT NULL,"
        " blob BLOB NOT NULL, PRIMARY KEY (slot, layout)) STRICT, WITHOUT ROWID"
    )


def drop_day(connection: sqlite3.Connection, day: int) -> None:
    """Let the table of a day go."""
    connection.execute(f"DROP TABLE IF EXISTS {day_table(day)}")


def days_of(connection: sqlite3.Connection) -> list[int]:
    """The days that have a table, in order."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'frame_[0-9]*'")
    names = sorted(name.removeprefix("frame_") for (name,) in rows)
    return [date(int(name[:4]), int(name[4:6]), int(name[6:8])).toordinal() - FIRST_DAY for name in names]


def _format(connection: sqlite3.Connection) -> int:
    noted = read_meta(connection, "format")
    if not isinstance(noted, int):
        raise ArchiveDamagedError("its format is not noted")
    return noted


def knows_sealed(connection: sqlite3.Connection) -> bool:
    """Whether the file has the tables of sealed files: one that its writer has not opened since an update has not."""
    return _format(connection) >= SEALED_FORMAT


def forgotten_series(connection: sqlite3.Connection) -> frozenset[int]:
    """The series that a person wants to be gone."""
    if not knows_sealed(connection):
        return frozenset()
    return frozenset(series for (series,) in connection.execute("SELECT series FROM forgotten"))
