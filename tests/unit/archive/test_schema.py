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

from wattledger.archive import ArchiveTooNewError, EmbeddedArchive, EmbeddedReader, HeldFrame, Point, Rhythm, check
from wattledger.archive.embedded.schema import STEPS, Step, day_table, migrate, read_meta
from wattledger.archive.embedded.sealed import opened
from wattledger.archive.validation import instant
from wattledger.measure import Quality

SAMPLES = Path(__file__).parents[2] / "data" / "archive"
PARIS = ZoneInfo("Europe/Paris")
DAY_COLUMNS = ("starts", "counts", "lasts", "means", "lows", "highs", "qualities")
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


def sealed_folder(folder: Path, sample: str) -> Path:
    """An archive with sealed files: months, a day, years, frames, late readings and an import."""
    (folder / "sealed").mkdir()
    for path in (SAMPLES / sample).glob("*.g*"):
        shutil.copy(path, folder / "sealed" / path.name)
    with closing(sqlite3.connect(folder / "hot.db")) as opened:
        opened.executescript((SAMPLES / sample / "hot.sql").read_text())
    return folder


def rows_of(archive: EmbeddedReader | EmbeddedArchive) -> list[list[str]]:
    return [
        [str(series), str(slot), repr(value), str(quality), f"{offset_s:.3f}"]
        for series, columns in archive.read(
            [1, 2, 3, 4, 5], MIDNIGHT - timedelta(days=400), MIDNIGHT + STEP * 999
        ).items()
        for slot, value, quality, offset_s in zip(
            columns.slots.tolist(),
            columns.values.tolist(),
            columns.qualities.tolist(),
            columns.offsets_s.tolist(),
            strict=True,
        )
    ]


def days_of(archive: EmbeddedReader | EmbeddedArchive) -> list[list[str]]:
    found = archive.daily([1, 2, 3, 4, 5], date(2025, 11, 1), date(2026, 3, 10), zone=PARIS)
    return [
        [str(series), *map(repr, row)]
        for series, days in found.items()
        for row in zip(*(getattr(days, name).tolist() for name in DAY_COLUMNS), strict=True)
    ]


def table(sample: str, name: str) -> list[list[str]]:
    _, *lines = csv.reader((SAMPLES / sample / f"{name}.csv").read_text().splitlines())
    return lines


@pytest.mark.parametrize("sample", ["format_2", "format_3"])
def test_an_archive_with_its_sealed_files_is_read_as_it_was_written(tmp_path: Path, sample: str) -> None:
    folder, expected, days = sealed_folder(tmp_path, sample), table(sample, "readings"), table(sample, "days")

    reader = EmbeddedReader.open(folder)
    assert (rows_of(reader), days_of(reader)) == (expected, days)
    newest = reader.latest(range(1, 10))
    with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(keep_unnamed_s=0.0)) as archive:
        assert archive.set_aside == ()
        assert check(folder) == []
        while archive.tend(now=MIDNIGHT + timedelta(days=60), zone=PARIS).result().more:
            pass
        assert (rows_of(archive), days_of(archive)) == (expected, days)
        assert archive.latest(range(1, 10)) == newest
        _, slot, *_ = expected[0]
        assert archive.backfill(1, [Point(instant(int(slot)), 5.0)], decimals=0).result() == 0
    assert check(folder) == []
    for path in (folder / "sealed").iterdir():
        with opened(path) as file:
            assert (file.meta["format"], file.meta["period"]) != (1, "2026")  # its rows are those of format 2 now


@pytest.mark.parametrize("sample", ["format_2", "format_3"])
def test_the_newest_readings_are_those_that_are_read(tmp_path: Path, sample: str) -> None:
    reader = EmbeddedReader.open(sealed_folder(tmp_path, sample))

    last = {int(series): (int(slot), float(value)) for series, slot, value, *_ in table(sample, "readings")}

    newest = reader.latest(range(1, 10))
    assert {series: (int(each.slot.timestamp()), each.value) for series, each in newest.items()} == last


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
