"""Verified copies."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattledger.journal import Code, Journal, check
from wattledger.plant import DataFolder
from wattledger.services.snapshots import DAILY, KEPT, SnapshotError, snapshots, take_snapshot
from wattledger.services.upkeep import daily_snapshot

NOW = datetime(2026, 3, 10, 2, 37, tzinfo=UTC)


@pytest.fixture
def database(folder: DataFolder) -> Path:
    with closing(sqlite3.connect(folder.configuration)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("CREATE TABLE thing (name TEXT)")
        plain.executemany("INSERT INTO thing VALUES (?)", [(f"thing {number}",) for number in range(500)])
        plain.commit()
    return folder.configuration


def test_a_snapshot_holds_what_was_committed_while_others_write(folder: DataFolder, database: Path) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("INSERT INTO thing VALUES ('committed')")
        writer.commit()
        writer.execute("INSERT INTO thing VALUES ('not committed')")
        kept = take_snapshot([database], folder.snapshots, kind=DAILY, now=NOW)
        writer.rollback()

    assert [path.name for path in kept.iterdir()] == [database.name]  # one file, without companions
    with closing(sqlite3.connect(kept / database.name)) as copy:
        assert copy.execute("SELECT count(*) FROM thing").fetchone() == (501,)


def test_only_the_newest_are_kept(folder: DataFolder, database: Path) -> None:
    for day in range(KEPT[DAILY] + 3):
        take_snapshot([database], folder.snapshots, kind=DAILY, now=NOW + timedelta(days=day))

    kept = snapshots(folder.snapshots, kind=DAILY)
    assert len(kept) == KEPT[DAILY]
    assert kept[0].name == f"daily-{(NOW + timedelta(days=KEPT[DAILY] + 2)):%Y%m%dT%H%M%SZ}"


def test_a_damaged_database_makes_no_snapshot(folder: DataFolder, database: Path) -> None:
    with closing(sqlite3.connect(database)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)

    with pytest.raises(SnapshotError):
        take_snapshot([database], folder.snapshots, kind=DAILY, now=NOW)
    assert list(folder.snapshots.iterdir()) == []


def test_a_failed_daily_snapshot_is_an_event_that_the_next_good_one_ends(folder: DataFolder, journal: Journal) -> None:
    with pytest.raises(SnapshotError):
        daily_snapshot(folder, journal)  # there is no configuration yet
    assert journal.standing_keys(Code.SNAPSHOT_FAILED) == {DAILY}

    sqlite3.connect(folder.configuration).close()
    name = daily_snapshot(folder, journal)

    assert journal.standing_keys(Code.SNAPSHOT_FAILED) == frozenset()
    check(folder.snapshots / name / folder.journal.name)
