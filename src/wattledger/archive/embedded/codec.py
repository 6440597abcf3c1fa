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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wattledger.measure import Quality

DEFLATED = 1
HEAD = struct.Struct("<BI")
LEVEL = 1  # higher levels cost more time than they save bytes on a frame
RAW = -15  # no zlib header and check sum: the CRC is ours

Ints = NDArray[np.intp]
Number = TypeVar("Number", np.int64, np.uint8)


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
    bodies = [_body(blob, mask_bytes=_mask_size(width)) for blob in blobs]
    present = _presence(bodies, width=width)
    values = np.zeros((len(blobs), width), dtype=np.int64)
    qualities = np.zeros((len(blobs), width), dtype=np.uint8)
    counts, lengths = present.sum(axis=1), np.array([len(body) for body in bodies], dtype=np.intp)
    lengths -= _mask_size(width)
    sound = (lengths == 8 * counts) | (lengths == 9 * counts)
    present[~sound] = False
    for rows, count in _alike(counts, lengths, sound):
        joined = np.frombuffer(b"".join([bodies[row] for row in rows.tolist()]), dtype=np.uint8).reshape(len(rows), -1)
        cells = present[rows]
        start, end = _mask_size(width), _mask_size(width) + 8 * count
        values[rows] = _spread(_unshuffled(joined[:, start:end], count=count), cells)
        if joined.shape[1] > end:
            qualities[rows] = _spread(joined[:, end:], cells)
    return Block(present, values, qualities, tuple(np.flatnonzero(~sound).tolist()))


def _presence(bodies: Sequence[bytes], *, width: int) -> NDArray[np.bool_]:
    """Which values each body has; none where it is damaged or of another width."""
    size = _mask_size(width)
    masks = np.frombuffer(b"".join([body[:size] or bytes(size) for body in bodies]), dtype=np.uint8)
    bits = np.unpackbits(masks.reshape(len(bodies), size), axis=1, bitorder="little").astype(np.bool_)
    bits[bits[:, width:].any(axis=1)] = False
    return bits[:, :width]


def _alike(counts: Ints, lengths: Ints, sound: NDArray[np.bool_]) -> Iterator[tuple[Ints, int]]:
    """The rows that can be decoded in one go, since they have as many values and qualities, and how many values."""
    for length in sorted(set(lengths[sound].tolist())):
        for count in {length // 8, length // 9}:
            rows = np.flatnonzero(sound & (lengths == length) & (counts == count))
            if count and len(rows):
                yield rows, count


def _spread(dense: NDArray[Number], cells: NDArray[np.bool_]) -> NDArray[Number]:
    """What stands in the cells that are set, row by row; 0 elsewhere."""
    wide = np.zeros(cells.shape, dtype=dense.dtype)
    wide[cells] = dense.reshape(-1)
    return wide


def _unshuffled(shuffled: NDArray[np.uint8], *, count: int) -> NDArray[np.int64]:
    planes = shuffled.reshape(len(shuffled), 8, count).transpose(0, 2, 1)
    zigzag = np.ascontiguousarray(planes).view("<u8").reshape(len(shuffled), count)
    return (zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64)


def _body(blob: bytes, *, mask_bytes: int) -> bytes:
    """What was deflated, or nothing when the blob is damaged."""
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
    return body if len(body) >= mask_bytes else b""


def _mask_size(width: int) -> int:
    return (width + 7) // 8
