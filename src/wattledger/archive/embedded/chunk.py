"""The blob of one series in a sealed file: its readings of a day or a month.

    format   1 byte    1
    CRC-32   4 bytes   of what follows, little endian
    count    varint    of segments; then each of them:

    decimals   zigzag varint
    count      varint, of readings
    start      varint, the first slot in seconds since 1970
    step       varint, the seconds between slots; 0: the differences follow as a column (odd zones, a changed interval)
    runs       for a step: their number, then how many slots are there, how many are missing, how many are there …
    values     a column
    qualities  varint, the length of deflated bytes, one per reading; 0: all good
    offsets    0: none known; 1: those of the frames of the layouts that follow; 2: a column of milliseconds

A segment has one number of decimals, as a scaled integer means nothing without it; an interval that changes needs no
segment of its own. How long after its slot a device was asked is kept once for all its series, in the blob of the
layout: as a chunk whose values are the offsets.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.columns import (
    Ints,
    Parts,
    from_zigzag,
    inflated,
    put_column,
    put_varint,
    put_varints,
    zigzag,
)
from wattledger.archive.embedded.integers import distinct
from wattledger.archive.embedded.scaled import DELETED, Scaled, joined
from wattledger.archive.errors import ArchiveDamagedError
from wattledger.measure import Quality

FORMAT = 1
HEAD = struct.Struct("<BI")
IRREGULAR = 0  # a step
NO_OFFSETS, OF_LAYOUTS, OWN_OFFSETS = 0, 1, 2
RUNS_A_READING = 1 / 32  # beyond, the differences as a column are smaller
FEW_RUNS = 4
ASKED_LATER = (Quality.LATE, Quality.CORRECTED, DELETED)  # what no frame brought has no offset

Offsets = Mapping[int, Scaled]  # by layout: the offsets of its frames, in ms, as values


def encode_chunk(
    readings: Scaled, *, layouts: Sequence[int] = (), offsets: Offsets | None = None, portable: bool = False
) -> bytes:
    """The blob of at least one reading. `offsets` are kept beside it, for those of `layouts` that it needs.

    `portable`: without pco, for those who may not have it.
    """
    known = {layout: offsets[layout] for layout in layouts if layout in offsets} if offsets is not None else {}
    body = bytearray()
    segments = [readings.picked(readings.decimals == decimals) for decimals in distinct(readings.decimals)]
    put_varint(body, len(segments))
    for segment in segments:
        _put_segment(body, segment, known, portable=portable)
    return HEAD.pack(FORMAT, zlib.crc32(body)) + bytes(body)


def decode_chunk(blob: bytes, offsets: Offsets) -> Scaled:
    """The readings of a blob. `offsets` gives those of the layouts that it names; a layout may be missing.

    Raises ArchiveDamagedError.
    """
    parts = _opened(blob)
    return joined([_segment(parts, offsets) for _ in range(parts.varint())])


def decode_foreign_chunk(blob: bytes, *, most: int) -> Scaled:
    """The readings of a blob that anybody may have made: at most `most`, and no more memory than they need.

    Raises ArchiveDamagedError.
    """
    check_chunk(blob)
    parts = Parts(blob, HEAD.size, portable=True)
    segments: list[Scaled] = []
    try:
        for _ in range(parts.varint()):
            segments.append(_segment(parts, {}, most=most))
            most -= len(segments[-1])
    except (ValueError, OverflowError) as error:  # of numpy: numbers that fit into no column
        raise ArchiveDamagedError(f"a chunk of impossible numbers: {error}") from error
    return joined(segments)


def check_chunk(blob: bytes) -> None:
    """Raise ArchiveDamagedError where the blob is not what was written."""
    if len(blob) < HEAD.size:
        raise ArchiveDamagedError("a chunk ends too early")
    number, crc = HEAD.unpack_from(blob)
    if number != FORMAT:
        raise ArchiveDamagedError(f"a chunk of the unknown format {number}")
    if zlib.crc32(memoryview(blob)[HEAD.size :]) != crc:
        raise ArchiveDamagedError("the check sum of a chunk is wrong")


def layouts_of(blob: bytes) -> tuple[int, ...]:
    """The layouts whose offsets the blob refers to. Raises ArchiveDamagedError."""
    asked = _Asked()
    decode_chunk(blob, asked)
    return tuple(sorted(asked.layouts))


class _Asked(dict[int, Scaled]):
    """Offsets that are never there, and which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.layouts: set[int] = set()

    def __contains__(self, layout: object) -> bool:
        if isinstance(layout, int):
            self.layouts.add(layout)
        return False


