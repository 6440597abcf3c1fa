"""The list of the newest readings: what the file that was sealed last says of all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.archive.test_sealing import DAY, NOON, STEP, SWEEPING, ZONE, files, frame, tend, values

from wattledger.archive import ArchiveError, EmbeddedArchive, EmbeddedReader, Point, Rhythm


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path) -> Iterator[EmbeddedArchive]:
    """Two days of March in frames."""
    with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as opened:
        opened.record([frame(NOON, 1), frame(NOON + STEP, 2), frame(NOON + DAY, 3)]).result()
        yield opened


def listed(folder: Path) -> dict[int, int]:
    """The value of the newest reading of each series, as the files list it."""
    with EmbeddedReader.open(folder)._snapshot() as snapshot:
        assert snapshot is not None
        return {series: value for series, (_, value, _, _) in (snapshot.sealed.newest() or {}).items()}


def test_a_series_that_fell_silent_long_ago_is_listed_in_the_newest_file(
    archive: EmbeddedArchive, folder: Path
) -> None:
    archive.record([frame(NOON - 400 * DAY, 7, series=(9,)), frame(NOON + 40 * DAY, 4)]).result()
    tend(archive, NOON + 40 * DAY)
    assert listed(folder) == {1: 3, 2: 3, 9: 7}

    tend(archive, NOON + 120 * DAY)

    assert listed(folder) == {1: 4, 2: 4, 9: 7}
    assert archive.latest([1, 2, 9, 10]).keys() == {1, 2, 9}
    assert archive.latest([9])[9].slot == NOON - 400 * DAY


def test_what_came_before_shows_when_the_newest_was_deleted_and_folded_in(
    archive: EmbeddedArchive, folder: Path
) -> None:
    late = NOON + 100 * DAY
    archive.record([frame(NOON + 60 * DAY, 4, series=(5,))]).result()
    tend(archive, late)
    archive.correct(1, [Point(NOON + DAY, None), Point(NOON + STEP, None)], decimals=0).result()
    archive.correct(2, [Point(NOON + DAY, 8.0)], decimals=0).result()
    assert archive.latest([1])[1].value == 1

    tend(archive, late)

    assert values(archive) == [1]
    assert {series: reading.value for series, reading in archive.latest([1, 2, 5]).items()} == {1: 1, 2: 8, 5: 4}
    assert listed(folder)[2] == 8


def test_a_deletion_in_the_file_of_a_day_counts_for_the_month_under_it(archive: EmbeddedArchive, folder: Path) -> None:
    tend(archive, NOON + 60 * DAY)
    archive.record([frame(NOON + DAY + STEP, 6, series=(2,))]).result()  # the day has frames again
    archive.correct(1, [Point(NOON + DAY, None)], decimals=0).result()
    archive.tend(now=NOON + 60 * DAY, zone=ZONE).result()
    while "2026-03-03.g5" not in files(folder):
        archive.tend(now=NOON + 60 * DAY, zone=ZONE).result()

    assert archive.latest([1])[1].value == 2
    assert archive.latest([2])[2].value == 6


def test_a_series_of_which_all_months_went_has_no_newest_reading(archive: EmbeddedArchive) -> None:
    archive.record([frame(NOON - 60 * DAY, 7, series=(9,))]).result()
    tend(archive, NOON + 100 * DAY)

    archive.forget_before(datetime(2026, 3, 1, tzinfo=UTC)).result()

    assert archive.latest([1, 9]).keys() == {1}


def test_the_list_is_made_anew_when_the_file_that_had_it_is_lost(archive: EmbeddedArchive, folder: Path) -> None:
    archive.record([frame(NOON - 60 * DAY, 7, series=(9,))]).result()
    tend(archive, NOON + 100 * DAY)
    (folder / "sealed" / max(files(folder), key=lambda name: int(name.partition(".g")[2]))).unlink()
    assert archive.latest([9])[9].value == 7
    archive.record([frame(NOON + 60 * DAY, 5)]).result()

    with pytest.raises(ArchiveError, match="is gone"):
        tend(archive, NOON + 100 * DAY)
    tend(archive, NOON + 100 * DAY)

    assert listed(folder) == {1: 5, 2: 5, 9: 7}


def test_an_import_whose_newest_was_deleted_does_not_come_back_while_it_is_folded(folder: Path) -> None:
    rhythm = Rhythm(slice_s=0.0, most_single=2, fold_imports_after_s=0.0, fold_again_after_s=0.0)
    with EmbeddedArchive.open(folder, durable=False, rhythm=rhythm) as archive:
        slots = [NOON - 3 * DAY, NOON - 2 * DAY, NOON + 30 * DAY]  # of two months
        archive.backfill(7, [Point(slot, float(number)) for number, slot in enumerate(slots)], decimals=0).result()
        archive.correct(7, [Point(slots[-1], None)], decimals=0).result()

        more, seen = True, set()
        while more:
            more = archive.tend(now=NOON, zone=ZONE).result().more
            seen.add(archive.latest([7])[7].value)

        assert archive._submit(lambda writing: writing.memory.staged_until).result() == -1  # all of it is in the files
        assert seen == {1.0}
