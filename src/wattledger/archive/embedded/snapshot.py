"""Reading within one transaction: frames, and over them what imports and people put there."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.codec import Block, decode_frames
from wattledger.archive.embedded.frames import Row, rows_at, rows_backwards, rows_between
from wattledger.archive.embedded.layouts import LayoutBook
from wattledger.archive.embedded.schema import DAY_S, day_table
from wattledger.archive.interface import Columns
from wattledger.archive.validation import instant
from wattledger.measure import Quality, Reading, from_scaled

log = logging.getLogger(__name__)

NOTHING = Columns(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class LateRow:
    """What lies over the frames at one slot; value None: deleted."""

    slot: int
    value: int | None
    decimals: int
    quality: int

    @property
    def reading(self) -> Reading | None:
        if self.value is None:
            return None
        value = from_scaled(self.value, decimals=self.decimals)
        return Reading(instant(self.slot), value, Quality(self.quality))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The archive as the open transaction of `connection` sees it."""

    connection: sqlite3.Connection
    book: LayoutBook
    days: Sequence[int]  # that have frames, in order

    def columns(self, series: Iterable[int], *, start: int, end: int) -> dict[int, Columns]:
        """The readings of each series with start <= slot < end."""
        wanted = dict.fromkeys(series)
        framed = self._framed(wanted, start=start, end=end)
        return {
            each: laid_over(framed.get(each, NOTHING), self.late_between(each, start=start, end=end)) for each in wanted
        }

    def latest(self, series: Iterable[int]) -> dict[int, Reading]:
        """The newest reading of each series that has one."""
        return _Latest(self, series).found()

    def recorded_slots(self, series: int, slots: Iterable[int]) -> set[int]:
        """Those of `slots` for which a frame has a reading of `series`."""
        by_day: dict[int, list[int]] = {}
        for slot in slots:
            by_day.setdefault(slot // DAY_S, []).append(slot)
        layouts = self.book.of_series(series)
        found: set[int] = set()
        for day in by_day.keys() & set(self.days):
            rows = rows_at(self.connection, day, layouts, slots=by_day[day])
            for layout, (of_layout, block) in self.decoded(rows, day=day).items():
                present = block.present[:, self.book[layout].series.index(series)]
                found.update(row[0] for row, there in zip(of_layout, present, strict=True) if there)
        return found

    def late_between(self, series: int, *, start: int, end: int) -> list[LateRow]:
        rows = self.connection.execute(
            "SELECT slot, value, decimals, quality FROM late WHERE series = ? AND slot >= ? AND slot < ? ORDER BY slot",
            (series, start, end),
        )
        return [LateRow(*row) for row in rows]

    def late_at(self, series: int, slot: int) -> LateRow | None:
        rows = self.late_between(series, start=slot, end=slot + 1)
        return rows[0] if rows else None

    def decoded(self, rows: Iterable[Row], *, day: int) -> dict[int, tuple[list[Row], Block]]:
        """The rows of each layout with what stands in them; a damaged frame counts as missing and is reported."""
        by_layout: dict[int, list[Row]] = {}
        for row in rows:
            by_layout.setdefault(row[1], []).append(row)
        result = {}
        for layout, of_layout in by_layout.items():
            block = decode_frames([row[3] for row in of_layout], width=len(self.book[layout].series))
            result[layout] = (of_layout, block)
            if block.damaged:
                first = instant(of_layout[block.damaged[0]][0])
                log.warning("%s: %d damaged frames of layout %d, the first at %s; their readings are missing",
                            day_table(day), len(block.damaged), layout, first)  # fmt: skip
        return result

    def _framed(self, series: Iterable[int], *, start: int, end: int) -> dict[int, Columns]:
        layouts = {layout: self.book[layout] for each in series for layout in self.book.of_series(each)}
        wanted = set(series)
        parts: dict[int, list[Columns]] = {}
        for day in self.days:
            if not layouts or not start // DAY_S <= day <= end // DAY_S:
                continue
            rows = rows_between(self.connection, day, layouts, start=start, end=end)
            for number, (of_layout, block) in self.decoded(rows, day=day).items():
                slots = np.array([row[0] for row in of_layout], dtype=np.int64)
                offsets_s = np.array([row[2] for row in of_layout], dtype=np.float32) / np.float32(1000)
                layout = layouts[number]
                for column, (each, decimals) in enumerate(zip(layout.series, layout.decimals, strict=True)):
                    if each in wanted:
                        part = _column(block, column, slots=slots, offsets_s=offsets_s, decimals=decimals)
                        parts.setdefault(each, []).append(part)
        return {each: joined(columns) for each, columns in parts.items()}


@dataclass(slots=True)
class _Latest:
    """The walk back through the days until every series has its newest reading."""

    snapshot: Snapshot
    series: Iterable[int]
    wanted: set[int] = field(init=False)
    overlaid: dict[int, int | None] = field(init=False)  # series with late rows → slot of the newest with a value
    readings: dict[int, Reading] = field(init=False, default_factory=dict)

    def found(self) -> dict[int, Reading]:
        self.wanted = set(self.series)
        self.overlaid = self._overlaid()
        for day in reversed(self.snapshot.days):
            end = (day + 1) * DAY_S
            self.wanted -= {each for each, slot in self.overlaid.items() if slot is not None and slot >= end}
            self._search(day)
            if not self.wanted:
                break
        return self.readings | self._newer_overlays()

    def _overlaid(self) -> dict[int, int | None]:
        rows = self.snapshot.connection.execute(
            "SELECT asked.value, (SELECT max(slot) FROM late WHERE series = asked.value AND value IS NOT NULL)"
            " FROM json_each(?) AS asked WHERE EXISTS (SELECT 1 FROM late WHERE series = asked.value)",
            (json.dumps(sorted(self.wanted)),),
        )
        return dict(rows.fetchall())

    def _search(self, day: int) -> None:
        book = self.snapshot.book
        layouts = {layout for each in self.wanted for layout in book.of_series(each)}
        for row in rows_backwards(self.snapshot.connection, day, layouts):
            layout = book[row[1]]
            if not self.wanted.isdisjoint(layout.series):
                self._take(row, day=day)
                if not self.wanted:
                    return

    def _take(self, row: Row, *, day: int) -> None:
        slot, number = row[:2]
        layout = self.snapshot.book[number]
        block = self.snapshot.decoded([row], day=day)[number][1]
        for column in np.flatnonzero(block.present[0]):
            each = layout.series[column]
            if each not in self.wanted:
                continue
            over = self.snapshot.late_at(each, slot) if each in self.overlaid else None
            if over is not None and over.value is None:
                continue  # deleted: an older one is the newest
            value = from_scaled(int(block.values[0, column]), decimals=layout.decimals[column])
            framed = Reading(instant(slot), value, Quality(int(block.qualities[0, column])))
            self.readings[each] = framed if over is None or over.reading is None else over.reading
            self.wanted.discard(each)

    def _newer_overlays(self) -> dict[int, Reading]:
        newer: dict[int, Reading] = {}
        for each, slot in self.overlaid.items():
            over = None if slot is None else self.snapshot.late_at(each, slot)
            reading = None if over is None else over.reading
            if reading is not None and (each not in self.readings or reading.slot > self.readings[each].slot):
                newer[each] = reading
        return newer


def laid_over(framed: Columns, late: Sequence[LateRow]) -> Columns:
    """`framed` with the late rows in the place of what they cover."""
    if not late:
        return framed
    covered = np.isin(framed.slots, np.array([row.slot for row in late], dtype=np.int64))
    readings = [(row.slot, row.value, row.decimals, row.quality) for row in late if row.value is not None]
    over = Columns(
        np.array([slot for slot, _, _, _ in readings], dtype=np.int64),
        np.array([from_scaled(value, decimals=decimals) for _, value, decimals, _ in readings], dtype=np.float64),
        np.array([quality for _, _, _, quality in readings], dtype=np.uint8),
        np.zeros(len(readings), dtype=np.float32),
    )
    return joined([_picked(framed, ~covered), over])


def joined(parts: Sequence[Columns]) -> Columns:
    """The parts as one, in slot order."""
    if len(parts) == 1:
        return parts[0]
    whole = Columns(
        np.concatenate([part.slots for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.qualities for part in parts]),
        np.concatenate([part.offsets_s for part in parts]),
    )
    return _picked(whole, np.argsort(whole.slots, kind="stable"))


def _column(
    block: Block, column: int, *, slots: NDArray[np.int64], offsets_s: NDArray[np.float32], decimals: int
) -> Columns:
    present = block.present[:, column]
    values = block.values[present, column] / 10.0**decimals
    return Columns(slots[present], values, block.qualities[present, column], offsets_s[present])


def _picked(columns: Columns, which: NDArray[np.bool_] | NDArray[np.intp]) -> Columns:
    return Columns(columns.slots[which], columns.values[which], columns.qualities[which], columns.offsets_s[which])
