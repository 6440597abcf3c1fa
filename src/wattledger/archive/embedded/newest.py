"""The newest reading that the sealed files have of each series, listed in the file that was written last.

A meter that fell silent years ago is asked for like all others, and was looked for in every file. The list is true of
all files that were there when it was written, so that of the highest generation is true of all; only what went out of
the archive since is to be left out, as nothing comes into it without a new file. As a blob:

    format   1 byte    1
    CRC-32   4 bytes   of what follows, little endian
    count    varint    of series; then a column each (`columns`):
    series (its differences), slot, value, decimals, quality
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping

import numpy as np

from wattledger.archive.embedded.columns import Parts, put_column, put_varint
from wattledger.archive.embedded.periods import Period
from wattledger.archive.embedded.scaled import DELETED, Cell, Scaled
from wattledger.archive.errors import ArchiveDamagedError

FORMAT = 1
HEAD = struct.Struct("<BI")

Newest = Mapping[
    int, Cell
]  # by series; of quality DELETED: nothing later is there, and the reading is to be looked for


def newest_cell(readings: Scaled) -> Cell | None:
    """The newest of the readings; None where there is none."""
    at = readings.last_at()
    if at is None:
        return None
    columns = (readings.slots, readings.values, readings.decimals, readings.qualities)
    slot, value, decimals, quality = (int(column[at]) for column in columns)
    return slot, value, decimals, quality


def merged(known: Newest, own: Newest, *, period: Period | None, forgotten: Collection[int]) -> Newest:
    """The list once a file of `period`, which has `own`, takes the place of what was there of it; None: no readings go.

    What was the newest of a series and is not in the file was deleted, or stands in another file over which this one
    lies: what is the newest then has to be looked for.
    """
    found = {series: cell for series, cell in known.items() if series not in forgotten}
    start, end = (0, 0) if period is None else (period.start, period.end)
    for series, (slot, *_) in found.items():
        if start <= slot < end:
            found[series] = (slot, 0, 0, DELETED)
    for series, cell in own.items():
        if series not in found or cell[0] >= found[series][0]:
            found[series] = cell
    return found


def encode_newest(newest: Newest) -> bytes:
    """The blob of at least one series."""
    body = bytearray()
    put_varint(body, len(newest))
    rows = np.array([(series, *newest[series]) for series in sorted(newest)], dtype=np.int64)
    put_column(body, np.diff(rows[:, 0], prepend=np.int64(0)))
    for number in range(1, rows.shape[1]):
        put_column(body, rows[:, number])
    return HEAD.pack(FORMAT, zlib.crc32(body)) + bytes(body)


def decode_newest(blob: bytes) -> Newest:
    """What a blob lists. Raises ArchiveDamagedError."""
    if len(blob) < HEAD.size or HEAD.unpack_from(blob) != (FORMAT, zlib.crc32(memoryview(blob)[HEAD.size :])):
        raise ArchiveDamagedError("the list of the newest readings cannot be read: its check sum is wrong")
    parts = Parts(blob, HEAD.size)
    count = parts.varint()
    steps, *columns = (parts.column(count) for _ in range(5))
    cells = zip(*(column.tolist() for column in columns), strict=True)
    return dict(zip(np.cumsum(steps).tolist(), cells, strict=True))
