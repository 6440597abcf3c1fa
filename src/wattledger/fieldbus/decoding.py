"""From registers to values; pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from wattledger.catalog import Form, MappedAlarm, MappedPoint, RegisterType, TextType, WordOrder

MOST_EXPONENT = 10  # of a scale register; SunSpec Information Model Specification V1.9, "sunssf"
_SINGLE = struct.Struct(">f")
_DOUBLE = struct.Struct(">d")
_FORMATS = {  # of `struct`; a float's bits are looked at before it is taken for a number
    RegisterType.U16: "H",
    RegisterType.S16: "h",
    RegisterType.U32: "I",
    RegisterType.S32: "i",
    RegisterType.U64: "Q",
    RegisterType.S64: "q",
    RegisterType.F32: "I",
    RegisterType.F64: "Q",
    RegisterType.BITS: "H",
}


class Number(Protocol):
    """A number in registers and the line that makes its value: (raw * multiplier + offset) / divisor."""

    @property
    def type(self) -> RegisterType: ...
    @property
    def word_order(self) -> WordOrder: ...
    @property
    def nan(self) -> tuple[int, ...]: ...
    @property
    def multiplier(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def divisor(self) -> int: ...


def decode(point: MappedPoint, registers: Sequence[int]) -> float | None:
    """The value of `point` in its quantity's inside unit; None: the device says that it has none.

    `registers` are the point's own from its first to its last, unsigned, as they came. Decimal scales give the decimal
    number (230.12, not 230.12000000000001). A float that is not a number, or infinite, is no value.
    """
    return decode_number(point, registers) if point.is_plain else _composed(point, registers)


def decode_number(number: Number, registers: Sequence[int]) -> float | None:
    """The value of one number that these registers hold; None: one of those that mean "not available"."""
    raw = raw_number(registers, number.word_order)
    if raw in number.nan:
        return None
    if number.type.is_float:
        return _float_value(number, raw)
    # one correctly rounded division of whole numbers
    return (signed(raw, number.type) * number.multiplier + number.offset) / number.divisor


def is_raised(alarm: MappedAlarm, registers: Sequence[int]) -> bool:
    """Whether the device's own registers say that what the alarm is about is so."""
    raw = raw_number(registers, alarm.word_order)
    if raw in alarm.nan:
        return False
    return bool(raw >> alarm.bit & 1) if alarm.bit is not None else signed(raw, alarm.type) == alarm.equals


def signed(raw: int, register_type: RegisterType) -> int:
    """A raw number as its type means it; only whole numbers in two's complement are another."""
    if register_type.is_signed and raw >> (16 * register_type.words - 1):
        return raw - (1 << 16 * register_type.words)
    return raw


class AnswerDecoder:
    """Decodes all points of one read at once, each as `decode` does it alone.

    Whatever follows from the points is worked out once: an answer of thirty points is then unpacked in one step, where
    looking at each point's description again took most of a poll.
    """

    def __init__(self, points: Iterable[MappedPoint], *, address: int) -> None:
        points = list(points)
        plain = [point for point in points if point.is_plain]
        composed = [point for point in points if not point.is_plain]
        self._rows: list[_Row | _Composed] = [_Row(row, address) for row in _rows_of(plain)]
        if composed:
            self._rows.append(_Composed(composed, address))

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
        self._is_float = points[0].type.is_float
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


class _Composed:
    """Points whose value takes more than one number and a line; few devices have them, each is decoded alone."""

    def __init__(self, points: list[MappedPoint], address: int) -> None:
        self._places = [(point, point.address - address, point.end - address) for point in points]

    def decode(self, registers: Sequence[int]) -> dict[MappedPoint, float | None]:
        return {point: _composed(point, registers[start:end]) for point, start, end in self._places}


def _rows_of(points: Iterable[MappedPoint]) -> list[list[MappedPoint]]:
    """The points in as few rows as may be; those that share registers stand in different ones."""
    rows: list[list[MappedPoint]] = []
    for point in sorted(points, key=lambda point: point.address):
        is_float = point.type.is_float
        for row in rows:
            last = row[-1]
            alike = last.word_order is point.word_order and last.type.is_float is is_float
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
    return tuple(signed(value, point.type) for value in point.nan)


