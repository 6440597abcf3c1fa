"""From values to the registers that a device would show; written apart from the decoder that they are read with."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction

from wattledger.catalog import MappedPoint, RegisterType, WordOrder
from wattledger.measure import Nature

_FLOATS = {RegisterType.F32: ">f", RegisterType.F64: ">d"}
# powers of ten that devices with scale registers choose, by the unit inside
EXPONENTS = {"V": -1, "A": -2, "Hz": -2, "W": 0, "var": 0, "VA": 0, "Wh": 0, "varh": 0, "VAh": 0, "°C": -1, "%": -1}
OTHER_EXPONENT = -3


def encode(point: MappedPoint, value: float | None) -> dict[int, int]:
    """Address → register of this value, in the quantity's inside unit; None: what means "not available".

    A counter shows the whole steps that it has counted and starts anew at its modulus; everything else is rounded, and
    what the register cannot hold stops at its end.
    """
    exponent = exponent_of(point)
    if value is None or not math.isfinite(value):
        return _missing(point)
    inside = Fraction(value)
    is_counter = point.name.measures.nature is Nature.COUNTER
    if is_counter and point.modulus is not None:
        inside %= Fraction(point.modulus)
    rest = (inside * point.divisor - point.offset) / Fraction(10) ** exponent
    words = {} if point.exponent_at is None else {point.exponent_at: exponent & 0xFFFF}
    numbers = [(point.number_at, point.type, point.multiplier)]
    numbers += [(added.address, added.type, added.multiplier) for added in point.plus]
    numbers.sort(key=lambda number: -abs(number[2]))
    for address, register_type, multiplier in numbers:
        is_last = (address, register_type, multiplier) == numbers[-1]
        raw = rest / multiplier
        if register_type in _FLOATS:
            packed = struct.pack(_FLOATS[register_type], float(raw))
            rest = Fraction(0)  # the first number holds all of it
            words.update(_words(address, int.from_bytes(packed, "big"), register_type, point.word_order))
            continue
        whole = math.floor(raw) if is_counter or not is_last else round(raw)
        held = _held(whole, register_type)
        rest -= held * multiplier
        words.update(_words(address, held, register_type, point.word_order))
    return words


def encode_all(values: Mapping[MappedPoint, float | None]) -> dict[int, int]:
    """Address → register of several points."""
    words: dict[int, int] = {}
    for point, value in values.items():
        words.update(encode(point, value))
    return words


def exponent_of(point: MappedPoint) -> int:
    """The power of ten that the point's scale register holds; 0 without one."""
    return 0 if point.exponent_at is None else EXPONENTS.get(point.name.measures.unit, OTHER_EXPONENT)


def _missing(point: MappedPoint) -> dict[int, int]:
    raw = next(iter(point.nan), None)
    if raw is None:
        raw = {RegisterType.F32: 0x7FC00000, RegisterType.F64: 0x7FF8 << 48}.get(point.type, 0)
    words = _words(point.number_at, raw, point.type, point.word_order)
    for added in point.plus:
        words.update(_words(added.address, next(iter(added.nan), 0), added.type, point.word_order))
    if point.exponent_at is not None:
        words[point.exponent_at] = exponent_of(point) & 0xFFFF
    return words


def _held(whole: int, register_type: RegisterType) -> int:
    bits = 16 * register_type.words
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if register_type.is_signed else (0, (1 << bits) - 1)
    return min(max(whole, least), most)


def _words(address: int, raw: int, register_type: RegisterType, word_order: WordOrder) -> dict[int, int]:
    count = register_type.words
    data = (raw & ((1 << 16 * count) - 1)).to_bytes(2 * count, "big")
    words = [int.from_bytes(data[place : place + 2], "big") for place in range(0, 2 * count, 2)]
    ordered: Iterable[int] = words if word_order is WordOrder.BIG else reversed(words)
    return {address + place: word for place, word in enumerate(ordered)}
