"""Files of released formats stay readable for ever, and a step to a new one is whole or not at all."""

import csv
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import ArchiveTooNewError, EmbeddedArchive, EmbeddedReader, HeldFrame, Point, check
from wattledger.archive.embedded.schema import STEPS, Step, day_table, migrate, read_meta
from wattledger.measure import Quality

SAMPLES = Path(__file__).parents[2] / "data" / "archive"
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
NEXT = Step(min_reader=1, statements=("ALTER TABLE layout ADD COLUMN note TEXT",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of format 1 with one of everything."""
    with closing(sqlite3.connect(tmp_path / "hot.db")) as connection:
        connection.executescript((SAMPLES / "format_1.sql").read_text())
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "hot.db", isolation_level=None)) as opened:
        yield opened


def test_an_archive_of_format_1_is_read_as_it_was_written(folder: Path) -> None:
    with EmbeddedArchive.open(folder) as archive:
        read = archive.read([1, 2, 3, 4], MIDNIGHT - 9 * STEP, MIDNIGHT + 9 * STEP)

        found = {
            series: [
                (round((slot - MIDNIGHT.timestamp()) / 300), value, Quality(quality), offset_s)
                for slot, value, quality, offset_s in zip(
                    columns.slots.tolist(),
                    columns.values.tolist(),
                    columns.qualities.tolist(),
                    columns.offsets_s.tolist(),
                    strict=True,
                )
            ]
            for series, columns in read.items()
        }
        assert archive.set_aside == ()
        assert archive.highest_slot().result() == MIDNIGHT + STEP
        assert archive.held().result() == (HeldFrame("3f1c", 12.5, (2, 1), (1, 0), (2300, None)),)
        assert archive.changes(0).cursor == 5
    assert found == {
        1: [(0, 123_456_800, Quality.CORRECTED, 0), (1, 5, Quality.RESET, 0)],
        2: [
            (-2, 228.5, Quality.LATE, 0),
            (-1, 230.1, Quality.GOOD, 0.25),
            (0, 229.9, Quality.UNCERTAIN, 1.5),
            (1, 230.2, Quality.GOOD, 0),
        ],
        3: [(-1, -0.95, Quality.GOOD, 0.25), (0, -0.94, Quality.GOOD, 0.5)],
        4: [(0, 7, Quality.GOOD, 0.5)],
    }
    assert check(folder) == []


@pytest.fixture
def sealed_folder(tmp_path: Path) -> Path:
    """An archive of format 2 with sealed files: a month, a day, a year, frames, late readings and an import."""
    (tmp_path / "sealed").mkdir()
    for path in (SAMPLES / "format_2").glob("*.g*"):
        shutil.copy(path, tmp_path / "sealed" / path.name)
    with closing(sqlite3.connect(tmp_path / "hot.db")) as opened:
        opened.executescript((SAMPLES / "format_2" / "hot.sql").read_text())
    return tmp_path


def rows_of(archive: EmbeddedReader | EmbeddedArchive) -> list[list[str]]:
    return [
        [str(series), str(slot), repr(value), str(quality), f"{offset_s:.3f}"]
        for series, columns in archive.read([1, 2, 3, 4], MIDNIGHT - timedelta(days=400), MIDNIGHT + STEP * 999).items()
        for slot, value, quality, offset_s in zip(
            columns.slots.tolist(),
            columns.values.tolist(),
            columns.qualities.tolist(),
            columns.offsets_s.tolist(),
            strict=True,
        )
    ]


def test_an_archive_of_format_2_with_its_sealed_files_is_read_as_it_was_written(sealed_folder: Path) -> None:
    _, *expected = csv.reader((SAMPLES / "format_2" / "readings.csv").read_text().splitlines())
    zone = ZoneInfo("Europe/Paris")

    assert rows_of(EmbeddedReader.open(sealed_folder)) == expected
    with EmbeddedArchive.open(sealed_folder, durable=False) as archive:
        days = archive.daily([1], date(2026, 2, 27), date(2026, 3, 4), zone=zone)[1]
        assert archive.set_aside == ()
        assert check(sealed_folder) == []
        while archive.tend(now=MIDNIGHT + timedelta(days=60), zone=zone).result().more:
            pass
        assert rows_of(archive) == expected
        assert archive.backfill(1, [Point(MIDNIGHT - timedelta(days=1) - 29 * STEP, 5.0)], decimals=0).result() == 0
    assert days.counts.tolist() == [15, 12, 3]
    assert days.lasts.tolist() == [1017, 3005, 4002]
    assert check(sealed_folder) == []


def test_the_release_before_can_go_on_until_the_first_file_is_sealed(folder: Path) -> None:
    zone = ZoneInfo("Europe/Paris")
    with EmbeddedArchive.open(folder, durable=False) as archive, closing(sqlite3.connect(folder / "hot.db")) as opened:
        assert (read_meta(opened, "format"), read_meta(opened, "min_reader")) == (3, 2)

        while archive.tend(now=MIDNIGHT + timedelta(days=9), zone=zone).result().more:
            pass

        assert read_meta(opened, "min_reader") == 3


def test_a_reader_reads_format_1_before_its_writer_has_opened_it(folder: Path) -> None:
    assert EmbeddedReader.open(folder).latest([4])[4].value == 7
    assert check(folder) == []


def test_this_release_makes_the_newest_format(tmp_path: Path) -> None:
    EmbeddedArchive.open(tmp_path / "new").close()

    with closing(sqlite3.connect(tmp_path / "new" / "hot.db")) as connection:
        assert read_meta(connection, "format") == len(STEPS)
        assert read_meta(connection, "min_reader") == STEPS[-1].min_reader


def test_a_step_brings_an_old_file_to_the_next_format_and_keeps_what_it_holds(
    folder: Path, connection: sqlite3.Connection
) -> None:
    epoch = read_meta(connection, "epoch")

    migrate(connection, (*STEPS, NEXT))
    migrate(connection, (*STEPS, NEXT))

    assert read_meta(connection, "format") == len(STEPS) + 1
    assert read_meta(connection, "epoch") == epoch
    assert connection.execute("SELECT DISTINCT note FROM layout").fetchall() == [(None,)]
    # the release before still reads it, since min_reader did not rise
    assert EmbeddedReader.open(folder).latest([4])[4].value == 7


def test_a_step_that_fails_leaves_the_file_as_it_was(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = list(connection.iterdump())
    broken = Step(min_reader=2, statements=("ALTER TABLE layout ADD COLUMN note TEXT", "no statement at all"))

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*STEPS, broken))

    assert list(connection.iterdump()) == before


def test_a_step_that_takes_away_locks_older_releases_out(folder: Path, connection: sqlite3.Connection) -> None:
    migrate(connection, (*STEPS, Step(min_reader=len(STEPS) + 1, statements=("DROP TABLE held",))))

    with pytest.raises(ArchiveTooNewError):
        EmbeddedReader.open(folder).latest([1])


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "frame_19700101"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "frame_20240229"),
        (datetime(2024, 3, 1, tzinfo=UTC), "frame_20240301"),
    ],
)
def test_each_utc_day_has_its_table(moment: datetime, name: str) -> None:
    assert day_table(int(moment.timestamp()) // 86_400) == name
