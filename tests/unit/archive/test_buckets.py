"""What readings come to over hours and local days, wherever they are kept; run against each entry of `BACKENDS`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.archive.conftest import SealingBackend

from wattledger.archive import Archive, ArchiveReader, Buckets, EmbeddedArchive, Frame, Point, Rhythm, check
from wattledger.archive.embedded.sealed import opened
from wattledger.measure import Quality

PARIS = ZoneInfo("Europe/Paris")
ST_JOHNS = ZoneInfo("America/St_Johns")
RHYTHM = Rhythm(enough_late=2, late_look_every_s=0, fold_again_after_s=0, keep_unnamed_s=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPRING = date(2026, 3, 29)  # the day of 23 hours in Paris


def record(archive: Archive, start: datetime, values: Sequence[int], *, step: timedelta = HOUR) -> None:
    frames = [Frame(start + number * step, 300, 0.0, (1,), (1,), (value,)) for number, value in enumerate(values)]
    archive.record(frames).result()


def rows(found: Buckets) -> list[tuple[datetime, int, float, float, float, float]]:
    columns = (found.counts, found.lasts, found.means, found.lows, found.highs)
    return [
        (datetime.fromtimestamp(start, UTC), *row)
        for start, *row in zip(found.starts.tolist(), *(column.tolist() for column in columns), strict=True)
    ]


def days(reader: ArchiveReader, start: date, count: int, *, zone: ZoneInfo = PARIS) -> Buckets:
    return reader.daily([1], start, start + count * DAY, zone=zone)[1]


class TestBuckets:
    def test_readings_come_to_last_mean_lowest_and_highest_between_the_bounds(self, archive: Archive) -> None:
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        record(archive, noon, [10, 40, 20, -50, 60], step=timedelta(minutes=30))

        found = archive.buckets([1, 2], [noon, noon + HOUR, noon + 2 * HOUR, noon + 4 * HOUR, noon + 5 * HOUR])

        assert rows(found[1]) == [
            (noon, 2, 4, 2.5, 1, 4),
            (noon + HOUR, 2, -5, -1.5, -5, 2),
            (noon + 2 * HOUR, 1, 6, 6, 6, 6),
        ]
        assert len(found[2]) == 0

    def test_the_quality_is_that_of_the_most_doubtful_reading(self, archive: Archive) -> None:
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        record(archive, noon, [10, 20])
        archive.backfill(1, [Point(noon + timedelta(minutes=5), 3.0)], decimals=0).result()

        found = archive.buckets([1], [noon, noon + HOUR, noon + 2 * HOUR])[1]

        assert found.qualities.tolist() == [Quality.LATE, Quality.GOOD]

    def test_readings_of_other_decimals_add_up(self, archive: Archive) -> None:
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        record(archive, noon, [10, 30])
        archive.backfill(1, [Point(noon + timedelta(minutes=5), 0.25)], decimals=2).result()

        (row,) = rows(archive.buckets([1], [noon, noon + 2 * HOUR])[1])
        assert row == (noon, 3, 3, pytest.approx(4.25 / 3), 0.25, 3)
        (row,) = rows(days(archive, noon.date(), 1))
        assert row[1:] == (3, 3, pytest.approx(4.25 / 3), 0.25, 3)

    @pytest.mark.parametrize("hours", [[0], [1, 0], [0, 0]])
    def test_bounds_that_do_not_rise_are_refused(self, archive: Archive, hours: list[int]) -> None:
        with pytest.raises(ValueError, match="bounds"):
            archive.buckets([1], [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in hours])


class TestDays:
    def test_a_local_day_has_the_hours_that_it_has(self, archive: Archive) -> None:
        record(archive, datetime(2026, 3, 27, 23, tzinfo=UTC), range(24 + 23 + 24))

        found = days(archive, SPRING - DAY, 3)

        assert [(start, count, last) for start, count, last, *_ in rows(found)] == [
            (datetime(2026, 3, 27, 23, tzinfo=UTC), 24, 2.3),
            (datetime(2026, 3, 28, 23, tzinfo=UTC), 23, 4.6),
            (datetime(2026, 3, 29, 22, tzinfo=UTC), 24, 7.0),
        ]
        assert found.means.tolist() == pytest.approx([1.15, 3.5, 5.85])
        assert found.lows.tolist() == [0, 2.4, 4.7]
        assert found.highs.tolist() == [2.3, 4.6, 7]

    def test_the_day_that_has_an_hour_twice_has_25(self, archive: Archive) -> None:
        start = datetime(2026, 10, 23, 22, tzinfo=UTC)  # midnight in Paris
        record(archive, start, range(24 + 25 + 24))

        found = days(archive, date(2026, 10, 24), 3)
        hours = archive.buckets([1], [start + (24 + number) * HOUR for number in range(26)])[1]

        assert [(begins, count, last) for begins, count, last, *_ in rows(found)] == [
            (start, 24, 2.3),
            (start + 24 * HOUR, 25, 4.8),
            (start + 49 * HOUR, 24, 7.2),
        ]
        assert hours.lasts.tolist() == [round(2.4 + number / 10, 1) for number in range(25)]

    def test_frames_for_a_day_that_is_sealed_are_added_to_what_it_came_to(self, archive: Archive) -> None:
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        record(archive, noon, [10, 40])
        record(archive, noon + HOUR / 2, [-20, 30])

        assert [row[1:] for row in rows(days(archive, noon.date(), 1))] == [(4, 3, 1.5, -2, 4)]

    def test_a_day_lies_over_the_border_of_two_months_and_years(self, archive: Archive) -> None:
        record(archive, datetime(2025, 12, 31, 20, tzinfo=UTC), range(8))

        found = days(archive, date(2025, 12, 31), 2)

        assert [row[1:3] for row in rows(found)] == [(3, 0.2), (5, 0.7)]

    def test_corrections_and_late_points_count(self, archive: Archive) -> None:
        start = datetime(2026, 3, 2, 8, tzinfo=UTC)
        record(archive, start, [10, 20, 30])
        archive.correct(1, [Point(start, None), Point(start + HOUR, 9.0)], decimals=0).result()

        found = days(archive, start.date(), 1)

        assert [row[1:] for row in rows(found)] == [(2, 3, 6, 3, 9)]
        assert found.qualities.tolist() == [Quality.CORRECTED]

    def test_no_days_and_no_readings_are_nothing(self, archive: Archive) -> None:
        assert len(days(archive, SPRING, 0)) == 0
        assert len(days(archive, SPRING, 5)) == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_daily_says_what_the_readings_of_the_day_say(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is sealed, overlaid or in frames yet, and by whose days it was added up."""
    folder = tmp_path_factory.mktemp("archive")
    start = datetime(2026, 2, 26, tzinfo=UTC)
    zone = data.draw(st.sampled_from([PARIS, ST_JOHNS]))
    with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
        for _ in range(data.draw(st.integers(1, 4))):
            hour = data.draw(st.integers(0, 200))
            record(archive, start + hour * HOUR, data.draw(st.lists(st.integers(-99, 99), min_size=1, max_size=40)))
            slots = st.integers(0, 200).map(lambda number: start + number * HOUR)
            points = st.lists(st.builds(Point, slots, st.none() | st.integers(-9, 9).map(float)), max_size=3)
            archive.correct(1, data.draw(points), decimals=data.draw(st.integers(0, 2))).result()
            sealed_by = data.draw(st.sampled_from([PARIS, ST_JOHNS]))
            now = start + data.draw(st.integers(0, 20)) * DAY
            for _ in range(data.draw(st.integers(0, 9))):
                archive.tend(now=now, zone=sealed_by).result()

        found = days(archive, start.date(), 12, zone=zone)

        midnights = [datetime(2026, 2, 26, tzinfo=zone) + number * DAY for number in range(13)]
        expected = archive.buckets([1], midnights)[1]
        assert [(*row[:3], *row[4:]) for row in rows(found)] == [(*row[:3], *row[4:]) for row in rows(expected)]
        assert found.means.tolist() == pytest.approx(expected.means.tolist(), abs=1e-9)
        assert found.qualities.tolist() == expected.qualities.tolist()


