"""The blob of one frame: which values there are, the values, and how good they are.

    tag        1 byte    1: raw deflate
    CRC-32     4 bytes   of what follows, little endian
    deflated:
      presence   one bit per series of the layout, lowest first
      values     of the present ones, zigzag, 8 bytes each, shuffled: all lowest bytes first
      qualities  one byte per present one; left out when all are good

Shuffled, the bytes that small numbers leave zero lie together and deflate to almost nothing; zigzag (0, -1, 1, -2 … as
0, 1, 2, 3 …) makes them zero for negative numbers too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattledger.measure import Quality

DEFLATED = 1
HEAD = struct.Struct("<BI")
LEVEL = 1  # higher levels cost more time than they save bytes on a frame
RAW = -15  # no zlib header and check sum: the CRC is ours


@dataclass(frozen=True, slots=True)
class Block:
    """Frames of one layout: a row per frame, a column per series. Where nothing is `present`, the rest is zero."""

    present: NDArray[np.bool_]
    values: NDArray[np.int64]
    qualities: NDArray[np.uint8]
    damaged: tuple[int, ...]  # rows whose blob cannot be read; nothing is present there


def encode_frame(values: Sequence[int | None], qualities: Sequence[int] | None) -> bytes:
    """The blob of a frame; `qualities` runs parallel to `values`, None means all good."""
    given, presence = values, (1 << len(values)) - 1
    if None in values:
        given = [value for value in values if value is not None]
        presence = sum(1 << at for at, value in enumerate(values) if value is not None)
    numbers = np.array(given, dtype="<i8")
    zigzag = (numbers << 1) ^ (numbers >> 63)
    body = presence.to_bytes(_mask_size(len(values)), "little") + zigzag.view(np.uint8).reshape(-1, 8).T.tobytes()
    if qualities is not None and any(quality != Quality.GOOD for quality in qualities):
        body += bytes(quality for quality, value in zip(qualities, values, strict=True) if value is not None)
    deflated = zlib.compress(body, LEVEL, RAW)
    return HEAD.pack(DEFLATED, zlib.crc32(deflated)) + deflated


def decode_frames(blobs: Sequence[bytes], *, width: int) -> Block:
    """The frames of one layout of `width` series. Damage is told, never raised: one bad frame hides no good one."""
    bodies = [_body(blob, width=width) for blob in blobs]
    present = np.zeros((len(blobs), width), dtype=np.bool_)
    values = np.zeros((len(blobs), width), dtype=np.int64)
    qualities = np.zeros((len(blobs), width), dtype=np.uint8)
    for rows, mask in _alike(bodies, width=width):
        joined = np.frombuffer(b"".join(bodies[row] for row in rows), dtype=np.uint8).reshape(len(rows), -1)
        columns = np.flatnonzero(mask)
        cells = np.ix_(np.array(rows), columns)
        start, end = _mask_size(width), _mask_size(width) + 8 * len(columns)
        present[cells] = True
        values[cells] = _unshuffled(joined[:, start:end], count=len(columns))
        if joined.shape[1] > end:
            qualities[cells] = joined[:, end:]
    return Block(present, values, qualities, tuple(row for row, body in enumerate(bodies) if not body))


def _unshuffled(shuffled: NDArray[np.uint8], *, count: int) -> NDArray[np.int64]:
    planes = shuffled.reshape(len(shuffled), 8, count).transpose(0, 2, 1)
    zigzag = np.ascontiguousarray(planes).view("<u8").reshape(len(shuffled), count)
    return (zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64)


def _alike(bodies: Sequence[bytes], *, width: int) -> list[tuple[list[int], NDArray[np.bool_]]]:
    """The rows that can be decoded in one go, since the same values are present in them, with their presence."""
    rows_of: dict[tuple[bytes, int], list[int]] = {}
    for row, body in enumerate(bodies):
        if body:
            rows_of.setdefault((body[: _mask_size(width)], len(body)), []).append(row)
    return [
        (rows, np.unpackbits(np.frombuffer(mask, dtype=np.uint8), bitorder="little", count=width).astype(np.bool_))
        for (mask, _), rows in rows_of.items()
    ]


def _body(blob: bytes, *, width: int) -> bytes:
    """What was deflated, or nothing when the blob is damaged or of another width."""
    if len(blob) < HEAD.size:
        return b""
    tag, crc = HEAD.unpack_from(blob)
    deflated = blob[HEAD.size :]
    if tag != DEFLATED or zlib.crc32(deflated) != crc:
        return b""
    try:
        body = zlib.decompress(deflated, RAW)
    except zlib.error:
        return b""
    presence = int.from_bytes(body[: _mask_size(width)], "little")
    count = presence.bit_count()
    sound = presence >> width == 0 and len(body) - _mask_size(width) in (8 * count, 9 * count)
    return body if sound else b""


def _mask_size(width: int) -> int:
    return (width + 7) // 8
