"""Where the rows of local days go when a file is sealed: of a UTC day into that file, of a month into its year's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.archive.embedded.day_codec import encode_rows
from wattledger.archive.embedded.days import NO_ROWS, DayRows, rows_joined
from wattledger.archive.embedded.periods import Period
from wattledger.archive.embedded.sealed import ALL_SERIES, NEWEST, Meta, SealedName, SealedWriter, Section
from wattledger.archive.embedded.segments import SealedReadings

PARTS_TOGETHER = 256  # joined now and then, since five thousand little columns take more memory than they hold
ZONE = "zone"


class RowsOfDay:
    """Rows for the file of a day, all in one blob."""

    def __init__(self, file: SealedWriter) -> None:
        self._file = file
        self._parts: list[DayRows] = []

    def add(self, _series: int, rows: DayRows) -> None:
        self._parts.append(rows)
        if len(self._parts) >= PARTS_TOGETHER:
            self._parts = [rows_joined(self._parts)]

    def finish(self, *, forgotten: Collection[int] = ()) -> Iterator[bool]:  # noqa: ARG002 - they were never added
        """Put the rows into the file, in steps."""
        yield True
        rows = rows_joined(self._parts)
        if len(rows):
            self._file.add(Section.DAYS, ALL_SERIES, encode_rows(rows, shared=True))


class RowsOfYear:
    """A new generation of a year's file, in which the rows of some months take the place of those that were there."""

    def __init__(
        self, months: Sequence[Period], name: SealedName, before: SealedReadings | None, *, folder: Path, durable: bool
    ) -> None:
        self.name = name
        self.file = SealedWriter(name.path(folder), durable=durable)
        self._months = months
        self._before = before

    def add(self, series: int, rows: DayRows) -> None:
        known = NO_ROWS if self._before is None else self._before.days([series])
        for month in self._months:
            known = known.only((known.first_slots < month.start) | (known.first_slots >= month.end))
        whole = rows_joined([known, rows])
        if len(whole):
            self.file.add(Section.DAYS, series, encode_rows(whole, shared=False))

    def keep(self, series: int) -> None:
        """Let a series have the rows that it had."""
        rows = NO_ROWS if self._before is None else self._before.days([series])
        if len(rows):
            self.file.add(Section.DAYS, series, encode_rows(rows, shared=False))

    def is_of(self, zone: ZoneInfo) -> bool:
        """Whether the rows of its months are there and of the days of this zone."""
        before = {} if self._before is None else self._before.file.meta
        return all(before.get(zone_key(month)) == zone.key for month in self._months)

    def finish(self, *, forgotten: Collection[int] = ()) -> Iterator[bool]:
        """Keep the rows that series have of other months, though they have none of these; in steps."""
        if self._before is None:
            return
        there = {*self.file.keys(Section.DAYS), *forgotten, NEWEST}
        for series in self._before.file.keys(Section.DAYS).tolist():
            if series not in there:
                self.add(series, NO_ROWS)
                yield True

    def meta(self, zone: ZoneInfo) -> Meta:
        """What the file says of itself: the zone of the rows of each of its months."""
        before = {} if self._before is None else self._before.file.meta
        zones = {key: value for key, value in before.items() if key.startswith(ZONE)}
        return {**file_meta(self.name), **zones, **{zone_key(month): zone.key for month in self._months}}


def zone_key(month: Period) -> str:
    """Under which key the file of a year notes the zone of a month's rows."""
    return f"{ZONE} {month.name}"


def file_meta(name: SealedName) -> Meta:
    """What every sealed file says of itself."""
    return {"period": name.period.name, "generation": name.generation}