def test_days_stay_when_their_readings_have_gone(tmp_path: Path) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    with SealingBackend(tmp_path).open() as archive:
        record(archive, start, range(24), step=HOUR)
        before = rows(days(archive, start.date(), 2))

        archive.forget_before(datetime(2026, 4, 1, tzinfo=UTC)).result()

        assert len(archive.read([1], start, start + DAY)[1]) == 0
        found = days(archive, start.date(), 2)
        assert rows(found) == before
        assert found.qualities.tolist() == [Quality.GOOD, Quality.GOOD]
        assert set(days(archive, start.date(), 2, zone=ST_JOHNS).qualities.tolist()) == {Quality.UNCERTAIN}


class TestAnotherZone:
    """A site is moved, or its zone was wrong at first: upkeep makes the rows of days anew from the readings."""

    def tend(self, archive: EmbeddedArchive, now: datetime, *, zone: ZoneInfo) -> None:
        while archive.tend(now=now, zone=zone).result().more:
            pass

    def zones(self, folder: Path) -> dict[str, str]:
        """By whose days the rows of each month and day are, as the files of years and days say."""
        found = {}
        for path in (folder / "sealed").iterdir():
            with opened(path) as file:
                noted = {key.removeprefix("zone "): zone for key, zone in file.meta.items() if key.startswith("zone ")}
                is_day = len(str(file.meta["period"])) == len("2026-03-02")
                found |= {str(file.meta["period"]): file.meta["zone"]} if is_day else noted
        return found

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Hours over the spring change of Paris and that of St. John's, sealed by the days of Paris; April in days."""
        folder = tmp_path / "archive"
        with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
            record(archive, datetime(2026, 2, 27, tzinfo=UTC), range(24 * 35))
            self.tend(archive, datetime(2026, 4, 4, 3, tzinfo=UTC), zone=PARIS)
        return folder

    def test_rows_of_months_and_days_are_made_anew(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
            now = datetime(2026, 4, 4, 3, tzinfo=UTC)
            assert set(self.zones(folder).values()) == {PARIS.key}
            before = rows(days(archive, date(2026, 2, 26), 40, zone=ST_JOHNS))

            self.tend(archive, now, zone=ST_JOHNS)

            zones = self.zones(folder)
            assert set(zones.values()) == {ST_JOHNS.key}
            assert zones.keys() >= {"2026-02", "2026-03", "2026-04-01"}
            after = days(archive, date(2026, 2, 26), 40, zone=ST_JOHNS)
            assert rows(after) == before
            counts = dict(zip(after.starts.tolist(), after.counts.tolist(), strict=True))
            assert counts[int(datetime(2026, 3, 8, tzinfo=ST_JOHNS).timestamp())] == 23
            assert counts[int(datetime(2026, 3, 29, tzinfo=ST_JOHNS).timestamp())] == 24
            files = {path.name for path in (folder / "sealed").iterdir()}
            self.tend(archive, now, zone=ST_JOHNS)
            assert {path.name for path in (folder / "sealed").iterdir()} == files  # done is done
        assert check(folder) == []

    def test_only_the_file_of_the_year_is_written_for_its_months(self, folder: Path) -> None:
        months = {path.name for path in (folder / "sealed").iterdir() if path.name.startswith("2026-0")}
        with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
            self.tend(archive, datetime(2026, 4, 4, 3, tzinfo=UTC), zone=ST_JOHNS)
            assert (
                len(archive.read([1], datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))[1]) == 24 * 35
            )

        kept = months & {path.name for path in (folder / "sealed").iterdir()}
        assert {name[:7] for name in kept if name[7] == "."} == {"2026-02", "2026-03"}

    def test_days_whose_readings_went_stay_those_of_the_zone_before_and_uncertain(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
            archive.forget_before(datetime(2026, 3, 1, tzinfo=UTC)).result()
            self.tend(archive, datetime(2026, 4, 4, 3, tzinfo=UTC), zone=ST_JOHNS)

            found = days(archive, date(2026, 2, 26), 10, zone=ST_JOHNS)

            doubtful = found.qualities == Quality.UNCERTAIN
            assert doubtful.tolist() == [True] * 3 + [False] * 7
            assert self.zones(folder)["2026-02"] == PARIS.key
            assert self.zones(folder)["2026-03"] == ST_JOHNS.key

    def test_what_lies_over_a_month_meanwhile_counts(self, folder: Path) -> None:
        rhythm = Rhythm(enough_late=99, slice_s=0.0)
        with EmbeddedArchive.open(folder, durable=False, rhythm=rhythm) as archive:
            now, noon = datetime(2026, 4, 4, 3, tzinfo=UTC), datetime(2026, 3, 10, 12, tzinfo=UTC)
            for _ in range(3):
                archive.tend(now=now, zone=ST_JOHNS).result()
            archive.correct(1, [Point(noon, 900.0)], decimals=0).result()
            self.tend(archive, now, zone=ST_JOHNS)

            found = days(archive, noon.date(), 1, zone=ST_JOHNS)

            assert found.highs.tolist() == [900]
            assert found.qualities.tolist() == [Quality.CORRECTED]

    def test_a_damaged_month_does_not_keep_the_year_from_being_made(self, folder: Path) -> None:
        (path,) = (folder / "sealed").glob("2026-03.g*")
        content = bytearray(path.read_bytes())
        content[20] ^= 0xFF
        path.write_bytes(content)
        with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
            self.tend(archive, datetime(2026, 4, 4, 3, tzinfo=UTC), zone=ST_JOHNS)

            assert self.zones(folder)["2026-03"] == ST_JOHNS.key
            assert days(archive, date(2026, 2, 27), 1, zone=ST_JOHNS).counts.tolist() == [24]
