"""The newest reading of each series: a walk back through the days that have frames, then through the sealed files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import numpy as np

from wattledger.archive.embedded.frames import Row, rows_backwards
from wattledger.archive.embedded.scaled import NO_READINGS, from_cells, laid_over
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.sealed import Section
from wattledger.archive.embedded.segments import OF_READINGS, SealedReadings
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.staging import staged, staged_months
from wattledger.archive.validation import instant
from wattledger.measure import Quality, Reading, from_scaled


def latest(snapshot: Snapshot, series: Iterable[int]) -> dict[int, Reading]:
    """The newest reading of each series that has one. Raises SealedGoneError."""
    wanted = {each for each in series if each not in snapshot.forgotten}
    return _Walk(snapshot, wanted).found()


class _Walk:
    def __init__(self, snapshot: Snapshot, series: Collection[int]) -> None:
        self._snapshot = snapshot
        self._series = series
        self._late = _newest_late(snapshot, series)
        self._found: dict[int, Reading] = {}

    def found(self) -> dict[int, Reading]:
        self._through_frames()
        for each, reading in self._late.items():
            if reading is not None:
                self._offer(each, reading)
        self._through_staged()
        self._through_files()
        return self._found

    def _through_frames(self) -> None:
        wanted = set(self._series)
        for day in reversed(self._snapshot.days):
            wanted -= {each for each in wanted if self._is_newer(self._late.get(each), (day + 1) * DAY_S)}
            layouts = {layout for each in wanted for layout in self._snapshot.book.of_series(each)}
            for row in rows_backwards(self._snapshot.connection, day, layouts):
                if not wanted.isdisjoint(self._snapshot.book[row[1]].series):
                    wanted -= self._take(row, wanted, day=day)
                if not wanted:
                    return

    def _take(self, row: Row, wanted: Collection[int], *, day: int) -> set[int]:
        """What a frame has of `wanted`, but for what a person deleted."""
        layout = self._snapshot.book[row[1]]
        block = self._snapshot.decoded([row], day=day)[row[1]][1]
        taken = set()
        for column in np.flatnonzero(block.present[0]):
            each = layout.series[column]
            if each not in wanted or (each in self._late and self._is_overlaid(each, row[0])):
                continue
            value = from_scaled(int(block.values[0, column]), decimals=layout.decimals[column])
            self._offer(each, Reading(instant(row[0]), value, Quality(int(block.qualities[0, column]))))
            taken.add(each)
        return taken

    def _is_overlaid(self, series: int, slot: int) -> bool:
        """Whether there is something over the frame: a reading, which is considered by itself, or a deletion."""
        return series in self._snapshot.late([series], start=slot, end=slot + 1)

    def _through_files(self) -> None:
        sealed = self._snapshot.sealed
        names = [name for span in OF_READINGS for name in sealed.of(span, start=0, end=_end_of_time(self._snapshot))]
        for name in sorted(names, key=lambda each: each.period.end, reverse=True):
            wanted = [each for each in self._series if not self._is_newer(self._found.get(each), name.period.end)]
            if not wanted:
                return
            with sealed.opened(name) as file:
                if file is not None:
                    self._search(file, wanted)

    def _through_staged(self) -> None:
        """Imports, which may be the newest of a series that is not recorded."""
        for month in staged_months(self._snapshot.connection):
            wanted = [each for each in self._series if not self._is_newer(self._found.get(each), month.end)]
            if not wanted:
                return
            found = staged(self._snapshot.connection, wanted, start=month.start, end=month.end)
            late = self._snapshot.late([each for each in found if each in self._late], start=month.start, end=month.end)
            for each, readings in found.items():
                reading = laid_over(readings, late.get(each, NO_READINGS)).last()
                if reading is not None:
                    self._offer(each, reading)

    def _search(self, file: SealedReadings, wanted: Collection[int]) -> None:
        there = np.intersect1d(file.file.keys(Section.CHUNKS), np.array([*wanted], dtype=np.int64)).tolist()
        period = file.name.period
        late = self._snapshot.late([each for each in there if each in self._late], start=period.start, end=period.end)
        for each in there:
            reading = laid_over(file.readings(each), late.get(each, NO_READINGS)).last()
            if reading is not None:
                self._offer(each, reading)

    def _offer(self, series: int, reading: Reading) -> None:
        known = self._found.get(series)
        if known is None or reading.slot > known.slot:
            self._found[series] = reading

    @staticmethod
    def _is_newer(reading: Reading | None, second: int) -> bool:
        return reading is not None and reading.slot.timestamp() >= second


def _newest_late(snapshot: Snapshot, series: Collection[int]) -> dict[int, Reading | None]:
    """The series over which something lies, each with the newest reading among it."""
    rows = snapshot.connection.execute(
        "SELECT asked.value, newest.slot, newest.value, newest.decimals, newest.quality FROM json_each(?) AS asked"
        " LEFT JOIN late AS newest ON newest.series = asked.value AND newest.slot ="
        " (SELECT max(slot) FROM late WHERE series = asked.value AND value IS NOT NULL)"
        " WHERE EXISTS (SELECT 1 FROM late WHERE series = asked.value)",
        (json.dumps(sorted(series)),),
    )
    return {each: None if slot is None else _reading(slot, *cell) for each, slot, *cell in rows}


def _reading(slot: int, value: int, decimals: int, quality: int) -> Reading | None:
    return from_cells([(slot, value, decimals, quality)]).last()


def _end_of_time(snapshot: Snapshot) -> int:
    return max((name.period.end for name in snapshot.sealed.names), default=0)
