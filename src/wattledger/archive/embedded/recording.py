"""Recording frames: the first reading of a series and slot stands, in whatever frame it came.

The archive keeps at most one frame with a reading of a series for a slot. That is settled here, where the frame comes
in, against the few frames of its slot that share a series with it; reading then has nothing to choose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from wattledger.archive.embedded.codec import decode_frames, encode_frame
from wattledger.archive.embedded.frames import Row, rows_at
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.staging import staged
from wattledger.archive.interface import Frame
from wattledger.archive.validation import seconds
from wattledger.measure import Quality

Cell = tuple[int, int]  # value, quality


def record(writing: Writing, frames: Sequence[Frame]) -> int:
    """Store what is new in `frames`; gives the number of frames that brought a reading."""
    return sum(_record(writing, frame) for frame in frames)


def _record(writing: Writing, frame: Frame) -> bool:
    slot = seconds(frame.slot)
    rows = _rows_sharing(writing, frame.series, slot=slot)
    refused = _overlaid(writing, frame.series, slot=slot) | writing.memory.forgotten.intersection(frame.series)
    if rows or refused:
        return _add(writing, frame, rows, refused)
    if frame.values.count(None) == len(frame.values):
        return False
    layout = writing.layout(frame.series, frame.decimals, frame.step_s)
    writing.write_frame((slot, layout.id, _offset_ms(frame), encode_frame(frame.values, frame.qualities)))
    return True


def _add(writing: Writing, frame: Frame, rows: Sequence[Row], refused: set[int]) -> bool:
    """Store what neither stands in `rows`, the frames of its slot, nor is refused."""
    recorded = {row[1]: _cells(writing, row) for row in rows}
    taken = refused.union(*recorded.values())
    fresh = {each: cell for each, cell in _given(frame).items() if each not in taken}
    if not fresh:
        return False
    layout = writing.layout(frame.series, frame.decimals, frame.step_s)
    cells = recorded.get(layout.id, {}) | fresh
    offset_ms = next((row[2] for row in rows if row[1] == layout.id), _offset_ms(frame))
    writing.write_frame((seconds(frame.slot), layout.id, offset_ms, _blob(frame.series, cells)))
    return True


def _offset_ms(frame: Frame) -> int:
    return round(frame.offset_s * 1000)


def _given(frame: Frame) -> dict[int, Cell]:
    qualities = frame.qualities or (Quality.GOOD,) * len(frame.series)
    return {
        series: (value, quality)
        for series, value, quality in zip(frame.series, frame.values, qualities, strict=True)
        if value is not None
    }


def _rows_sharing(writing: Writing, series: tuple[int, ...], *, slot: int) -> list[Row]:
    """The frames of `slot` in which any of `series` stands."""
    sharing = writing.memory.book.sharing(series) & writing.layouts_at(slot)
    return rows_at(writing.connection, slot // DAY_S, sharing, slots=(slot,)) if sharing else []


def _cells(writing: Writing, row: Row) -> dict[int, Cell]:
    """What a stored frame holds, by series; nothing when it is damaged, so that good readings may take its place."""
    series = writing.memory.book[row[1]].series
    block = decode_frames([row[3]], width=len(series))
    columns = zip(series, block.present[0], block.values[0], block.qualities[0], strict=True)
    return {each: (int(value), int(quality)) for each, present, value, quality in columns if present}


def _overlaid(writing: Writing, series: tuple[int, ...], *, slot: int) -> set[int]:
    """Those of `series` that have something at `slot` that is sealed or lies over the frames, be it a deletion."""
    sealed = writing.memory.sealed.taken(series, slot=slot)
    if slot <= writing.memory.staged_until:
        sealed |= staged(writing.connection, series, start=slot, end=slot + 1).keys()
    if slot > writing.memory.late_until:
        return sealed
    rows = writing.connection.execute(
        "SELECT series FROM late WHERE series IN (SELECT value FROM json_each(?)) AND slot = ?",
        (json.dumps(series), slot),
    )
    return sealed.union(each for (each,) in rows)


def _blob(series: tuple[int, ...], cells: dict[int, Cell]) -> bytes:
    in_order = [cells.get(each) for each in series]
    return encode_frame(
        [None if cell is None else cell[0] for cell in in_order],
        [Quality.GOOD if cell is None else cell[1] for cell in in_order],
    )
