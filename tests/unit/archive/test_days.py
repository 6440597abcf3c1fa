"""Rows of local days: what a day's readings come to."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wattledger.archive.embedded.day_codec import decode_rows, encode_rows
from wattledger.archive.embedded.days import DayRows, midnights, rows_joined, rows_of
from wattledger.archive.embedded.scaled import DELETED, Scaled, scaled_of
from wattledger.measure import Quality

PARIS = ZoneInfo("Europe/Paris")
HOUR = 3600


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def as_tuples(rows: DayRows) -> list[tuple[float, ...]]:
    return list(zip(*(getattr(rows, name).tolist() for name in DayRows.__slots__), strict=True))


def test_days_are_cut_at_the_midnights_of_the_site() -> None:
    slots = at(2026, 3, 28, 12) + HOUR * np.arange(48)  # over the night in which the clock jumps
    readings = scaled_of(slots, np.arange(48), decimals=1)

    rows = rows_of(7, readings, midnights(int(slots[0]), int(slots[-1]) + 1, zone=PARIS))

    assert rows.counts.tolist() == [11, 23, 14]
    assert rows.first_slots.tolist() == [slots[0], at(2026, 3, 28, 23), at(2026, 3, 29, 22)]
    assert rows.firsts.tolist() == [0, 11, 34]
    assert rows.lasts.tolist() == [10, 33, 47]
    assert rows.sums.tolist() == [sum(range(11)), sum(range(11, 34)), sum(range(34, 48))]
    assert set(rows.series.tolist()) == {7}
    assert set(rows.decimals.tolist()) == {1}


def test_deletions_do_not_count_and_the_most_doubtful_reading_gives_its_quality() -> None:
    slots = at(2026, 3, 2) + HOUR * np.arange(4)
    qualities = np.array([Quality.GOOD, Quality.CORRECTED, DELETED, Quality.LATE], dtype=np.uint8)
    readings = scaled_of(slots, np.array([5, 9, 0, -2]), decimals=0, qualities=qualities)

    rows = rows_of(1, readings, midnights(int(slots[0]), int(slots[-1]), zone=PARIS))

    assert (rows.counts.tolist(), rows.lows.tolist(), rows.highs.tolist()) == ([3], [-2], [9])
    assert rows.doubts.tolist() == [2]  # corrected is more in doubt than late


@given(
    values=st.lists(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-99, 99), min_size=1, max_size=60),
    decimals=st.data(),
)
def test_rows_come_back_from_their_bytes(values: list[int], decimals: st.DataObject) -> None:
    count = len(values)
    readings = Scaled(
        at(2026, 3, 1) + 3 * HOUR * np.arange(count),
        np.array(values),
        np.array(decimals.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)), dtype=np.int8),
        np.zeros(count, np.uint8),
        np.zeros(count, np.int32),
    )
    bounds = midnights(int(readings.slots[0]), int(readings.slots[-1]), zone=PARIS)
    rows = rows_joined([rows_of(2, readings, bounds), rows_of(1, readings, bounds)])
    one = rows.picked(rows.series == 2)

    assert int(rows.counts.sum()) == 2 * count
    assert as_tuples(decode_rows(encode_rows(rows, shared=True), series=None)) == as_tuples(rows)
    assert as_tuples(decode_rows(encode_rows(one, shared=False), series=2)) == as_tuples(one)
