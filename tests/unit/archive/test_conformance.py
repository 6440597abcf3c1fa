"""What every archive must do, whoever keeps the readings. Run against each entry of `BACKENDS` in conftest.py."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from wattledger.archive import MOST_HELD_FRAMES, Archive, ArchiveReader, Frame, HeldFrame, Point
from wattledger.measure import Quality, Reading

GOOD, LATE, CORRECTED = Quality.GOOD, Quality.LATE, Quality.CORRECTED
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def frame(
    slot: datetime,
    values: Mapping[int, int | None],
    *,
    decimals: int = 0,
    step_s: int = 300,
    offset_s: float = 0.0,
    qualities: Sequence[Quality] | None = None,
) -> Frame:
    return Frame(
        slot,
        step_s,
        offset_s,
        tuple(values),
        (decimals,) * len(values),
        tuple(values.values()),
        None if qualities is None else tuple(qualities),
    )


def readings(reader: ArchiveReader, series: int) -> list[tuple[datetime, float, Quality]]:
    columns = reader.read([series], *EVER)[series]
    return [
        (datetime.fromtimestamp(slot, UTC), value, Quality(quality))
        for slot, value, quality in zip(
            columns.slots.tolist(), columns.values.tolist(), columns.qualities.tolist(), strict=True
        )
    ]


class TestRecording:
    def test_what_was_recorded_is_read_with_value_quality_and_offset(self, archive: Archive) -> None:
        given = frame(
            NOON, {1: 2301, 2: -7, 3: None}, decimals=1, offset_s=1.25, qualities=[GOOD, Quality.UNCERTAIN, GOOD]
        )

        assert archive.record([given]).result() == 1

        read = archive.read([1, 2, 3, 4], NOON, NOON + STEP)
        assert readings(archive, 1) == [(NOON, 230.1, GOOD)]
        assert readings(archive, 2) == [(NOON, -0.7, Quality.UNCERTAIN)]
        assert read[1].offsets_s.tolist() == [1.25]
        assert len(read[3]) == len(read[4]) == 0
        assert list(read) == [1, 2, 3, 4]

    def test_columns_have_their_types_even_when_empty(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 1})]).result()

        for columns in archive.read([1, 2], *EVER).values():
            assert columns.slots.dtype == np.int64
            assert columns.values.dtype == np.float64
            assert columns.qualities.dtype == np.uint8
            assert columns.offsets_s.dtype == np.float32

    @pytest.mark.parametrize("value", [2**63 - 1, -(2**63 - 1), 0, 2**53 + 1, -1])
    def test_the_widest_integers_come_back(self, archive: Archive, value: int) -> None:
        archive.record([frame(NOON, {1: value, 2: 1})]).result()

        assert readings(archive, 1) == [(NOON, float(value), GOOD)]

    def test_a_range_begins_with_its_start_and_ends_before_its_end(self, archive: Archive) -> None:
        slots = [NOON + number * STEP for number in range(4)]
        archive.record([frame(slot, {1: number}) for number, slot in enumerate(slots)]).result()

        assert archive.read([1], slots[1], slots[3])[1].values.tolist() == [1, 2]
        assert archive.read([1], slots[1] + timedelta(microseconds=1), slots[3])[1].values.tolist() == [2]
        assert archive.read([1], slots[1], slots[2] + timedelta(microseconds=1))[1].values.tolist() == [1, 2]
        assert archive.read([1], slots[3], slots[1])[1].values.tolist() == []

    def test_a_range_may_be_given_in_any_zone(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 5})]).result()
        paris = timezone(timedelta(hours=2))

        assert len(archive.read([1], NOON.astimezone(paris), (NOON + STEP).astimezone(paris))[1]) == 1

    def test_readings_come_in_slot_order_across_days_however_they_came_in(self, archive: Archive) -> None:
        slots = [NOON + timedelta(hours=7) * number for number in range(20)]
        for slot in [*slots[::2], *slots[1::2]]:
            archive.record([frame(slot, {1: 1})]).result()

        assert [slot for slot, _, _ in readings(archive, 1)] == slots

    def test_the_first_reading_of_a_slot_stands(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20})]).result()

        assert archive.record([frame(NOON, {1: 11, 2: 21})]).result() == 0

        assert readings(archive, 1) == [(NOON, 10, GOOD)]
        assert readings(archive, 2) == [(NOON, 20, GOOD)]

    def test_the_first_of_two_in_one_call_stands(self, archive: Archive) -> None:
        assert archive.record([frame(NOON, {1: 10}), frame(NOON, {1: 11})]).result() == 1

        assert readings(archive, 1) == [(NOON, 10, GOOD)]

    def test_what_was_missing_in_the_first_frame_is_filled_by_the_next(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: None, 3: None}, offset_s=1)]).result()

        filling = frame(NOON, {1: 11, 2: 21, 3: None}, offset_s=2, qualities=[GOOD, Quality.RESET, GOOD])
        assert archive.record([filling]).result() == 1

        assert readings(archive, 1) == [(NOON, 10, GOOD)]
        assert readings(archive, 2) == [(NOON, 21, Quality.RESET)]
        assert readings(archive, 3) == []

    @pytest.mark.parametrize("change", [{"decimals": 2}, {"step_s": 600}])
    def test_the_first_reading_stands_when_decimals_or_interval_changed_in_between(
        self, archive: Archive, change: dict[str, int]
    ) -> None:
        archive.record([frame(NOON, {1: 10, 2: None})]).result()

        archive.record([frame(NOON, {1: 9900, 2: 2000}, **change)]).result()

        assert readings(archive, 1) == [(NOON, 10, GOOD)]
        assert readings(archive, 2) == [(NOON, 2000 / 10 ** change.get("decimals", 0), GOOD)]

    def test_the_first_reading_stands_when_another_set_of_series_overlaps(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20})]).result()
        archive.record([frame(NOON, {3: 32, 2: 22})]).result()
        archive.record([frame(NOON, {3: 33, 1: 13, 4: 43})]).result()

        assert [readings(archive, series)[0][1] for series in (1, 2, 3, 4)] == [10, 20, 32, 43]

    def test_yesterdays_readings_keep_their_meaning_when_a_point_is_inserted(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 1, 3: 123_456_789})]).result()
        archive.record([frame(NOON + STEP, {1: 2, 2: 7, 3: 123_456_790}, decimals=1)]).result()

        assert [value for _, value, _ in readings(archive, 1)] == [1, 0.2]
        assert [value for _, value, _ in readings(archive, 2)] == [0.7]
        assert [value for _, value, _ in readings(archive, 3)] == [123_456_789, 12_345_679.0]

    def test_a_frame_without_any_value_brings_nothing(self, archive: Archive) -> None:
        assert archive.record([frame(NOON, {1: None, 2: None})]).result() == 0

        assert archive.highest_slot().result() is None
        assert archive.changes(0).changes == ()

    def test_no_frames_at_all_are_no_work(self, archive: Archive) -> None:
        assert archive.record([]).result() == 0

    def test_the_highest_slot_is_that_of_recorded_readings(self, archive: Archive) -> None:
        assert archive.highest_slot().result() is None

        archive.record([frame(NOON + STEP, {1: 1}), frame(NOON, {1: 1})]).result()
        archive.backfill(1, [Point(NOON + timedelta(days=1), 1.0)], decimals=0).result()
        archive.correct(1, [Point(NOON + timedelta(days=2), 1.0)], decimals=0).result()

        assert archive.highest_slot().result() == NOON + STEP

    def test_what_was_given_cannot_be_cancelled(self, archive: Archive) -> None:
        future = archive.record([frame(NOON, {1: 1})])

        assert not future.cancel()
        assert future.result() == 1


class TestRefusing:
    @pytest.mark.parametrize(
        "bad",
        [
            frame(NOON.replace(microsecond=1), {1: 1}),
            frame(NOON.replace(tzinfo=None), {1: 1}),
            frame(NOON.astimezone(timezone(timedelta(hours=1))), {1: 1}),
            frame(datetime(1969, 12, 31, tzinfo=UTC), {1: 1}),
            frame(NOON, {}),
            frame(NOON, dict.fromkeys(range(1, 66), 1)),
            frame(NOON, {0: 1}),
            frame(NOON, {1: 2**63}),
            frame(NOON, {1: 1}, step_s=0),
            frame(NOON, {1: 1}, offset_s=float("nan")),
            frame(NOON, {1: 1}, decimals=19),
            frame(NOON, {1: 1}, qualities=[GOOD, GOOD]),
            Frame(NOON, 300, 0.0, (1, 1), (0, 0), (1, 2)),
            Frame(NOON, 300, 0.0, (1, 2), (0,), (1, 2)),
            Frame(NOON, 300, 0.0, (1, 2), (0, 0), (1,)),
        ],
    )
    def test_a_frame_that_cannot_be_right_is_refused_at_once(self, archive: Archive, bad: Frame) -> None:
        with pytest.raises(ValueError, match=r"."):
            archive.record([frame(NOON, {1: 1}), bad])

        with pytest.raises(ValueError, match=r"."):
            archive.release([bad])
        assert readings(archive, 1) == []

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
    def test_a_point_that_is_no_value_is_refused_at_once(self, archive: Archive, value: float) -> None:
        with pytest.raises(ValueError, match=r"."):
            archive.backfill(1, [Point(NOON, value)], decimals=0)
        with pytest.raises(ValueError, match=r"."):
            archive.correct(1, [Point(NOON, value)], decimals=0)

    def test_an_import_cannot_delete(self, archive: Archive) -> None:
        with pytest.raises(ValueError, match="correction"):
            archive.backfill(1, [Point(NOON, None)], decimals=0)

    def test_a_held_frame_without_a_boot_is_refused(self, archive: Archive) -> None:
        with pytest.raises(ValueError, match="boot"):
            archive.hold([HeldFrame("", 1.0, (1,), (0,), (1,))])

    def test_a_range_without_a_zone_is_refused(self, archive: Archive) -> None:
        with pytest.raises(ValueError, match="zone"):
            archive.read([1], NOON.replace(tzinfo=None), NOON)


class TestBackfilling:
    def test_it_fills_what_is_missing_and_marks_it_late(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: None})]).result()
        before = NOON - timedelta(days=400)

        for series in (1, 2):
            points = [Point(NOON, 99.5), Point(before, 1.5)]
            assert archive.backfill(series, points, decimals=1).result() == series

        assert readings(archive, 1) == [(before, 1.5, LATE), (NOON, 10, GOOD)]
        assert readings(archive, 2) == [(before, 1.5, LATE), (NOON, 99.5, LATE)]
        assert archive.read([2], *EVER)[2].offsets_s.tolist() == [0, 0]

    def test_the_same_import_twice_stores_nothing_more(self, archive: Archive) -> None:
        points = [Point(NOON + number * STEP, float(number)) for number in range(50)]

        assert archive.backfill(1, points, decimals=0).result() == 50
        assert archive.backfill(1, points, decimals=0).result() == 0

        assert [value for _, value, _ in readings(archive, 1)] == list(range(50))

    def test_the_first_of_two_points_for_one_slot_stands(self, archive: Archive) -> None:
        assert archive.backfill(1, [Point(NOON, 1.0), Point(NOON, 2.0)], decimals=0).result() == 1

        assert readings(archive, 1) == [(NOON, 1, LATE)]

    def test_a_recorded_frame_does_not_replace_what_was_imported_for_its_slot(self, archive: Archive) -> None:
        archive.backfill(1, [Point(NOON, 5.0)], decimals=0).result()

        assert archive.record([frame(NOON, {1: 9})]).result() == 0
        assert archive.record([frame(NOON, {1: 10, 2: 20})]).result() == 1

        assert readings(archive, 1) == [(NOON, 5, LATE)]
        assert readings(archive, 2) == [(NOON, 20, GOOD)]

    def test_values_are_rounded_to_the_decimals(self, archive: Archive) -> None:
        archive.backfill(1, [Point(NOON, 1.26)], decimals=1).result()

        assert readings(archive, 1) == [(NOON, 1.3, LATE)]


class TestCorrecting:
    def test_it_replaces_recorded_and_imported_readings_and_marks_them(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10})]).result()
        archive.backfill(1, [Point(NOON + STEP, 20.0)], decimals=0).result()

        points = [Point(NOON, 1.5), Point(NOON + STEP, 2.5), Point(NOON + 2 * STEP, 3.5)]
        assert archive.correct(1, points, decimals=1).result() == 3

        assert readings(archive, 1) == [
            (NOON, 1.5, CORRECTED),
            (NOON + STEP, 2.5, CORRECTED),
            (NOON + 2 * STEP, 3.5, CORRECTED),
        ]

    def test_the_last_correction_stands(self, archive: Archive) -> None:
        archive.correct(1, [Point(NOON, 1.0), Point(NOON, 2.0)], decimals=0).result()
        assert readings(archive, 1) == [(NOON, 2, CORRECTED)]

        archive.correct(1, [Point(NOON, 3.25)], decimals=2).result()
        assert readings(archive, 1) == [(NOON, 3.25, CORRECTED)]

    def test_a_deleted_reading_is_gone_until_somebody_corrects_it_again(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20})]).result()

        assert archive.correct(1, [Point(NOON, None)], decimals=0).result() == 1
        assert archive.record([frame(NOON, {1: 10, 2: 20})]).result() == 0
        assert archive.backfill(1, [Point(NOON, 11.0)], decimals=0).result() == 0
        assert readings(archive, 1) == []
        assert readings(archive, 2) == [(NOON, 20, GOOD)]

        assert archive.correct(1, [Point(NOON, 12.0)], decimals=0).result() == 1
        assert readings(archive, 1) == [(NOON, 12, CORRECTED)]

    def test_it_counts_what_changed_only(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10})]).result()
        points = [Point(NOON, 10.0), Point(NOON + STEP, None)]  # the first becomes a person's word, the second was none

        assert archive.correct(1, points, decimals=0).result() == 1
        assert archive.correct(1, points, decimals=0).result() == 0

    def test_a_correction_made_before_the_reading_came_stands(self, archive: Archive) -> None:
        archive.correct(1, [Point(NOON, 1.0)], decimals=0).result()

        archive.record([frame(NOON, {1: 10})]).result()

        assert readings(archive, 1) == [(NOON, 1, CORRECTED)]


class TestLatest:
    def test_each_series_has_its_own_newest_reading(self, archive: Archive) -> None:
        archive.record([frame(NOON - timedelta(days=3), {1: 1, 2: 2, 3: 3}, decimals=1)]).result()
        archive.record([frame(NOON, {1: 10, 2: None}, qualities=[Quality.RESET, GOOD])]).result()

        assert archive.latest([1, 2, 3, 4]) == {
            1: Reading(NOON, 10, Quality.RESET),
            2: Reading(NOON - timedelta(days=3), 0.2),
            3: Reading(NOON - timedelta(days=3), 0.3),
        }

    def test_an_import_counts_when_it_is_newer(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20})]).result()
        archive.backfill(1, [Point(NOON + STEP, 11.0)], decimals=0).result()
        archive.backfill(2, [Point(NOON - STEP, 19.0)], decimals=0).result()
        archive.backfill(3, [Point(NOON, 30.0)], decimals=0).result()

        assert archive.latest([1, 2, 3]) == {
            1: Reading(NOON + STEP, 11, LATE),
            2: Reading(NOON, 20),
            3: Reading(NOON, 30, LATE),
        }

    def test_a_correction_replaces_and_a_deletion_uncovers_the_one_before(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20, 3: 30}), frame(NOON + STEP, {1: 11, 2: 21})]).result()
        archive.correct(1, [Point(NOON + STEP, 99.0)], decimals=0).result()
        archive.correct(2, [Point(NOON + STEP, None)], decimals=0).result()
        archive.correct(3, [Point(NOON, None)], decimals=0).result()

        assert archive.latest([1, 2, 3]) == {1: Reading(NOON + STEP, 99, CORRECTED), 2: Reading(NOON, 20)}


class TestHolding:
    HELD = (
        HeldFrame("boot-1", 12.5, (2, 1), (1, 0), (-5, None)),
        HeldFrame("boot-2", 3.25, (1,), (0,), (2**62,)),
        HeldFrame("boot-2", 4.25, (1,), (0,), (None,)),
    )

    def test_what_is_held_comes_back_in_order_and_is_no_reading_yet(self, archive: Archive) -> None:
        assert archive.hold(self.HELD[:1]).result() == 1
        assert archive.hold(self.HELD[1:]).result() == 3

        assert archive.held().result() == self.HELD
        assert archive.latest([1, 2]) == {}
        assert archive.highest_slot().result() is None

    def test_releasing_records_and_forgets_in_one_step(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 1})]).result()
        archive.hold(self.HELD).result()

        assert archive.release([frame(NOON, {1: 2}), frame(NOON + STEP, {1: 3})]).result() == 1

        assert archive.held().result() == ()
        assert [value for _, value, _ in readings(archive, 1)] == [1, 3]

    def test_held_frames_survive_a_restart(self, backend) -> None:
        with backend.open() as archive:
            archive.hold(self.HELD).result()

        with backend.open() as archive:
            assert archive.held().result() == self.HELD

    def test_the_oldest_go_when_too_many_are_held(self, archive: Archive) -> None:
        frames = [HeldFrame("boot", float(number), (1,), (0,), (number,)) for number in range(MOST_HELD_FRAMES + 3)]

        archive.hold(frames[:5]).result()
        assert archive.hold(frames[5:]).result() == MOST_HELD_FRAMES

        assert archive.held().result() == tuple(frames[3:])


class TestChanges:
    def test_every_change_is_told_once_in_order(self, archive: Archive) -> None:
        archive.record([frame(NOON, {2: 1, 1: 1})]).result()
        archive.backfill(7, [Point(NOON - STEP, 1.0), Point(NOON - 3 * STEP, 1.0)], decimals=0).result()
        archive.correct(1, [Point(NOON, None)], decimals=0).result()

        told = archive.changes(0)

        assert [(change.series, change.start, change.end) for change in told.changes] == [
            ((1, 2), NOON, NOON),
            ((7,), NOON - 3 * STEP, NOON - STEP),
            ((1,), NOON, NOON),
        ]
        assert archive.changes(told.cursor).changes == ()
        assert archive.changes(told.cursor).cursor == told.cursor

    def test_what_changed_nothing_is_not_told(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 1})]).result()
        cursor = archive.changes(0).cursor

        archive.record([frame(NOON, {1: 2})]).result()
        archive.backfill(1, [Point(NOON, 2.0)], decimals=0).result()
        archive.correct(1, [Point(NOON + STEP, None)], decimals=0).result()
        archive.hold([HeldFrame("boot", 1.0, (1,), (0,), (1,))]).result()

        assert archive.changes(cursor).changes == ()

    def test_pages_of_any_length_tell_the_same(self, archive: Archive) -> None:
        for number in range(7):
            archive.record([frame(NOON + number * STEP, {1: 1})]).result()

        cursor, told = 0, []
        while (page := archive.changes(cursor, limit=3)).changes:
            assert len(page.changes) <= 3
            assert page.cursor > cursor
            cursor = page.cursor
            told += page.changes

        assert [change.start for change in told] == [NOON + number * STEP for number in range(7)]

    @pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, 0)])
    def test_a_cursor_or_limit_that_cannot_be_is_refused(self, archive: Archive, after: int, limit: int) -> None:
        with pytest.raises(ValueError, match="cursor"):
            archive.changes(after, limit=limit)

    def test_cursor_and_epoch_go_on_after_a_restart(self, backend) -> None:
        with backend.open() as archive:
            archive.record([frame(NOON, {1: 1})]).result()
            first = archive.changes(0)

        with backend.open() as archive:
            archive.record([frame(NOON + STEP, {1: 1})]).result()
            then = archive.changes(first.cursor)

        assert [change.start for change in then.changes] == [NOON + STEP]
        assert then.cursor > first.cursor
        assert then.epoch == first.epoch != ""


class TestSides:
    def test_a_reader_sees_what_the_writer_has_stored(self, backend) -> None:
        with backend.open_reader() as reader, backend.open() as archive:
            archive.record([frame(NOON, {1: 1})]).result()

            assert readings(reader, 1) == readings(archive, 1) == [(NOON, 1, GOOD)]
            assert reader.latest([1]) == archive.latest([1])
            assert reader.changes(0) == archive.changes(0)

    def test_everything_is_empty_before_the_writer_has_ever_written(self, backend) -> None:
        with backend.open_reader() as reader:
            assert len(reader.read([1], *EVER)[1]) == 0
            assert reader.latest([1]) == {}
            assert reader.changes(0).changes == ()
            assert reader.changes(5).cursor == 5

    def test_everything_is_there_after_a_restart(self, backend) -> None:
        with backend.open() as archive:
            archive.record([frame(NOON, {1: 1, 2: 2}, decimals=1)]).result()
            archive.correct(2, [Point(NOON, 9.0)], decimals=0).result()

        with backend.open() as archive:
            assert archive.highest_slot().result() == NOON
            assert readings(archive, 1) == [(NOON, 0.1, GOOD)]
            assert readings(archive, 2) == [(NOON, 9, CORRECTED)]
            assert archive.record([frame(NOON, {1: 5, 2: 5}, decimals=1)]).result() == 0
