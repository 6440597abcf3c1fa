"""Registers become the decimal value that the device means, or none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.catalog import Catalog, MappedPoint, TextType
from wattledger.fieldbus import decode
from wattledger.fieldbus.decoding import AnswerDecoder, decode_text
from wattledger.fieldbus.vectors import vector_faults

MakePoint = Callable[..., MappedPoint]


def test_every_golden_vector_of_every_profile_reads_as_it_must(catalog: Catalog) -> None:
    assert [fault for profile in catalog.profiles for fault in vector_faults(profile)] == []
    assert sum(len(vector.expect) for profile in catalog.profiles for vector in profile.tests) >= 20


@given(raw=st.integers(0, 0xFFFF))
def test_a_scaled_value_is_the_decimal_number_without_noise(make_point: MakePoint, raw: int) -> None:
    value = decode(make_point(0, divisor=100), (raw,))

    assert repr(value) == repr(float(f"{raw // 100}.{raw % 100:02d}"))


@given(raw=st.integers(0, 0xFFFF))
def test_an_offset_is_as_exact_as_the_scale(make_point: MakePoint, raw: int) -> None:
    kelvin = make_point(0, multiplier=2, offset=-5463, divisor=20)  # tenths of a kelvin as °C

    assert decode(kelvin, (raw,)) == float(Decimal(raw) / 10 - Decimal("273.15"))


@pytest.mark.parametrize(
    ("register_type", "registers", "expected"),
    [
        ("u16", (0x8000,), 32768),
        ("s16", (0x8000,), -32768),
        ("s16", (0xFFFF,), -1),
        ("u32", (0x0001, 0x0000), 65536),
        ("s32", (0xFFFF, 0xFFFE), -2),
        ("u64", (0, 1, 0, 0), 2**32),
        ("s64", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF), -1),
        ("bits", (0b101,), 5),
    ],
)
def test_each_type_has_its_size_and_sign(
    make_point: MakePoint, register_type: str, registers: tuple[int, ...], expected: int
) -> None:
    assert decode(make_point(0, register_type), registers) == expected


def test_the_low_word_may_come_first(make_point: MakePoint) -> None:
    assert decode(make_point(0, "u32", word_order="little"), (0x0002, 0x0001)) == 0x10002


def test_a_sentinel_is_no_value_and_its_neighbour_is(make_point: MakePoint) -> None:
    point = make_point(0, "s32", nan=(0x7FFFFFFF, 0x80000000))

    assert decode(point, (0x7FFF, 0xFFFF)) is None
    assert decode(point, (0x8000, 0x0000)) is None
    assert decode(point, (0x7FFF, 0xFFFE)) == 0x7FFFFFFE


def float_registers(number: float) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    return high, low


@pytest.mark.parametrize(
    ("number", "expected"), [(230.12, 230.12), (49.98, 49.98), (-0.001, -0.001), (0.0, 0.0), (16777215.0, 16777215.0)]
)
def test_a_float_is_the_decimal_number_that_the_device_meant(
    make_point: MakePoint, number: float, expected: float
) -> None:
    assert decode(make_point(0, "f32"), float_registers(number)) == expected


@given(number=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_keeps_every_digit_that_it_has(make_point: MakePoint, number: float) -> None:
    value = decode(make_point(0, "f32"), float_registers(number))

    assert value is not None
    assert float_registers(value) == float_registers(number)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_is_no_number_is_no_value(make_point: MakePoint, number: float) -> None:
    assert decode(make_point(0, "f32"), float_registers(number)) is None


def test_a_float_is_scaled_to_the_inside_unit(make_point: MakePoint) -> None:
    assert decode(make_point(0, "f32", multiplier=1000), float_registers(1.234)) == 1234.0


@pytest.mark.parametrize(
    ("registers", "text"),
    [
        ((0x4861, 0x6765, 0x7200, 0x0000), "Hager"),
        ((0x4861, 0x6765, 0x7220, 0x2020), "Hager"),
        ((0x4861, 0x0041, 0x4242), "Ha"),
        ((0x41E9, 0x0A42), "A??B"),
        ((0x0000, 0x0000), ""),
        ((0xFFFF, 0xFFFF), ""),
    ],
)
def test_texts_lose_their_padding_and_what_cannot_be_shown(registers: tuple[int, ...], text: str) -> None:
    assert decode_text(TextType.STR, registers) == text


def test_a_version_is_three_numbers() -> None:
    assert decode_text(TextType.VER3, (0x0203, 0x0000)) == "2.3.0"
    assert decode_text(TextType.VER3, (0x0401, 0x0000)) == "4.1.0"


@st.composite
def described(draw: st.DrawFn) -> tuple[int, str, str, int, int, tuple[int, ...]]:
    """Address, type, word order, multiplier, divisor and "not available" of a point."""
    register_type = draw(st.sampled_from(["u16", "s16", "u32", "s32", "u64", "s64", "f32", "bits"]))
    nan = draw(st.sampled_from([(), (0,), (0xFFFF,), (0x7FFF, 0x8000)]))
    scale = draw(st.sampled_from([(1, 1), (1, 100), (1000, 1)]))
    return draw(st.integers(100, 120)), register_type, draw(st.sampled_from(["big", "little"])), *scale, nan


@given(
    points=st.lists(described(), min_size=1, max_size=12, unique=True),
    registers=st.lists(st.sampled_from([0, 1, 0x7FFF, 0x8000, 0x4366, 0xFFFF]), min_size=24, max_size=24),
)
def test_points_decoded_together_are_what_each_is_alone_wherever_they_lie(
    make_point: MakePoint, points: list[tuple[int, str, str, int, int, tuple[int, ...]]], registers: list[int]
) -> None:
    made = [
        make_point(at, kind, word_order=order, multiplier=multiplier, divisor=divisor, nan=nan, channel=channel)
        for channel, (at, kind, order, multiplier, divisor, nan) in enumerate(points)
    ]

    together = AnswerDecoder(made, address=100).decode(registers)

    assert together == {point: decode(point, registers[point.address - 100 : point.end - 100]) for point in made}
