"""What is asked of the readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import point_of
from wattledger.apps.devices.recording import intervals
from wattledger.apps.rest.problems import bad_field
from wattledger.apps.rest.server import data_folder
from wattledger.archive import ArchiveReader, EmbeddedReader
from wattledger.measure import Quality

DAY = timedelta(days=1)
AT_ONCE = timedelta(days=31)  # read from the archive in one piece, so that a long range stays small in memory
MOST_AT_ONCE = timedelta(days=372)  # where nothing was found before, so that an empty century costs no thousand reads

Row = tuple[datetime, float, Quality]


@dataclass(frozen=True, slots=True)
class Range:
    """[start, end), UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Piece:
    """Readings of one series in slot order; `next` is the slot of the first one left out, None when that is all."""

    rows: tuple[Row, ...]
    next: datetime | None


def chosen_range(start: datetime | None, end: datetime | None) -> Range:
    """The range asked for: without an end until now, without a start the day before the end; raises FieldError."""
    last = end or datetime.now(UTC) + timedelta(seconds=1)
    first = start or last - DAY
    if first >= last:
        raise bad_field("end", "end_before_start")
    return Range(first, last)


def series_named(numbers: list[int]) -> list[Series]:
    """The series of these ids in this order, circuits and devices loaded; raises FieldError when one does not exist."""
    found = Series.objects.select_related("circuit__device").in_bulk(numbers)
    for place, number in enumerate(numbers):
        if number not in found:
            raise bad_field(f"series.{place}", "unknown")
    return [found[number] for number in numbers]


def steps_s(chosen: Iterable[Series]) -> list[int]:
    """The present recording interval of each series, in seconds; earlier readings may lie closer or wider."""
    minutes = intervals()
    return [minutes[point_of(series).measures.kind] * 60 for series in chosen]


def first_rows(found: Iterable[Row], *, most: int) -> Piece:
    """At most `most` of the rows."""
    rows: list[Row] = []
    for row in found:
        if len(rows) == most:
            return Piece(tuple(rows), row[0])
        rows.append(row)
    return Piece(tuple(rows), None)


def read_rows(series: int, wanted: Range) -> Iterator[Row]:
    """All readings of the range, oldest first, fetched month by month. Raises ArchiveError."""
    with archive_reader() as reader:
        start, piece = wanted.start, AT_ONCE
        newest = reader.latest([series]).get(series)
        last = wanted.start if newest is None else min(wanted.end, newest.slot + timedelta(seconds=1))
        while start < last:
            end = min(start + piece, last)
            columns = reader.read([series], start, end)[series]
            piece = AT_ONCE if len(columns) else min(2 * piece, MOST_AT_ONCE)
            for slot, value, quality in zip(
                columns.slots.tolist(), columns.values.tolist(), columns.qualities.tolist(), strict=True
            ):
                yield datetime.fromtimestamp(slot, UTC), value, Quality(quality)
            start = end


def archive_reader() -> ArchiveReader:
    """The archive of this server; to be closed."""
    return EmbeddedReader.open(data_folder().archive)
