"""Rows of local days: what a day's readings come to, so that a year is drawn without reading it.

A row covers the readings of one local day that lie in one sealed file and share their decimals. Where a day lies in two
files, as most do in the file of a UTC day, its rows add up to the day. In the file of a day the rows of all series are
one blob; in that of a year each series has its own. As a blob:

    format   1 byte    1
    CRC-32   4 bytes   of what follows, little endian
    count    varint    of rows; then a column each:
    series (in the file of a day only), decimals, first slot (its differences), last slot - first slot, readings,
    first value, last - first, first - lowest, highest - last, sum less what a straight line would have, doubt

Counters only grow, so that two of the columns are 0 and all but two of them small.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.columns import Ints, Parts, put_column, put_varint
from wattledger.archive.embedded.scaled import Scaled
from wattledger.archive.errors import ArchiveDamagedError
from wattledger.archive.validation import instant
from wattledger.measure import Quality, day_start, local_days

FORMAT = 1
HEAD = struct.Struct("<BI")
MOST_EXACT = 2.0**62  # a sum beyond is kept as the float that it is
EXACT, ROUNDED = 0, 1

# from the least to the most doubtful; the quality of several readings is that of the most doubtful
BY_DOUBT = np.array(
    [Quality.GOOD, Quality.LATE, Quality.CORRECTED, Quality.RESET, Quality.ESTIMATED, Quality.UNCERTAIN], dtype=np.uint8
)
DOUBTS = np.argsort(BY_DOUBT)  # by quality


@dataclass(frozen=True, slots=True)
class DayRows:
    """Columns of equal length, one entry per row; values are scaled integers."""

    series: Ints
    decimals: Ints
    first_slots: Ints
    last_slots: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    lows: Ints
    highs: Ints
    sums: NDArray[np.float64]
    doubts: Ints

    def __len__(self) -> int:
        return len(self.series)

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> DayRows:
        return DayRows(*(getattr(self, column.name)[which] for column in fields(self)))


NO_INTS: Ints = np.empty(0, np.int64)
NO_ROWS = DayRows(
    NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, np.empty(0, np.float64), NO_INTS
)


def midnights(start: int, end: int, *, zone: ZoneInfo) -> Ints:
    """The beginnings (seconds) of the local days that have an instant in [start, end)."""
    days = local_days(instant(start), instant(end), zone=zone)
    return np.array([int(day_start(day, zone=zone).timestamp()) for day in days], dtype=np.int64)


def rows_of(series: int, readings: Scaled, bounds: Ints) -> DayRows:
    """The rows of one series' readings, cut at `bounds`."""
    shown = readings.shown()
    if not len(shown):
        return NO_ROWS
    keys = np.searchsorted(bounds, shown.slots, side="right") * 64 + shown.decimals
    if (keys[1:] < keys[:-1]).any():  # decimals that alternate within a day
        order = np.argsort(keys, kind="stable")
        shown, keys = shown.picked(order), keys[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    last = np.concatenate((first[1:], [len(keys)])) - 1
    return DayRows(
        np.full(len(first), series, dtype=np.int64),
        shown.decimals[first].astype(np.int64),
        shown.slots[first],
        shown.slots[last],
        last - first + 1,
        shown.values[first],
        shown.values[last],
        np.minimum.reduceat(shown.values, first),
        np.maximum.reduceat(shown.values, first),
        np.add.reduceat(shown.values.astype(np.float64), first),
        np.maximum.reduceat(DOUBTS[shown.qualities], first),
    )


def rows_joined(parts: Sequence[DayRows]) -> DayRows:
    """The rows of all parts, by series and time."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_ROWS
    whole = DayRows(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(DayRows)))
    return whole.picked(np.lexsort((whole.first_slots, whole.series)))


def encode_rows(rows: DayRows, *, shared: bool) -> bytes:
    """The blob of at least one row; `shared` where the rows are of several series."""
    body = bytearray()
    put_varint(body, len(rows))
    line = _line(rows.counts, rows.firsts, rows.lasts)
    exact = bool((np.abs(rows.sums) < MOST_EXACT).all())
    body.append(EXACT if exact else ROUNDED)
    for column in (
        *([rows.series] if shared else []),
        rows.decimals,
        np.diff(rows.first_slots, prepend=np.int64(0)),
        rows.last_slots - rows.first_slots,
        rows.counts,
        rows.firsts,
        rows.lasts - rows.firsts,
        rows.firsts - rows.lows,
        rows.highs - rows.lasts,
        rows.sums.astype(np.int64) - line if exact else rows.sums.view(np.int64),
        rows.doubts,
    ):
        put_column(body, column)
    return HEAD.pack(FORMAT, zlib.crc32(body)) + bytes(body)


def decode_rows(blob: bytes, *, series: int | None) -> DayRows:
    """The rows of a blob; `series` None: of several. Raises ArchiveDamagedError."""
    if len(blob) < HEAD.size or HEAD.unpack_from(blob) != (FORMAT, zlib.crc32(memoryview(blob)[HEAD.size :])):
        raise ArchiveDamagedError("rows of days cannot be read: their check sum is wrong")
    parts = Parts(blob, HEAD.size)
    count, kind = parts.varint(), parts.byte()
    of_series = np.full(count, series, dtype=np.int64) if series is not None else parts.column(count)
    decimals, steps, lengths, counts, firsts, rise, below, above, sums, doubts = (
        parts.column(count) for _ in range(10)
    )
    first_slots, lasts = np.cumsum(steps), firsts + rise
    line = _line(counts, firsts, lasts)
    return DayRows(
        of_series,
        decimals,
        first_slots,
        first_slots + lengths,
        counts,
        firsts,
        lasts,
        firsts - below,
        lasts + above,
        sums.view(np.float64) if kind == ROUNDED else (sums + line).astype(np.float64),
        doubts,
    )


def _line(counts: Ints, firsts: Ints, lasts: Ints) -> Ints:
    """The sums that a straight line from the first to the last value would have; wraps around in 64 bits."""
    line: Ints = counts * (firsts // 2 + lasts // 2)
    return line
