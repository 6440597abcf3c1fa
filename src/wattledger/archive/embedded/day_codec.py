"""Rows of local days as bytes: made so that those of a hundred series over a year are decoded in one go.

    format   1 byte    2
    CRC-32   4 bytes   of what follows, little endian
    deflated:
      count     4 bytes, of rows
      kind      1 byte: whether sums are exact integers (0) or floats (1)
      widths    1 byte per column: 0, 1, 2, 4 or 8
      lowest    8 bytes per column: what is added to each of its numbers
      columns   one behind the other, a number of so many bytes per row, little endian; none where the width is 0

The columns: series (its differences; only in the file of a day, where the rows of all are one blob), decimals, first
slot less a day for each row of the series before, last slot - first slot, readings, lowest value (its differences),
highest - lowest, highest - last, first - lowest, sum less what the middle of lowest and highest would come to, doubt.
All of it wraps around in 64 bits. To inflate all columns at once takes a third of the time of a coding for each.

Format 1, which earlier releases wrote, has a coded column each (`columns`) behind a varint of the count and the kind:
series as above, decimals, first slot (its differences), last slot - first slot, readings, first value, last - first,
first - lowest, highest - last, sum less what a straight line from first to last would have, doubt.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.columns import Ints, Parts
from wattledger.archive.embedded.days import NO_ROWS, DayRows, rows_joined
from wattledger.archive.embedded.integers import among
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.errors import ArchiveDamagedError

FIRST_FORMAT, FORMAT = 1, 2
HEAD = struct.Struct("<BI")
COUNT = struct.Struct("<IB")
COLUMNS = 10  # but for the series
BEYOND, RISES = 1, 4  # of them: those that are counted from the row before
LEVEL = 3  # 6 takes longer and saves two percent
SHARED_LEVEL = 0  # stored: a month of days is looked through for some series, and inflating would be most of the work
RAW = -15  # no zlib header and check sum: the CRC is ours
WIDTHS = (0, 1, 2, 4, 8)
MOST_EXACT = 2.0**62  # a sum beyond is kept as the float that it is
EXACT, ROUNDED = 0, 1

Words = NDArray[np.uint64]


def encode_rows(rows: DayRows, *, shared: bool) -> bytes:
    """The blob of at least one row; `shared` where the rows are of several series."""
    exact = bool((np.abs(rows.sums) < MOST_EXACT).all())
    sums = rows.sums.astype(np.int64) - _middle(rows.counts, rows.lows, rows.highs) if exact else rows.sums
    columns = (
        *([_differences(rows.series)] if shared else []),
        rows.decimals,
        rows.first_slots - DAY_S * _places(len(rows), _beginnings(rows.series)),
        rows.last_slots - rows.first_slots,
        rows.counts,
        _differences(rows.lows),
        rows.highs - rows.lows,
        rows.highs - rows.lasts,
        rows.firsts - rows.lows,
        sums.view(np.int64),
        rows.doubts,
    )
    lowest = np.array([column.min() for column in columns], dtype="<i8")
    above = [column.view(np.uint64) - low for column, low in zip(columns, lowest.view(np.uint64), strict=True)]
    widths = [_width(column) for column in above]
    body = b"".join(
        (
            COUNT.pack(len(rows), EXACT if exact else ROUNDED),
            bytes(widths),
            lowest.tobytes(),
            *(column.astype(f"<u{width}").tobytes() for column, width in zip(above, widths, strict=True) if width),
        )
    )
    deflated = zlib.compress(body, SHARED_LEVEL if shared else LEVEL, RAW)
    return HEAD.pack(FORMAT, zlib.crc32(deflated)) + deflated


def decode_rows(blob: bytes, *, series: int | None) -> DayRows:
    """The rows of a blob; `series` None: of several. Raises ArchiveDamagedError."""
    part = Packed.of(blob, series=series)
    if series is not None:
        return unpacked([part])
    return _of_first_format(part.body, series=None) if part.format == FIRST_FORMAT else _shared(part.body, wanted=None)


@dataclass(frozen=True, slots=True)
class Packed:
    """A blob that is sound, on its way to rows."""

    format: int
    body: bytes  # inflated where it was deflated
    series: int | None  # None: of several, which are in it

    @classmethod
    def of(cls, blob: bytes, *, series: int | None) -> Packed:
        """Raises ArchiveDamagedError."""
        if len(blob) < HEAD.size:
            raise ArchiveDamagedError("rows of days end too early")
        number, crc = HEAD.unpack_from(blob)
        body = blob[HEAD.size :]
        if number not in (FIRST_FORMAT, FORMAT) or zlib.crc32(body) != crc:
            raise ArchiveDamagedError("rows of days cannot be read: their check sum is wrong")
        if number == FORMAT:
            try:
                body = zlib.decompress(body, RAW)
                whole = _size(body, COLUMNS + (series is None))
            except (zlib.error, struct.error) as error:
                raise ArchiveDamagedError(f"rows of days cannot be read: {error}") from error
            if len(body) != whole:
                raise ArchiveDamagedError(f"rows of days of {len(body)} bytes where {whole} should be")
        return cls(number, body, series)


def unpacked(parts: Sequence[Packed]) -> DayRows:
    """The rows of parts of a series each, by series and time. Raises ArchiveDamagedError."""
    first = [_of_first_format(part.body, series=part.series) for part in parts if part.format == FIRST_FORMAT]
    own = [part for part in parts if part.format == FORMAT]
    return rows_joined([*first, _of_one_each(own) if own else NO_ROWS])


def picked(part: Packed, wanted: Ints) -> DayRows:
    """The rows that a part of several series has of those wanted (rising). Raises ArchiveDamagedError."""
    if part.format == FORMAT:
        return _shared(part.body, wanted=wanted)
    rows = _of_first_format(part.body, series=None)
    return rows.only(among(rows.series, wanted))


def _of_one_each(parts: Sequence[Packed]) -> DayRows:
    """The rows of parts of a series each."""
    heads = [COUNT.unpack_from(part.body) for part in parts]
    counts = np.array([count for count, _ in heads])
    lowest = np.array([np.frombuffer(part.body, "<i8", COLUMNS, COUNT.size + COLUMNS) for part in parts])
    found = [_numbers(part.body, count, COLUMNS) for part, (count, _) in zip(parts, heads, strict=True)]
    columns = [
        np.concatenate(column, dtype=np.uint64).view(np.int64) + np.repeat(low, counts)
        for column, low in zip(zip(*found, strict=True), lowest.T, strict=True)
    ]
    series = np.repeat(np.array([part.series for part in parts], dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    lows = np.cumsum(columns[RISES])
    columns[RISES] = lows - np.repeat(lows[starts] - columns[RISES][starts], counts)
    columns[BEYOND] += DAY_S * _places(len(series), starts)
    return _rows(series, columns, rounded=np.repeat(np.array([kind == ROUNDED for _, kind in heads]), counts))


def _shared(body: bytes, *, wanted: Ints | None) -> DayRows:
    """The rows of a part of several series, of all or of those wanted."""
    count, kind = COUNT.unpack_from(body)
    width = COLUMNS + 1
    lowest = np.frombuffer(body, "<i8", width, COUNT.size + width)
    steps, *numbers = _numbers(body, count, width)
    series = np.cumsum(_wide(steps, lowest[0]))
    there = slice(None) if wanted is None else np.flatnonzero(among(series, wanted))
    columns = [_wide(column[there], low) for column, low in zip(numbers, lowest[1:], strict=True)]
    columns[RISES] = np.cumsum(_wide(numbers[RISES], lowest[1 + RISES]))[there]
    columns[BEYOND] += DAY_S * _places(count, _beginnings(series))[there]
    return _rows(series[there], columns, rounded=np.full(len(columns[0]), kind == ROUNDED))


def _wide(numbers: NDArray[np.unsignedinteger], low: np.int64) -> Ints:
    wide: Ints = numbers.astype(np.uint64).view(np.int64) + low
    return wide


def _rows(series: Ints, columns: Sequence[Ints], *, rounded: NDArray[np.bool_]) -> DayRows:
    decimals, first_slots, lengths, readings, lows, spans, below, above, sums, doubts = columns
    highs = lows + spans
    exact = np.where(rounded, sums, sums + _middle(readings, lows, highs))
    return DayRows(
        series,
        decimals,
        first_slots,
        first_slots + lengths,
        readings,
        lows + above,
        highs - below,
        lows,
        highs,
        np.where(rounded, exact.view(np.float64), exact.astype(np.float64)),
        doubts,
    )


def _numbers(body: bytes, count: int, width: int) -> list[NDArray[np.unsignedinteger]]:
    """The columns of a body as they stand there."""
    found, at = [], COUNT.size + 9 * width
    for size in body[COUNT.size : COUNT.size + width]:
        found.append(np.frombuffer(body, f"<u{size}", count, at) if size else np.zeros(count, np.uint8))
        at += size * count
    return found


def _size(body: bytes, width: int) -> int:
    """How many bytes a body is to have by what it says at its beginning."""
    count, _ = COUNT.unpack_from(body)
    return COUNT.size + 9 * width + int(count) * sum(body[COUNT.size : COUNT.size + width])


def _width(numbers: Words) -> int:
    """The bytes in which each of the numbers fits."""
    highest = int(numbers.max())
    return next(width for width in WIDTHS if highest < 1 << 8 * width)


def _differences(numbers: Ints) -> Ints:
    return np.diff(numbers, prepend=np.int64(0))


def _middle(counts: Ints, lows: Ints, highs: Ints) -> Ints:
    """The sums that readings in the middle of lowest and highest would have."""
    middle: Ints = counts * (lows // 2 + highs // 2)
    return middle


def _beginnings(series: Ints) -> NDArray[np.intp]:
    """Where the rows of each series begin."""
    return np.flatnonzero(np.concatenate(([True], series[1:] != series[:-1])))


def _places(count: int, beginnings: NDArray[np.intp]) -> Ints:
    """How many rows of its series stand before each row."""
    lengths = np.diff(beginnings, append=count)
    return np.arange(count) - np.repeat(beginnings, lengths)


def _of_first_format(body: bytes, *, series: int | None) -> DayRows:
    parts = Parts(body)
    count, kind = parts.varint(), parts.byte()
    of_series = np.full(count, series, dtype=np.int64) if series is not None else parts.column(count)
    decimals, steps, lengths, counts, firsts, rise, below, above, sums, doubts = (
        parts.column(count) for _ in range(COLUMNS)
    )
    first_slots, lasts = np.cumsum(steps), firsts + rise
    line = counts * (firsts // 2 + lasts // 2)
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
