"""A column of integers as bytes, and the small numbers that stand between columns.

    tag      1 byte    which of the codings below
    length   varint    of the payload in bytes
    payload

    0  constant: the one value, zigzag varint
    1  zlib: differences taken 0, 1 or 2 times (1 byte), width of a number in bytes (1 byte), deflated and shuffled
    2  pco of 32-bit integers
    3  pco of 64-bit integers

Differences wrap around in 64 bits, so every integer comes back. zlib is always readable and stands in where pco is not
installed, for a sixth more bytes. A varint has seven bits a byte, lowest first; zigzag makes small negatives small.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.errors import ArchiveDamagedError, ArchiveError

try:
    from pcodec import ChunkConfig, standalone
except ImportError:  # no wheel for this machine
    standalone = None

CONSTANT, ZLIB, PCO_32, PCO_64 = 0, 1, 2, 3
PCO_LEVEL = 8  # 12 takes four times as long for half a percent
ZLIB_LEVEL = 6
MOST_DIFFERENCES = 2
VARINT_BITS = 64
INT32 = np.iinfo(np.int32)

Ints = NDArray[np.int64]


def put_varint(out: bytearray, number: int) -> None:
    """Append a number that is not negative."""
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def put_varints(out: bytearray, numbers: Iterable[int]) -> None:
    for number in numbers:
        put_varint(out, number)


def zigzag(number: int) -> int:
    """0, -1, 1, -2 … as 0, 1, 2, 3 …"""
    return 2 * number if number >= 0 else -2 * number - 1


def from_zigzag(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


class Parts:
    """Takes bytes apart from the front. Raises ArchiveDamagedError where they end too early.

    `portable`: columns of pco are refused; no export has them, and nobody knows beforehand what they swell to.
    """

    def __init__(self, whole: bytes, at: int = 0, *, portable: bool = False) -> None:
        self._whole = whole
        self._at = at
        self._portable = portable

    def byte(self) -> int:
        at = self._at
        if at >= len(self._whole):
            raise ArchiveDamagedError("a chunk ends too early")
        self._at = at + 1
        return self._whole[at]

    def varint(self) -> int:
        number = self.byte()
        if number < 0x80:  # most are
            return number
        number, shift = number & 0x7F, 7
        while (byte := self.byte()) >= 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift >= VARINT_BITS:
                raise ArchiveDamagedError("a number of more than 64 bits")
        return number | byte << shift

    def varints(self, count: int) -> list[int]:
        return [self.varint() for _ in range(count)]

    def take(self, length: int) -> bytes:
        taken = self._whole[self._at : self._at + length]
        if len(taken) != length:
            raise ArchiveDamagedError("a chunk ends too early")
        self._at += length
        return taken

    def column(self, count: int) -> Ints:
        """The `count` integers that `put_column` wrote."""
        tag, payload = self.byte(), self.take(self.varint())
        if self._portable and tag in (PCO_32, PCO_64):
            raise ArchiveDamagedError(f"a column of the coding {tag}, which is not for others")
        column = _decoded(tag, payload, count)
        if len(column) != count:
            raise ArchiveDamagedError(f"a column of {len(column)} where {count} should be")
        return column


def put_column(out: bytearray, numbers: Ints, *, portable: bool = False) -> None:
    """Append integers, at least one; `portable` for those who may have no pco."""
    low, high = int(numbers.min()), int(numbers.max())
    if low == high:
        payload = bytearray()
        put_varint(payload, zigzag(low))
        tag = CONSTANT
    elif portable or standalone is None:
        tag, payload = ZLIB, bytearray(_deflated(numbers))
    else:
        fits = INT32.min <= low and high <= INT32.max
        narrow = np.ascontiguousarray(numbers, dtype=np.int32 if fits else np.int64)
        tag = PCO_32 if fits else PCO_64
        payload = bytearray(standalone.simple_compress(narrow, ChunkConfig(compression_level=PCO_LEVEL)))
    out.append(tag)
    put_varint(out, len(payload))
    out += payload


def _decoded(tag: int, payload: bytes, count: int) -> Ints:
    if tag == CONSTANT:
        return np.full(count, from_zigzag(Parts(payload).varint()), dtype=np.int64)
    if tag == ZLIB:
        return _inflated(payload, count)
    if tag not in (PCO_32, PCO_64):
        raise ArchiveDamagedError(f"a column of the unknown coding {tag}")
    if standalone is None:
        raise ArchiveError("its columns need the package pcodec, which is not installed here")
    try:
        column = standalone.simple_decompress(payload)
    except RuntimeError as error:
        raise ArchiveDamagedError(f"a column cannot be read: {error}") from error
    return np.empty(0, np.int64) if column is None else column.astype(np.int64)


def _deflated(numbers: Ints) -> bytes:
    taken, differences = min(_differences(numbers), key=lambda each: float(np.abs(each[1].astype(np.float64)).sum()))
    width = next(w for w in (1, 2, 4, 8) if _fits(differences, w))
    shuffled = differences.astype(f"<i{width}").view(np.uint8).reshape(-1, width).T.tobytes()
    return bytes([taken, width]) + zlib.compress(shuffled, ZLIB_LEVEL)


def _differences(numbers: Ints) -> list[tuple[int, Ints]]:
    found = [(0, numbers)]
    for taken in range(1, MOST_DIFFERENCES + 1):
        found.append((taken, np.diff(found[-1][1], prepend=np.int64(0))))
    return found


def _fits(numbers: Ints, width: int) -> bool:
    bounds = np.iinfo(f"<i{width}")
    return bool(bounds.min <= numbers.min() and numbers.max() <= bounds.max)


def inflated(deflated: bytes, size: int) -> bytes:
    """`size` bytes that were deflated; raises zlib.error where it is another number, before there are many more."""
    stream = zlib.decompressobj()
    found = stream.decompress(deflated, size + 1)
    if len(found) != size or not stream.eof:
        raise zlib.error(f"{len(found)} bytes or more where {size} should be")
    return found


def _inflated(payload: bytes, count: int) -> Ints:
    try:
        taken, width = payload[0], payload[1]
        planes = np.frombuffer(inflated(payload[2:], width * count), dtype=np.uint8).reshape(width, -1)
        column = np.ascontiguousarray(planes.T).view(f"<i{width}").reshape(-1).astype(np.int64)
    except (zlib.error, ValueError, IndexError, TypeError) as error:
        raise ArchiveDamagedError(f"a column cannot be read: {error}") from error
    for _ in range(taken):
        column = np.cumsum(column)
    return column
