"""Who follows the changes ends with what the archive has, whatever is done to it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.archive.conftest import AFTER_ALL, ZONE
from tests.unit.archive.test_conformance import EVER, NOON, STEP, frame

from wattledger.archive import Archive, EmbeddedArchive, Point

SECOND = timedelta(seconds=1)
SERIES = (1, 2, 3)


class Follower:
    """Keeps a copy of all readings, as one who makes something of them does."""

    def __init__(self) -> None:
        self.cursor, self.epoch = 0, ""
        self.copy: dict[tuple[int, int], float] = {}
        self.resets = 0

    def follow(self, archive: Archive) -> None:
        while True:
            told = archive.changes(self.cursor, epoch=self.epoch, limit=2)
            self.cursor, self.epoch = told.cursor, told.epoch
            if told.is_reset:
                self.resets += 1
                self.copy.clear()
            if not told.changes:
                return
            for change in told.changes:
                for series in change.series:
                    self.drop(series, change.start, change.end, told.forgotten, told.let_go_until)
                    columns = archive.read([series], change.start, change.end + SECOND)[series]
                    pairs = zip(columns.slots.tolist(), columns.values.tolist(), strict=True)
                    self.copy |= {(series, slot): value for slot, value in pairs}

    def drop(
        self, series: int, start: datetime, end: datetime, forgotten: tuple[int, ...], let_go_until: datetime | None
    ) -> None:
        kept_until = 0.0 if let_go_until is None or series in forgotten else let_go_until.timestamp()
        first, last = max(start.timestamp(), kept_until), end.timestamp()
        self.copy = {(of, slot): value for (of, slot), value in self.copy.items()
                     if of != series or not first <= slot <= last}  # fmt: skip


def everything(archive: Archive) -> dict[tuple[int, int], float]:
    return {
        (series, slot): value
        for series, columns in archive.read(SERIES, *EVER).items()
        for slot, value in zip(columns.slots.tolist(), columns.values.tolist(), strict=True)
    }


def seal(archive: Archive) -> None:
    while archive.tend(now=AFTER_ALL, zone=ZONE).result().more:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path) -> Iterator[EmbeddedArchive]:
    with EmbeddedArchive.open(folder, durable=False) as opened:
        opened.record([frame(NOON + number * STEP, {1: number, 2: -number}) for number in range(4)]).result()
        opened.backfill(3, [Point(NOON - timedelta(days=70), 7.0)], decimals=0).result()
        yield opened


def test_cursors_outlive_sealing_and_compaction(archive: EmbeddedArchive) -> None:
    follower = Follower()
    follower.follow(archive)
    cursor = follower.cursor

    seal(archive)
    assert archive.changes(cursor, epoch=follower.epoch).changes == ()
    archive.correct(1, [Point(NOON, 50.0), Point(NOON + STEP, None)], decimals=0).result()
    seal(archive)
    follower.follow(archive)

    assert follower.copy == everything(archive)
    assert (follower.resets, len(follower.copy)) == (0, 8)


def test_what_is_forgotten_goes_from_those_who_follow(archive: EmbeddedArchive) -> None:
    follower = Follower()
    follower.follow(archive)

    archive.forget([2]).result()
    assert archive.changes(follower.cursor).forgotten == (2,)
    follower.follow(archive)

    assert follower.copy == everything(archive)
    assert {series for series, _ in follower.copy} == {1, 3}


def test_what_only_made_room_stays_with_those_who_made_something_of_it(archive: EmbeddedArchive) -> None:
    follower = Follower()
    follower.follow(archive)
    before = dict(follower.copy)

    assert archive.forget_before(NOON - timedelta(days=30)).result() == 1
    archive.backfill(3, [Point(NOON - timedelta(days=80), 8.0), Point(NOON, 9.0)], decimals=0).result()
    follower.follow(archive)

    assert archive.changes(0).let_go_until == datetime(2026, 2, 1, tzinfo=UTC)
    assert follower.copy.items() >= before.items()  # though the change named the time in which 7 was
    assert follower.copy.items() >= everything(archive).items()


def test_an_archive_that_began_anew_says_so_and_tells_what_its_files_hold(
    archive: EmbeddedArchive, folder: Path
) -> None:
    follower = Follower()
    follower.follow(archive)
    seal(archive)
    archive.close()
    for path in folder.glob("hot.db*"):
        path.unlink()

    with EmbeddedArchive.open(folder, durable=False) as again:
        follower.follow(again)

        assert follower.resets == 1
        assert follower.copy == everything(again)
        assert len(follower.copy) == 8  # a single late reading lay in hot.db alone


def test_a_hot_db_that_was_set_back_says_so(archive: EmbeddedArchive, folder: Path) -> None:
    archive.close()
    kept = (folder / "hot.db").read_bytes()
    follower = Follower()
    with EmbeddedArchive.open(folder, durable=False) as later:
        later.record([frame(NOON + timedelta(hours=1), {1: 1})]).result()
        follower.follow(later)

    (folder / "hot.db").write_bytes(kept)
    with EmbeddedArchive.open(folder, durable=False) as again:
        follower.follow(again)

        assert follower.resets == 1
        assert follower.copy == everything(again)
