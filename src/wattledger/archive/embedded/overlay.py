"""Imports and corrections: single readings laid over what was recorded, until it is sealed with them."""

from __future__ import annotations

from collections.abc import Sequence

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.scaled import from_cells
from wattledger.archive.embedded.snapshot import LateRow
from wattledger.measure import Quality

ScaledPoint = tuple[int, int | None]  # slot in seconds, scaled integer; None deletes


def backfill(writing: Writing, series: int, points: Sequence[ScaledPoint], *, decimals: int, most_single: int) -> int:
    """Add readings where there is none and nobody deleted one; of two for one slot the first. Gives the number.

    Up to `most_single` lie over the frames one by one, more are kept as chunks.
    """
    if series in writing.memory.forgotten:
        return 0
    wanted = dict(reversed(points))
    snapshot = writing.snapshot
    taken = snapshot.recorded_slots(series, wanted) | snapshot.settled_at(series, wanted).keys()
    fresh = sorted(wanted.keys() - taken)
    if len(fresh) > most_single:
        writing.stage(series, from_cells((slot, wanted[slot] or 0, decimals, Quality.LATE) for slot in fresh))
        return len(fresh)
    return _write(writing, series, [LateRow(slot, wanted[slot], decimals, Quality.LATE) for slot in fresh])


def correct(writing: Writing, series: int, points: Sequence[ScaledPoint], *, decimals: int) -> int:
    """Lay readings and deletions over whatever is there; of two for one slot the last. Gives the number changed."""
    if series in writing.memory.forgotten:
        return 0
    wanted = dict(points)
    settled = writing.snapshot.settled_at(series, wanted)
    recorded = writing.snapshot.recorded_slots(series, wanted)
    rows = []
    for slot in sorted(wanted):
        row = LateRow(slot, wanted[slot], decimals, Quality.CORRECTED)
        has_reading = settled[slot].value is not None if slot in settled else slot in recorded
        if has_reading if row.value is None else row != settled.get(slot):
            rows.append(row)
    return _write(writing, series, rows)


def _write(writing: Writing, series: int, rows: Sequence[LateRow]) -> int:
    writing.connection.executemany(
        "INSERT OR REPLACE INTO late (series, slot, value, decimals, quality) VALUES (?, ?, ?, ?, ?)",
        [(series, row.slot, row.value, row.decimals, row.quality) for row in rows],
    )
    writing.note_late(series, [row.slot for row in rows])
    return len(rows)