def _composed(point: MappedPoint, registers: Sequence[int]) -> float | None:
    """The value of a point with further numbers, an exponent or a form of its own, exactly until it is rounded once."""
    if point.exponent_at is not None and not (point.plus or point.form or point.type.is_float):
        return _scaled(point, registers, registers[point.exponent_at - point.address])
    numbers = [(point.number_at, point.type, point.multiplier, point.nan)]
    numbers += [(added.address, added.type, added.multiplier, added.nan) for added in point.plus]
    total = Fraction(0)
    for address, register_type, multiplier, nan in numbers:
        start = address - point.address
        raw = raw_number(registers[start : start + register_type.words], point.word_order)
        exact = None if raw in nan else _exactly(raw, register_type)
        if exact is None:
            return None
        total += exact * multiplier
    if point.exponent_at is not None:
        power = _power(registers[point.exponent_at - point.address])
        if power is None:
            return None
        total *= power
    value = (total + point.offset) / point.divisor
    return float(value) if point.form is None else _unfolded(value, point.form)


def _scaled(point: MappedPoint, registers: Sequence[int], exponent: int) -> float | None:
    """A whole number by a power of ten, which is what SunSpec devices have by the dozen; in whole numbers as well."""
    start = point.inset
    raw = raw_number(registers[start : start + point.type.words], point.word_order)
    powers = _POWERS.get(exponent)
    if powers is None or raw in point.nan:
        return None
    up, down = powers
    scaled = signed(raw, point.type) * point.multiplier * up + point.offset * down
    return scaled / (point.divisor * down)


def _exactly(raw: int, register_type: RegisterType) -> Fraction | None:
    if not register_type.is_float:
        return Fraction(signed(raw, register_type))
    text = _text_of_float(raw, register_type)
    return None if text is None else Fraction(text)


# Ten to the power that a scale register holds, as (numerator, denominator). What is not in here says that there is no
# value (0x8000), or is no sensible power.
_POWERS: dict[int, tuple[int, int]] = {
    n & 0xFFFF: (10 ** max(n, 0), 10 ** max(-n, 0)) for n in range(-MOST_EXPONENT, MOST_EXPONENT + 1)
}


def _power(raw: int) -> Fraction | None:
    powers = _POWERS.get(raw)
    return None if powers is None else Fraction(*powers)


def _unfolded(value: Fraction, form: Form) -> float | None:
    match form:
        case Form.FOUR_QUADRANT:
            if abs(value) > 2:
                return None
            return float(value if abs(value) <= 1 else (2 if value > 0 else -2) - value)
        case Form.PERCENT_OR_FRACTION:
            return float(value if abs(value) <= 1 else value / 100)


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
    match text_type:
        case TextType.VER3:
            return ".".join(str(part) for part in data[:3])
        case TextType.NUM:
            return str(int.from_bytes(data, "big"))
        case TextType.STR16:
            return text_of(data[1::2])
        case TextType.STRL:
            return text_of(b"".join(struct.pack("<H", word) for word in registers))
        case TextType.STR:
            return text_of(data)


def text_of(data: bytes) -> str:
    """Bytes of a device as text: up to the first NUL, without padding; what is not printable ASCII becomes `?`."""
    text = data.split(b"\0", 1)[0].decode("ascii", errors="replace").strip()
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _float_value(number: Number, raw: int) -> float | None:
    text = _text_of_float(raw, number.type)
    if text is None:
        return None
    if number.multiplier == number.divisor and not number.offset:
        return float(text)
    scaled = Decimal(text) * number.multiplier
    return float((scaled + number.offset if number.offset else scaled) / number.divisor)  # adding 0 would unsign -0.0


def _text_of_float(raw: int, register_type: RegisterType) -> str | None:
    """The decimal number that the device meant, the shortest that is this float; None: not a number, or infinite.

    A single has 6 to 9 digits (IEEE 754).
    """
    if register_type is RegisterType.F64:
        (double,) = _DOUBLE.unpack(raw.to_bytes(8, "big"))
        return repr(double) if math.isfinite(double) else None
    (single,) = _SINGLE.unpack(raw.to_bytes(4, "big"))
    if not math.isfinite(single):
        return None
    for digits in (6, 7, 8):
        text = f"{single:.{digits}g}"
        if _SINGLE.unpack(_SINGLE.pack(float(text)))[0] == single:
            return text
    return f"{single:.9g}"
