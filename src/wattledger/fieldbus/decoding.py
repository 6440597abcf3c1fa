"""From registers to values; pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Decimal

from wattledger.catalog import MappedPoint, RegisterType, TextType, WordOrder

SIGNED = frozenset({RegisterType.S16, RegisterType.S32, RegisterType.S64})


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
    return raw * point.multiplier / point.divisor  # one correctly rounded division of whole numbers


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
    (number,) = struct.unpack(">f", raw.to_bytes(4, "big"))
    if not math.isfinite(number):
        return None
    return float(Decimal(_shortest(number)) * point.multiplier / point.divisor)


def _shortest(number: float) -> str:
    """The decimal number that the device meant: the shortest that is this single float (IEEE 754: 6 to 9 digits)."""
    texts = (f"{number:.{digits}g}" for digits in (6, 7, 8))
    return next((text for text in texts if _as_single(text) == number), f"{number:.9g}")


def _as_single(text: str) -> float:
    (number,) = struct.unpack(">f", struct.pack(">f", float(text)))
    return float(number)
