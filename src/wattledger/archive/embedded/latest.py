"""The newest reading of each series: a walk back through the days that have frames, then what the files list.

Only where the list does not tell, as somebody deleted what was the newest, or nobody has listed it, the walk goes on
through the sealed files.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack

import numpy as np

from wattledger.archive.embedded.frames import Row, rows_backwards
from wattledger.archive.embedded.scaled import DELETED, NO_READINGS, Cell, laid_over
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.sealed import Section
from wattledger.archive.embedded.segments import OF_READINGS, SealedReadings, together
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.staging import staged, staged_months
from wattledger.archive.validation import instant
from wattledger.measure import Quality, Reading, from_scaled

NEVER: Cell = (-1, 0, 0, DELETED)


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
        self._through_files(self._from_list())
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

    def _from_list(self) -> Collection[int]:
        """Take what the sealed files list; gives the series that are to be looked for in them."""
        sealed = self._snapshot.sealed
        newest = sealed.newest()
        if newest is None:
            return self._series
        oldest = next((name.period.start for name in sealed.names if name.period.span in OF_READINGS), 0)
        unknown = []
        for each in self._series:
            slot, value, decimals, quality = newest.get(each, NEVER)
            found = self._found.get(each)
            if slot < oldest or (found is not None and found.slot.timestamp() >= slot):
                continue
            gone = quality == DELETED or not sealed.holds(slot)
            if gone or (each in self._late and self._is_overlaid(each, slot)):
                unknown.append(each)
            else:
                self._offer(each, _reading(slot, value, decimals, quality))
        return unknown

    def _through_files(self, series: Collection[int]) -> None:
        sealed = self._snapshot.sealed
        for names in sealed.backwards() if series else ():
            end = max(name.period.end for name in names)
            wanted = [each for each in series if not self._is_newer(self._found.get(each), end)]
            if not wanted:
                return
            with ExitStack() as stack:
                opened = [sealed.open(name, stack) for name in names]
                start = min(name.period.start for name in names)
                self._search([file for file in opened if file is not None], wanted, start=start, end=end)

    def _through_staged(self) -> None:
        """Imports, which may be the newest of a series that is not recorded."""
        for month in staged_months(self._snapshot.connection):
            wanted = [each for each in self._series if not self._is_newer(self._found.get(each), month.end)]
            if not wanted:
                return
            found = staged(self._snapshot.connection, wanted, start=month.start, end=month.end)
            for each, readings in self._snapshot.readings(found, start=month.start, end=month.end).items():
                reading = readings.last()
                if reading is not None:
                    self._offer(each, reading)

    def _search(self, files: Sequence[SealedReadings], wanted: Iterable[int], *, start: int, end: int) -> None:
        keys = {key for file in files for key in file.file.keys(Section.CHUNKS).tolist()}
        there = keys.intersection(wanted)
        late = self._snapshot.late([each for each in there if each in self._late], start=start, end=end)
        for each in there:
            reading = laid_over(together(files, each), late.get(each, NO_READINGS)).last()
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


def _reading(slot: int, value: int, decimals: int, quality: int) -> Reading:
    return Reading(instant(slot), from_scaled(value, decimals=decimals), Quality(quality))
