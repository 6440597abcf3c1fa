"""Sealed files: when they come and go, and what becomes of them when something goes wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import (
    ArchiveError,
    ArchiveTooNewError,
    EmbeddedArchive,
    EmbeddedReader,
    Frame,
    HeldFrame,
    Point,
    Rhythm,
    check,
)
from wattledger.archive.embedded.sealed import MAGIC, SealedWriter, Section, opened
from wattledger.archive.embedded.using import taken_bytes

ZONE = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
DAY = timedelta(days=1)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SWEEPING = Rhythm(keep_unnamed_s=0.0, late_look_every_s=0.0, fold_again_after_s=0.0, enough_late=3)


def frame(slot: datetime, value: int, *, series: tuple[int, ...] = (1, 2)) -> Frame:
    return Frame(slot, 300, 0.5, series, (0,) * len(series), (value,) * len(series))


def values(reader: EmbeddedReader | EmbeddedArchive, series: int = 1) -> list[float]:
    return reader.read([series], *EVER)[series].values.tolist()


def tend(archive: EmbeddedArchive, now: datetime) -> list[str]:
    """Do all that is due; gives the names of what was set aside."""
    aside: list[str] = []
    while True:
        done = archive.tend(now=now, zone=ZONE).result()
        aside += done.set_aside
        if not done.more:
            return aside


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "sealed").iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two days of March in frames."""
    with EmbeddedArchive.open(tmp_path / "archive", durable=False) as archive:
        archive.record([frame(NOON, 1), frame(NOON + STEP, 2), frame(NOON + DAY, 3)]).result()
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path) -> Iterator[EmbeddedArchive]:
    with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as opened_archive:
        yield opened_archive


class TestTimes:
    def test_a_day_is_sealed_two_hours_after_its_end(self, archive: EmbeddedArchive, folder: Path) -> None:
        midnight = datetime(2026, 3, 3, tzinfo=UTC)

        tend(archive, midnight + timedelta(hours=1, minutes=59))
        assert not (folder / "sealed").exists()

        tend(archive, midnight + timedelta(hours=2))
        assert files(folder) == ["2026-03-02.g1"]
        assert values(archive) == [1, 2, 3]

    def test_days_are_drawn_together_two_days_after_the_end_of_their_month(
        self, archive: EmbeddedArchive, folder: Path
    ) -> None:
        tend(archive, datetime(2026, 4, 2, 23, 59, tzinfo=UTC))
        assert files(folder) == ["2026-03-02.g1", "2026-03-03.g2"]

        tend(archive, datetime(2026, 4, 3, tzinfo=UTC))
        assert files(folder) == ["2026-03.g3", "2026.g4"]
        assert values(archive) == [1, 2, 3]

    def test_nothing_is_begun_when_the_clock_is_behind(self, archive: EmbeddedArchive, folder: Path) -> None:
        assert tend(archive, datetime(2026, 3, 1, tzinfo=UTC)) == []

        assert not (folder / "sealed").exists()

    def test_what_lies_over_a_month_is_folded_in_when_there_is_enough_of_it(
        self, archive: EmbeddedArchive, folder: Path
    ) -> None:
        late = datetime(2026, 5, 1, tzinfo=UTC)
        tend(archive, late)
        archive.correct(1, [Point(NOON, 7.0), Point(NOON + STEP, None)], decimals=0).result()
        tend(archive, late)
        assert files(folder) == ["2026-03.g3", "2026.g4"]

        archive.backfill(2, [Point(NOON + 2 * DAY, 9.0)], decimals=0).result()
        tend(archive, late)

        assert files(folder) == ["2026-03.g5", "2026.g6"]
        assert values(archive) == [7, 3]
        assert values(archive, 2) == [1, 2, 3, 9]
        assert archive.backfill(1, [Point(NOON + STEP, 5.0)], decimals=0).result() == 0  # deleted is deleted


