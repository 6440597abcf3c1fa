"""Readings drawn together to longer steps: hours, parts of a day, local days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from wattledger.apps.measurements.queries import Range, Row, archive_reader
from wattledger.archive import ArchiveReader, Buckets
from wattledger.measure import Aggregate, Quality, day_start, local_day

# what divides a local day of any length into pieces that people know; the last piece of an odd day may be shorter
STEPS_S = (60, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400)
DAY_S = 86_400
DAYS_AT_ONCE = 31
MOST_DAYS_AT_ONCE = 3660  # where there was nothing, so that an empty century costs no thousand questions


@dataclass(frozen=True, slots=True)
class Steps:
    """Pieces of `step_s` (one of STEPS_S) from each local midnight, each with the value that `how` names."""

    step_s: int
    how: Aggregate
    zone: ZoneInfo


def stepped_rows(series: int, wanted: Range, by: Steps) -> Iterator[Row]:
    """A row per piece that begins in the range and has a reading, at its beginning. Raises ArchiveError."""
    with archive_reader() as reader:
        newest = reader.latest([series]).get(series)
        if newest is None:
            return
        last = min(wanted.end, newest.slot + timedelta(seconds=1))
        day, count = local_day(wanted.start, zone=by.zone), DAYS_AT_ONCE
        while day_start(day, zone=by.zone) < last:
            following = day + timedelta(days=count)
            days = reader.daily([series], day, following, zone=by.zone)[series]
            count = DAYS_AT_ONCE if len(days) else min(2 * count, MOST_DAYS_AT_ONCE)
            pieces = days if by.step_s == DAY_S else _pieces(reader, series, days, by)
            for row in _rows(pieces, by.how):
                if wanted.start <= row[0] < wanted.end:
                    yield row
            day = following


def _pieces(reader: ArchiveReader, series: int, days: Buckets, by: Steps) -> Buckets:
    """The pieces of the days that have readings."""
    if not len(days):
        return days
    dates = (local_day(datetime.fromtimestamp(start, UTC), zone=by.zone) for start in days.starts.tolist())
    bounds = sorted(set(chain.from_iterable(_bounds(day, by) for day in dates)))
    return reader.buckets([series], bounds)[series]


def _bounds(day: date, by: Steps) -> Iterator[datetime]:
    start, end = day_start(day, zone=by.zone), day_start(day + timedelta(days=1), zone=by.zone)
    bound = start
    while bound < end:
        yield bound
        bound += timedelta(seconds=by.step_s)
    yield end


def _rows(pieces: Buckets, how: Aggregate) -> Iterator[Row]:
    values = {
        Aggregate.LAST: pieces.lasts,
        Aggregate.MEAN: pieces.means,
        Aggregate.MIN: pieces.lows,
        Aggregate.MAX: pieces.highs,
    }[how]
    for start, value, quality in zip(pieces.starts.tolist(), values.tolist(), pieces.qualities.tolist(), strict=True):
        yield datetime.fromtimestamp(start, UTC), value, Quality(quality)
