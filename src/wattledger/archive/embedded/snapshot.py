"""Reading within one transaction: what is staged and sealed, the frames over it, over them single late readings."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.codec import Block, decode_frames
from wattledger.archive.embedded.frames import Row, rows_at, rows_between
from wattledger.archive.embedded.layouts import Layout, LayoutBook
from wattledger.archive.embedded.scaled import DELETED, NO_READINGS, Scaled, from_cells, joined, laid_over, scaled_of
from wattledger.archive.embedded.schema import DAY_S, day_table
from wattledger.archive.embedded.segments import SealedSet
from wattledger.archive.embedded.staging import staged
from wattledger.archive.validation import instant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LateRow:
    """What lies over the frames at one slot; value None: deleted."""

    slot: int
    value: int | None
    decimals: int
    quality: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The archive as the open transaction of `connection` sees it."""

    connection: sqlite3.Connection
    book: LayoutBook
    days: Sequence[int]  # that have frames, in order
    sealed: SealedSet
    forgotten: Collection[int] = frozenset()  # series that are to be gone

    def readings(self, series: Iterable[int], *, start: int, end: int) -> dict[int, Scaled]:
        """Readings and deletions of each series with start <= slot < end. Raises SealedGoneError."""
        wanted = [each for each in dict.fromkeys(series) if each not in self.forgotten]
        layers = (
            staged(self.connection, wanted, start=start, end=end),
            self.sealed.readings(wanted, start=start, end=end),
            self.framed(wanted, start=start, end=end),
            self.late(wanted, start=start, end=end),
        )
        return {each: reduce(laid_over, [layer.get(each, NO_READINGS) for layer in layers]) for each in wanted}

    def framed(self, series: Iterable[int], *, start: int, end: int) -> dict[int, Scaled]:
        """What the frames have of each series; a series without any is absent."""
        layouts = {layout: self.book[layout] for each in series for layout in self.book.of_series(each)}
        wanted = set(series)
        parts: dict[int, list[Scaled]] = {}
        for day in self.days:
            if not layouts or not start // DAY_S <= day <= end // DAY_S:
                continue
            rows = rows_between(self.connection, day, layouts, start=start, end=end)
            for number, (of_layout, block) in self.decoded(rows, day=day).items():
                for each, part in columns_of_frames(layouts[number], of_layout, block, wanted=wanted).items():
                    parts.setdefault(each, []).append(part)
        return {each: joined(columns) for each, columns in parts.items()}

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

    def settled_at(self, series: int, slots: Collection[int]) -> dict[int, LateRow]:
        """What is staged or sealed at these slots or lies over the frames there."""
        if not slots:
            return {}
        start, end = min(slots), max(slots) + 1
        layers = (
            staged(self.connection, [series], start=start, end=end),
            self.sealed.readings([series], start=start, end=end),
            self.late([series], start=start, end=end),
        )
        return {
            slot: row
            for layer in layers
            for row in late_rows_of(layer.get(series, NO_READINGS))
            if (slot := row.slot) in slots
        }

    def late(self, series: Iterable[int], *, start: int, end: int) -> dict[int, Scaled]:
        """What lies over the frames; a series without any is absent."""
        rows = self.connection.execute(
            "SELECT late.series, late.slot, late.value, late.decimals, late.quality FROM json_each(?) AS asked"
            " CROSS JOIN late ON late.series = asked.value WHERE late.slot >= ? AND late.slot < ?"
            " ORDER BY late.series, late.slot",
            (json.dumps([*series]), start, end),
        )
        cells: dict[int, list[tuple[int, int, int, int]]] = {}
        for each, slot, value, decimals, quality in rows:
            cell = (slot, 0, decimals, DELETED) if value is None else (slot, value, decimals, quality)
            cells.setdefault(each, []).append(cell)
        return {each: from_cells(of_series) for each, of_series in cells.items()}

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


def columns_of_frames(
    layout: Layout, rows: Sequence[Row], block: Block, *, wanted: Collection[int]
) -> dict[int, Scaled]:
    """What the frames of one layout have of each of `wanted` that stands in it."""
    slots = np.array([row[0] for row in rows], dtype=np.int64)
    offsets_ms = np.array([row[2] for row in rows], dtype=np.int32)
    found = {}
    for column, (each, decimals) in enumerate(zip(layout.series, layout.decimals, strict=True)):
        if each in wanted:
            present: NDArray[np.bool_] = block.present[:, column]
            found[each] = scaled_of(
                slots[present],
                block.values[present, column],
                decimals=decimals,
                qualities=block.qualities[present, column],
                offsets_ms=offsets_ms[present],
            )
    return found


def late_rows_of(readings: Scaled) -> Iterable[LateRow]:
    """Readings and deletions one by one."""
    cells = zip(
        readings.slots.tolist(),
        readings.values.tolist(),
        readings.decimals.tolist(),
        readings.qualities.tolist(),
        strict=True,
    )
    for slot, value, decimals, quality in cells:
        yield LateRow(slot, None if quality == DELETED else value, decimals, quality)
