"""From registers to values; pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from decimal import Decimal

from wattledger.catalog import MappedPoint, RegisterType, TextType, WordOrder

SIGNED = frozenset({RegisterType.S16, RegisterType.S32, RegisterType.S64})
_SINGLE = struct.Struct(">f")
_FORMATS = {  # of `struct`; a float's bits are looked at before it is taken for a number
    RegisterType.U16: "H",
    RegisterType.S16: "h",
    RegisterType.U32: "I",
    RegisterType.S32: "i",
    RegisterType.U64: "Q",
    RegisterType.S64: "q",
    RegisterType.F32: "I",
    RegisterType.BITS: "H",
}


def decode(point: MappedPoint, registers: Sequence[int]) -> float | None:
    """The value of `point` in its quantity's inside unit; None: the device says that it has none.

    `registers` are the point's own, unsigned, as they came. Decimal scales give the decimal number (230.12, not
    230.12000000000001). A float that is not a number, or infinite, is no value.
    """
    raw = raw_number(registers, point.word_order)
    if raw in point.nan:
        return None
    if point.type is RegisterType.F32:
        return _float_value(point, raw)
    if point.type in SIGNED and raw >> (16 * point.words - 1):
        raw -= 1 << 16 * point.words
    return (raw * point.multiplier + point.offset) / point.divisor  # one correctly rounded division of whole numbers


class AnswerDecoder:
    """Decodes all points of one read at once, each as `decode` does it alone.

    Whatever follows from the points is worked out once: an answer of thirty points is then unpacked in one step, where
    looking at each point's description again took most of a poll.
    """

    def __init__(self, points: Iterable[MappedPoint], *, address: int) -> None:
        self._rows = [_Row(row, address) for row in _rows_of(points)]

    def decode(self, registers: Sequence[int]) -> dict[MappedPoint, float | None]:
        """The values of the points in the registers from the read's address on; None: the device has none."""
        first, *others = self._rows
        values = first.decode(registers)
        for row in others:
            values.update(row.decode(registers))
        return values


class _Row:
    """Points that lie one behind the other, all in one word order and all floats or all whole numbers."""

    def __init__(self, points: list[MappedPoint], address: int) -> None:
        places = [point.address - address for point in points]
        ends = [0, *(place + point.words for place, point in zip(places, points, strict=True))]
        gaps = (f"{2 * (place - end)}x" if place > end else "" for place, end in zip(places, ends, strict=False))
        numbers = struct.Struct(">" + "".join(gap + _FORMATS[p.type] for gap, p in zip(gaps, points, strict=True)))
        self._unpack = numbers.unpack
        self._words = struct.Struct(f">{ends[-1]}H").pack
        self._places = _places_of_words(points, address) if points[0].word_order is WordOrder.LITTLE else None
        self._count = ends[-1]
        self._is_float = points[0].type is RegisterType.F32
        self._points = [(point, _signed_nan(point), point.multiplier, point.offset, point.divisor) for point in points]

    def decode(self, registers: Sequence[int]) -> dict[MappedPoint, float | None]:
        words = registers[: self._count] if self._places is None else [registers[place] for place in self._places]
        numbers = zip(self._unpack(self._words(*words)), self._points, strict=True)
        if self._is_float:
            return {point: None if raw in nan else _float_value(point, raw) for raw, (point, nan, *_) in numbers}
        return {
            point: None if raw in nan else (raw * multiplier + offset) / divisor
            for raw, (point, nan, multiplier, offset, divisor) in numbers
        }


def _rows_of(points: Iterable[MappedPoint]) -> list[list[MappedPoint]]:
    """The points in as few rows as may be; those that share registers stand in different ones."""
    rows: list[list[MappedPoint]] = []
    for point in sorted(points, key=lambda point: point.address):
        is_float = point.type is RegisterType.F32
        for row in rows:
            last = row[-1]
            alike = last.word_order is point.word_order and (last.type is RegisterType.F32) is is_float
            if alike and last.end <= point.address:
                row.append(point)
                break
        else:
            rows.append([point])
    return rows


def _places_of_words(points: Sequence[MappedPoint], address: int) -> list[int]:
    """Where each register is to be taken from, so that the high word of every point comes first."""
    places = list(range(points[-1].end - address))
    for point in points:
        start, end = point.address - address, point.end - address
        places[start:end] = reversed(places[start:end])
    return places


def _signed_nan(point: MappedPoint) -> tuple[int, ...]:
    if point.type not in SIGNED:
        return point.nan
    bits = 16 * point.words
    return tuple(value - (1 << bits) if value >> bits - 1 else value for value in point.nan)


def raw_number(registers: Sequence[int], word_order: WordOrder) -> int:
    """The registers as one unsigned number."""
    raw = 0
    for word in registers if word_order is WordOrder.BIG else reversed(registers):
        raw = raw << 16 | word
    return raw


def decode_text(text_type: TextType, registers: Sequence[int]) -> str:
    """What identification registers say, empty when they were never written (all 0xFFFF)."""
    if all(word == 0xFFFF for word in registers):
        return ""
    data = b"".join(struct.pack(">H", word) for word in registers)
    if text_type is TextType.VER3:
        return ".".join(str(part) for part in data[:3])
    return text_of(data)


def text_of(data: bytes) -> str:
    """Bytes of a device as text: up to the first NUL, without padding; what is not printable ASCII becomes `?`."""
    text = data.split(b"\0", 1)[0].decode("ascii", errors="replace").strip()
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _float_value(point: MappedPoint, raw: int) -> float | None:
    (number,) = _SINGLE.unpack(raw.to_bytes(4, "big"))
    if not math.isfinite(number):
        return None
    text = _shortest(number)
    if point.multiplier == point.divisor and not point.offset:
        return float(text)
    scaled = Decimal(text) * point.multiplier
    return float((scaled + point.offset if point.offset else scaled) / point.divisor)  # adding 0 would unsign -0.0


def _shortest(number: float) -> str:
    """The decimal number that the device meant: the shortest that is this single float (IEEE 754: 6 to 9 digits)."""
    for digits in (6, 7, 8):
        text = f"{number:.{digits}g}"
        if _SINGLE.unpack(_SINGLE.pack(float(text)))[0] == number:
            return text
    return f"{number:.9g}"