def _put_segment(out: bytearray, segment: Scaled, offsets: Offsets, *, portable: bool) -> None:
    put_varint(out, zigzag(int(segment.decimals[0])))
    put_varint(out, len(segment))
    _put_slots(out, segment.slots, portable=portable)
    put_column(out, segment.values, portable=portable)
    qualities = zlib.compress(segment.qualities.tobytes()) if segment.qualities.any() else b""
    put_varint(out, len(qualities))
    out += qualities
    _put_offsets(out, segment, offsets, portable=portable)


def _segment(parts: Parts, offsets: Offsets, *, most: int | None = None) -> Scaled:
    decimals = from_zigzag(parts.varint())
    count = parts.varint()
    if most is not None and not 0 < count <= most:
        raise ArchiveDamagedError(f"a chunk of {count} readings where 1 to {most} may be")
    slots = _slots(parts, count)
    values = parts.column(count)
    qualities = _qualities(parts.take(parts.varint()), count)
    return Scaled(
        slots,
        values,
        np.full(count, decimals, dtype=np.int8),
        qualities,
        _offsets(parts, slots, qualities, offsets),
    )


def _put_slots(out: bytearray, slots: Ints, *, portable: bool) -> None:
    put_varint(out, int(slots[0]))
    differences = np.diff(slots)
    steps, counts = np.unique(differences, return_counts=True)
    step = int(steps[np.argmax(counts)]) if len(steps) else 1
    breaks = np.flatnonzero(differences != step)
    regular = not (differences[breaks] % step).any() and len(breaks) <= FEW_RUNS + len(slots) * RUNS_A_READING
    put_varint(out, step if regular else IRREGULAR)
    if not regular:
        put_column(out, differences, portable=portable)
        return
    there = np.diff(np.concatenate(([-1], breaks, [len(slots) - 1])))
    missing = differences[breaks] // step - 1
    put_varint(out, len(there))
    put_varints(out, (int(number) for pair in zip(there, [*missing, 0], strict=True) for number in pair))


def _slots(parts: Parts, count: int) -> Ints:
    start, step = parts.varint(), parts.varint()
    if step == IRREGULAR:
        return start + np.concatenate(([0], np.cumsum(parts.column(count - 1))))
    runs = np.array(parts.varints(2 * parts.varint()), dtype=np.int64).reshape(-1, 2)
    if runs[:, 0].max(initial=0) > count or runs[:, 0].sum() != count:
        raise ArchiveDamagedError("the runs of a chunk are not those of its readings")
    skipped = np.concatenate(([0], np.cumsum(runs[:-1, 1])))
    slots: Ints = start + step * (np.arange(count) + np.repeat(skipped, runs[:, 0]))
    return slots


def _qualities(deflated: bytes, count: int) -> NDArray[np.uint8]:
    if not deflated:
        return np.zeros(count, dtype=np.uint8)
    try:
        return np.frombuffer(inflated(deflated, count), dtype=np.uint8)
    except zlib.error as error:
        raise ArchiveDamagedError(f"qualities cannot be read: {error}") from error


def _put_offsets(out: bytearray, segment: Scaled, offsets: Offsets, *, portable: bool) -> None:
    if not segment.offsets_ms.any():
        out.append(NO_OFFSETS)
    elif (_found(offsets, segment.slots, segment.qualities) == segment.offsets_ms).all():
        out.append(OF_LAYOUTS)
        put_varints(out, (len(offsets), *offsets))
    else:  # two frames of one slot that both have the series: only one of them brought the reading
        out.append(OWN_OFFSETS)
        put_column(out, segment.offsets_ms.astype(np.int64), portable=portable)


def _offsets(parts: Parts, slots: Ints, qualities: NDArray[np.uint8], offsets: Offsets) -> NDArray[np.int32]:
    kind = parts.byte()
    if kind == OF_LAYOUTS:
        named = parts.varints(parts.varint())
        return _found({layout: offsets[layout] for layout in named if layout in offsets}, slots, qualities)
    if kind == OWN_OFFSETS:
        return parts.column(len(slots)).astype(np.int32)
    return np.zeros(len(slots), dtype=np.int32)


def _found(offsets: Offsets, slots: Ints, qualities: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The offset of each slot: that of the first layout that has a frame there."""
    found = np.zeros(len(slots), dtype=np.int32)
    open_yet = ~np.isin(qualities, ASKED_LATER) if qualities.any() else np.ones(len(slots), dtype=np.bool_)
    for of_layout in offsets.values():
        if len(of_layout) == len(slots) and (of_layout.slots == slots).all():
            return np.where(open_yet, of_layout.values, found).astype(np.int32)
        at = np.minimum(np.searchsorted(of_layout.slots, slots), len(of_layout) - 1)
        hit = open_yet & (of_layout.slots[at] == slots)
        found[hit] = of_layout.values[at[hit]]
        open_yet &= ~hit
    return found


def _opened(blob: bytes) -> Parts:
    check_chunk(blob)
    return Parts(blob, HEAD.size)
