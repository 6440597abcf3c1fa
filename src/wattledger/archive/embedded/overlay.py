"""Imports and corrections: single readings laid over what was recorded, until it is sealed with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.scaled import from_cells
from wattledger.archive.embedded.snapshot import LateRow
from wattledger.measure import Quality

ScaledPoint = tuple[int, int | None]  # slot in seconds, scaled integer; None deletes


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of imports may lie over the frames as single rows; what goes beyond is kept as chunks."""

    most_single: int  # of one import
    most_late: int  # rows in all


def backfill(writing: Writing, series: int, points: Sequence[ScaledPoint], *, decimals: int, bounds: Bounds) -> int:
    """Add readings where there is none and nobody deleted one; of two for one slot the first. Gives the number."""
    if series in writing.memory.forgotten:
        return 0
    wanted = dict(reversed(points))
    fresh = sorted(wanted.keys() - taken_slots(writing, series, wanted))
    if len(fresh) > bounds.most_single or (fresh and writing.memory.late_count + len(fresh) > bounds.most_late):
        writing.stage(series, from_cells((slot, wanted[slot] or 0, decimals, Quality.LATE) for slot in fresh))
        return len(fresh)
    return _write(writing, series, [LateRow(slot, wanted[slot], decimals, Quality.LATE) for slot in fresh])


def correct(writing: Writing, series: int, points: Sequence[ScaledPoint], *, decimals: int) -> int:
    """Lay readings and deletions over whatever is there; of two for one slot the last. Gives the number changed."""
    if series in writing.memory.forgotten:
        return 0
    wanted = dict(points)
    return lay(writing, series, [LateRow(slot, wanted[slot], decimals, Quality.CORRECTED) for slot in sorted(wanted)])


def lay(writing: Writing, series: int, rows: Sequence[LateRow]) -> int:
    """Lay over what is there those of `rows` that change it; gives their number."""
    slots = [row.slot for row in rows]
    settled = writing.snapshot.settled_at(series, slots)
    recorded = writing.snapshot.recorded_slots(series, slots)

    def changes(row: LateRow) -> bool:
        known = settled.get(row.slot)
        if row.value is not None:
            return row != known
        return row.slot in recorded if known is None else known.value is not None

    return _write(writing, series, [row for row in rows if changes(row)])


def taken_slots(writing: Writing, series: int, slots: Collection[int]) -> set[int]:
    """Those of `slots` at which there is a reading, or was one that a person deleted."""
    snapshot = writing.snapshot
    return snapshot.recorded_slots(series, slots) | snapshot.settled_at(series, slots).keys()


def _write(writing: Writing, series: int, rows: Sequence[LateRow]) -> int:
    writing.connection.executemany(
        "INSERT OR REPLACE INTO late (series, slot, value, decimals, quality) VALUES (?, ?, ?, ?, ?)",
        [(series, row.slot, row.value, row.decimals, row.quality) for row in rows],
    )
    writing.note_late(series, [row.slot for row in rows])
    return len(rows)