class TestReaders:
    def test_a_file_that_was_replaced_stays_a_minute_for_those_who_have_begun(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            tend(archive, NOON + 3 * DAY)
            with EmbeddedReader.open(folder)._snapshot() as snapshot:
                assert snapshot is not None
                tend(archive, NOON + 60 * DAY)

                assert "2026-03-02.g1" in files(folder)
                read = snapshot.readings([1], start=0, end=int(EVER[1].timestamp()))
                assert read[1].values.tolist() == [1, 2, 3]

    def test_a_reader_that_comes_too_late_for_a_file_begins_again(self, archive: EmbeddedArchive, folder: Path) -> None:
        tend(archive, NOON + 3 * DAY)
        reader, asked = EmbeddedReader.open(folder), []

        def question(snapshot):
            asked.append(snapshot.sealed.names)
            if len(asked) == 1:
                tend(archive, NOON + 60 * DAY)
            return snapshot.readings([1], start=0, end=int(EVER[1].timestamp()))[1].values.tolist()

        assert reader._ask(question, []) == [1, 2, 3]
        assert len(asked) == 2

    def test_a_lost_file_hides_no_other(
        self, archive: EmbeddedArchive, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        tend(archive, NOON + 3 * DAY)
        (folder / "sealed" / "2026-03-02.g1").unlink()

        assert values(EmbeddedReader.open(folder)) == [3]
        assert archive.latest([1])[1].value == 3
        assert "2026-03-02.g1 is lost" in caplog.text
        assert [finding.text for finding in check(folder)] == ["the file is missing"]

        with pytest.raises(ArchiveError, match="is gone"):
            archive.correct(1, [Point(NOON, 5.0)], decimals=0).result()
        assert archive.correct(1, [Point(NOON, 5.0)], decimals=0).result() == 1
        tend(archive, NOON + 60 * DAY)
        assert values(archive) == [5, 3]
        assert files(folder) == ["2026-03.g3", "2026.g4"]
        assert check(folder) == []


class TestRecordingIntoThePast:
    def test_a_frame_for_a_sealed_day_adds_only_what_is_missing(self, archive: EmbeddedArchive, folder: Path) -> None:
        tend(archive, NOON + 60 * DAY)

        assert archive.record([frame(NOON, 9, series=(1, 5))]).result() == 1
        assert archive.record([frame(NOON, 9)]).result() == 0
        tend(archive, NOON + 60 * DAY)

        assert files(folder) == ["2026-03.g6", "2026.g7"]
        assert values(archive) == [1, 2, 3]
        assert values(archive, 5) == [9]

    def test_a_frame_that_comes_while_its_day_is_sealed_is_not_lost(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(slice_s=0.0)) as archive:
            assert archive.tend(now=NOON + 2 * DAY, zone=ZONE).result().more
            assert archive.tend(now=NOON + 2 * DAY, zone=ZONE).result().more
            archive.record([frame(NOON + 3 * STEP, 4)]).result()
            tend(archive, NOON + 2 * DAY)

            assert values(archive) == [1, 2, 4, 3]
            assert files(folder)[0].startswith("2026-03-02")


class TestDamage:
    def garble(self, path: Path, at: int) -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 0xFF
        path.write_bytes(content)

    def test_a_file_whose_index_is_damaged_is_set_aside_at_the_start(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            tend(archive, NOON + 3 * DAY)
        self.garble(folder / "sealed" / "2026-03-02.g1", -60)
        assert "index" in check(folder)[0].text
        assert values(EmbeddedReader.open(folder)) == [3]

        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            (aside,) = archive.set_aside
            tend(archive, NOON + 3 * DAY)
            assert aside.name.startswith("2026-03-02.g1.damaged-")
            assert files(folder) == [aside.name, "2026-03-03.g2"]
            assert archive.record([frame(NOON, 8)]).result() == 1  # a good reading may take the place
            assert values(archive) == [8, 3]
        assert check(folder) == []

    def test_a_damaged_blob_hides_no_other_and_its_file_is_kept_when_it_is_replaced(
        self, archive: EmbeddedArchive, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        tend(archive, NOON + 3 * DAY)
        self.garble(folder / "sealed" / "2026-03-02.g1", len(MAGIC) + 40)
        assert (values(archive), values(archive, 2)) in (([3], [1, 2, 3]), ([1, 2, 3], [3]))
        assert "check sum" in check(folder)[0].text

        (aside,) = tend(archive, NOON + 60 * DAY)

        assert files(folder) == [aside, "2026-03.g3", "2026.g4"]
        assert aside.startswith("2026-03-02.g1.damaged-")
        assert check(folder) == []

    def test_a_damaged_year_is_made_again_from_what_there_is(self, archive: EmbeddedArchive, folder: Path) -> None:
        tend(archive, NOON + 60 * DAY)
        self.garble(folder / "sealed" / "2026.g4", -30)
        archive.record([frame(datetime(2026, 5, 1, tzinfo=UTC), 4)]).result()

        (aside,) = tend(archive, NOON + 120 * DAY)

        assert aside.startswith("2026.g4.damaged-")
        assert values(archive) == [1, 2, 3, 4]

    def test_sealed_files_come_into_a_new_hot_db_when_the_old_one_was_damaged(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            tend(archive, NOON + 60 * DAY)
            archive.record([frame(datetime(2026, 5, 1, tzinfo=UTC), 4)]).result()
            tend(archive, datetime(2026, 5, 3, tzinfo=UTC))
            before = archive.read([1, 2], *EVER)[1]
        (folder / "hot.db").write_bytes(b"no database at all" * 1000)

        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            assert [path.name.split("-")[0] for path in archive.set_aside] == ["hot.db.damaged"]
            assert archive.read([1, 2], *EVER)[1].offsets_s.tolist() == before.offsets_s.tolist()
            assert values(archive) == before.values.tolist() == [1, 2, 3, 4]
            assert archive.highest_slot().result() == datetime(2026, 5, 1, tzinfo=UTC)
            assert archive.record([frame(NOON, 7), frame(NOON, 5, series=(8,))]).result() == 1
            tend(archive, NOON + 120 * DAY)
            assert values(archive) == [1, 2, 3, 4]
            assert values(archive, 8) == [5]
        assert check(folder) == []

    def test_nothing_is_removed_that_was_damaged_together_with_hot_db(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            tend(archive, NOON + 3 * DAY)
        self.garble(folder / "sealed" / "2026-03-02.g1", -60)
        (folder / "hot.db").unlink()

        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            (aside,) = archive.set_aside
            tend(archive, NOON + 3 * DAY)

            assert files(folder) == [aside.name, "2026-03-03.g2"]
            assert values(archive) == [3]

    def test_a_file_of_a_power_cut_counts_for_nothing_and_goes(self, folder: Path) -> None:
        (folder / "sealed").mkdir()
        (folder / "sealed" / "2026-03-02.g1").write_bytes(MAGIC + bytes(500))
        (folder / "sealed" / "notes.txt").write_text("of somebody")

        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            assert archive.set_aside == ()
            tend(archive, NOON)
            assert files(folder) == ["notes.txt"]
            tend(archive, NOON + 3 * DAY)
            assert values(archive) == [1, 2, 3]

    def test_a_later_release_s_file_keeps_the_archive_from_being_written(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            tend(archive, NOON + 3 * DAY)
        path = folder / "sealed" / "2026-03-02.g1"
        writer = SealedWriter(path, durable=False)
        writer.add(Section.CHUNKS, 1, b"what nobody knows yet")
        writer.finish({"min_reader": 99})

        with pytest.raises(ArchiveTooNewError, match="99"):
            EmbeddedArchive.open(folder, durable=False)
        with pytest.raises(ArchiveTooNewError, match="99"), opened(path):
            pass


class TestImports:
    def points(self, start: datetime, count: int) -> list[Point]:
        return [Point(start + number * STEP, float(number)) for number in range(count)]

    def test_an_import_of_many_points_is_read_at_once_and_may_be_corrected(
        self, archive: EmbeddedArchive, folder: Path
    ) -> None:
        tend(archive, NOON + 60 * DAY)
        start = datetime(2026, 2, 27, tzinfo=UTC)

        assert archive.backfill(1, self.points(start, 2000), decimals=0).result() == 1997  # three are recorded
        assert archive.backfill(1, self.points(start, 2000), decimals=0).result() == 0

        assert files(folder) == ["2026-03.g3", "2026.g4"]
        assert len(values(archive)) == 2000
        assert archive.record([frame(start, 5)]).result() == 1  # of series 2, which was not imported
        assert archive.correct(1, [Point(start, None), Point(start + STEP, 9.0)], decimals=0).result() == 2
        assert values(archive)[:2] == [9, 2]
        assert archive.latest([1])[1].slot == start + 1999 * STEP

    def test_an_import_is_folded_when_it_has_rested_newest_month_first(self, folder: Path) -> None:
        rhythm = Rhythm(fold_imports_after_s=0.0, fold_again_after_s=0.0, slice_s=10.0, keep_unnamed_s=0.0)
        with EmbeddedArchive.open(folder, durable=False, rhythm=rhythm) as archive:
            start = datetime(2025, 12, 30, tzinfo=UTC)
            archive.backfill(7, self.points(start, 12_000), decimals=0).result()
            before = archive.read([7], *EVER)[7]

            seen = []
            while archive.tend(now=NOON, zone=ZONE).result().more:
                seen += [name[:7] for name in files(folder) if name[7:8] == "." and name[:7] not in seen]

            assert seen == ["2026-02", "2026-01", "2025-12"]
            after = archive.read([7], *EVER)[7]
            assert after.values.tolist() == before.values.tolist()
            assert set(after.qualities.tolist()) == {2}
            assert archive._submit(lambda writing: writing.memory.staged_until).result() == -1
        assert check(folder) == []

    def test_an_import_survives_a_restart_before_it_is_folded(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            archive.backfill(7, self.points(NOON - 90 * DAY, 1500), decimals=0).result()

        with EmbeddedArchive.open(folder, durable=False, rhythm=SWEEPING) as archive:
            assert len(values(archive, 7)) == 1500
            assert archive.record([frame(NOON - 90 * DAY, 5, series=(7,))]).result() == 0


class TestForgetting:
    def test_a_forgotten_series_is_gone_at_once_and_from_the_files_when_they_are_looked_through(
        self, archive: EmbeddedArchive, folder: Path
    ) -> None:
        tend(archive, NOON + 60 * DAY)
        archive.record([frame(NOON + 60 * DAY, 4)]).result()
        archive.correct(1, [Point(NOON, 9.0)], decimals=0).result()
        cursor = archive.changes(0).cursor

        assert archive.forget([1, 7]).result() == 2
        assert archive.forget([1]).result() == 0

        assert values(archive) == []
        assert values(archive, 2) == [1, 2, 3, 4]
        assert 1 not in archive.latest([1, 2])
        (told,) = archive.changes(cursor).changes
        assert told.series == (1, 7)
        assert told.start < NOON < NOON + 60 * DAY <= told.end
        assert archive.record([frame(NOON + 61 * DAY, 5, series=(1,))]).result() == 0
        assert archive.backfill(1, [Point(NOON, 5.0)], decimals=0).result() == 0
        assert archive.correct(1, [Point(NOON, 5.0)], decimals=0).result() == 0
        tend(archive, NOON + 63 * DAY)
        for name in files(folder):
            with opened(folder / "sealed" / name) as file:
                assert 1 not in file.keys(Section.CHUNKS).tolist()
        with EmbeddedReader.open(folder)._snapshot() as snapshot:
            assert snapshot is not None
            assert snapshot.forgotten == {1, 7}

    def test_that_an_import_is_forgotten_is_told_before_it_is_folded(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(most_single=1)) as archive:
            archive.backfill(7, [Point(NOON + 90 * DAY, 1.0), Point(NOON + 91 * DAY, 2.0)], decimals=0).result()
            cursor = archive.changes(0).cursor

            archive.forget([7]).result()

            (told,) = archive.changes(cursor).changes
            assert told.start < NOON + 90 * DAY
            assert told.end >= NOON + 91 * DAY

    def test_months_before_a_moment_go(self, archive: EmbeddedArchive, folder: Path) -> None:
        archive.record([frame(NOON - 40 * DAY, 0), frame(NOON + 40 * DAY, 4)]).result()
        tend(archive, NOON + 120 * DAY)
        archive.correct(1, [Point(NOON, 9.0)], decimals=0).result()
        cursor = archive.changes(0).cursor

        assert archive.forget_before(datetime(2026, 4, 1, tzinfo=UTC)).result() == 2
        assert archive.forget_before(datetime(2026, 4, 30, tzinfo=UTC)).result() == 0

        assert values(archive) == [4]
        assert archive.changes(cursor).changes == ()
        tend(archive, NOON + 120 * DAY)
        assert [name[:7] for name in files(folder)] == ["2026-04", "2026.g1"]

    def test_an_import_on_its_way_into_a_file_does_not_come_back(self, folder: Path) -> None:
        rhythm = Rhythm(slice_s=0.0, enough_late=2, late_look_every_s=0.0)
        with EmbeddedArchive.open(folder, durable=False, rhythm=rhythm) as archive:
            points = [Point(NOON - 90 * DAY + number * STEP, 1.0) for number in range(3)]
            archive.backfill(7, points, decimals=0).result()
            archive.tend(now=NOON, zone=ZONE).result()

            archive.forget_before(NOON - 30 * DAY).result()
            tend(archive, NOON)

            assert values(archive, 7) == []

    def test_what_is_on_its_way_into_a_file_does_not_come_back(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(slice_s=0.0)) as archive:
            archive.tend(now=NOON + 3 * DAY, zone=ZONE).result()
            archive.forget_before(datetime(2026, 4, 1, tzinfo=UTC)).result()
            tend(archive, NOON + 3 * DAY)

            assert values(archive) == []
            assert files(folder) == []


class TestSpace:
    @pytest.fixture
    def months(self, archive: EmbeddedArchive) -> EmbeddedArchive:
        """Six months with a day of noise each."""
        for month in range(1, 7):
            start = datetime(2026, month, 5, tzinfo=UTC)
            frames = [frame(start + number * STEP, (number * month * 7919) ** 5 % 2**40) for number in range(280)]
            archive.record(frames).result()
        tend(archive, datetime(2026, 9, 1, tzinfo=UTC))
        return archive

    def test_the_oldest_months_go_when_the_archive_takes_too_much(self, months: EmbeddedArchive, folder: Path) -> None:
        def taken() -> int:
            return months._submit(lambda writing: taken_bytes(writing.connection)).result()

        asked, most_bytes = {"now": datetime(2026, 9, 1, tzinfo=UTC), "zone": ZONE}, taken() - 6000

        dropped = [months.tend(**asked, most_bytes=most_bytes).result().dropped for _ in range(20)]

        gone = [month for month in dropped if month]
        assert gone == ["2026-01", "2026-02", "2026-03", "2026-04"][: len(gone)]
        assert 0 < len(gone) < 4
        assert taken() <= most_bytes
        assert len([name for name in files(folder) if name.startswith("2026.")]) == 1

    def test_the_last_two_months_never_go(self, months: EmbeddedArchive) -> None:
        asked = {"now": datetime(2026, 9, 1, tzinfo=UTC), "zone": ZONE}

        dropped = [months.tend(**asked, most_bytes=0).result().dropped for _ in range(20)]

        assert [month for month in dropped if month] == ["2026-01", "2026-02", "2026-03", "2026-04"]


class TestFailing:
    def test_a_card_that_refuses_the_file_is_told_and_loses_nothing(
        self, archive: EmbeddedArchive, folder: Path
    ) -> None:
        (folder / "sealed").write_text("a file where the folder should be")

        with pytest.raises(ArchiveError):
            tend(archive, NOON + 3 * DAY)
        assert archive.record([frame(NOON + 2 * STEP, 5)]).result() == 1
        (folder / "sealed").unlink()
        tend(archive, NOON + 3 * DAY)

        assert values(archive) == [1, 2, 5, 3]
        assert files(folder) == ["2026-03-02.g1", "2026-03-03.g2"]

    def test_a_failed_commit_begins_the_file_anew(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(slice_s=0.0)) as archive:
            archive.tend(now=NOON + 3 * DAY, zone=ZONE).result()
            with pytest.raises(ZeroDivisionError):
                archive._submit(lambda writing: 1 // 0).result()
            archive.hold([HeldFrame("boot", 1.0, (1,), (0,), (1,))]).result()
            tend(archive, NOON + 3 * DAY)

            assert values(archive) == [1, 2, 3]
        assert check(folder) == []

    def test_closing_leaves_no_half_made_file(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=Rhythm(slice_s=0.0)) as archive:
            archive.tend(now=NOON + 3 * DAY, zone=ZONE).result()

        assert files(folder) == []
