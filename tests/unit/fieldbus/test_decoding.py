"""Registers become the decimal value that the device means, or none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.catalog import (
    AddedNumber,
    AlarmSeverity,
    Catalog,
    Form,
    MappedAlarm,
    MappedPoint,
    RegisterType,
    TextType,
    WordOrder,
)
from wattledger.fieldbus import decode
from wattledger.fieldbus.decoding import AnswerDecoder, decode_text, is_raised
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


def double_registers(number: float) -> tuple[int, ...]:
    return struct.unpack(">4H", struct.pack(">d", number))


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_keeps_every_digit_that_it_has(make_point: MakePoint, number: float) -> None:
    assert decode(make_point(0, "f64"), double_registers(number)) == number
    assert decode(make_point(0, "f64", word_order="little"), double_registers(number)[::-1]) == number


def test_a_double_is_scaled_by_decimals_and_may_be_no_number(make_point: MakePoint) -> None:
    kilo = make_point(0, "f64", multiplier=1000)

    assert decode(kilo, double_registers(1234567.891)) == 1234567891.0
    assert decode(kilo, double_registers(float("nan"))) is None


def test_what_is_left_over_is_added_to_whole_kilowatt_hours(make_point: MakePoint) -> None:
    residual = AddedNumber(2, RegisterType.U16, 1, (0xFFFF,))  # tenths of a Wh, as on the newer Diris meters
    energy = make_point(0, "u32", multiplier=10_000, divisor=10, nan=(0xFFFFFFFF,), plus=(residual,))

    assert decode(energy, (0x0001, 0xE240, 1234)) == 123_456_123.4
    assert decode(energy, (0, 0, 0xFFFF)) is None
    assert decode(energy, (0xFFFF, 0xFFFF, 0)) is None


@pytest.mark.parametrize(
    ("raw", "exponent", "expected"),
    [
        (2301, 0xFFFF, 230.1),  # 10 to the power of -1
        (2301, 0, 2301.0),
        (0x8001, 2, -3276700.0),
        (12345, 0xFFFB, 0.12345),
        (2301, 0x8000, None),  # SunSpec: there is none
        (2301, 300, None),  # no exponent that anybody means
    ],
)
def test_an_exponent_in_another_register_scales_exactly(
    make_point: MakePoint, raw: int, exponent: int, expected: float | None
) -> None:
    before, behind = make_point(0, "s16", exponent_at=3), make_point(0, "s16", inset=3, exponent_at=0)

    assert decode(before, (raw, 0, 0, exponent)) == expected
    assert decode(behind, (exponent, 0, 0, raw)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [(0.95, 0.95), (-0.95, -0.95), (1.0, 1.0), (1.05, 0.95), (-1.2, -0.8), (2.0, 0.0), (-2.0, 0.0), (2.5, None)],
)
def test_a_power_factor_folded_into_four_quadrants_is_unfolded(
    make_point: MakePoint, said: float, expected: float | None
) -> None:
    assert decode(make_point(0, "f32", form=Form.FOUR_QUADRANT), float_registers(said)) == expected


@pytest.mark.parametrize(
    ("alarm_type", "bit", "equals", "quiet", "raised"),
    [
        ("bits", 1, None, (0b101,), (0b010,)),
        ("u32", 17, None, (0x0001, 0xFFFF), (0x0002, 0x0000)),
        ("u16", None, 8, (9,), (8,)),
        ("s16", None, -1, (1,), (0xFFFF,)),
    ],
)
def test_an_alarm_is_raised_by_its_bit_or_its_code(
    alarm_type: str, bit: int | None, equals: int | None, quiet: tuple[int, ...], raised: tuple[int, ...]
) -> None:
    alarm = MappedAlarm(
        "a", AlarmSeverity.WARNING, "alarm.a", {}, 3, 0, RegisterType(alarm_type), WordOrder.BIG, bit, equals
    )

    assert (is_raised(alarm, quiet), is_raised(alarm, raised)) == (False, True)


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


def test_a_text_may_hold_one_character_a_register() -> None:
    assert decode_text(TextType.STR16, (0x0053, 0x004F, 0x0043, 0x004F)) == "SOCO"
    assert decode_text(TextType.STR16, (0x0045, 0x0034, 0x0000, 0x0041)) == "E4"


def test_the_two_characters_of_a_register_may_be_swapped() -> None:
    mac_of_a_shelly = (12353, 17476, 17206, 12353, 12357, 17219)  # captured from a Pro 3EM
    model_of_a_shelly = (13139, 19781, 12333, 13104, 22595, 17731, 13909, 51, 0, 0)  # and from a 3EM-63 Gen3

    assert decode_text(TextType.STRL, mac_of_a_shelly) == "A0DD6CA0E0CC"
    assert decode_text(TextType.STRL, model_of_a_shelly) == "S3EM-003CXCEU63"


def test_a_model_code_that_is_a_number_reads_as_its_digits() -> None:
    assert decode_text(TextType.NUM, (341,)) == "341"
    assert decode_text(TextType.NUM, (0x0001, 0x0000)) == "65536"
    assert decode_text(TextType.NUM, (0xFFFF,)) == ""


Described = tuple[int, str, dict[str, object]]


@st.composite
def described(draw: st.DrawFn) -> Described:
    """Address, type and the rest of a point, which may take further numbers."""
    kind = draw(st.sampled_from(["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "bits"]))
    multiplier, divisor = draw(st.sampled_from([(1, 1), (1, 100), (1000, 1)]))
    address = draw(st.integers(100, 120))
    rest: dict[str, object] = {
        "word_order": draw(st.sampled_from(["big", "little"])),
        "multiplier": multiplier,
        "divisor": divisor,
        "nan": draw(st.sampled_from([(), (0,), (0xFFFF,), (0x7FFF, 0x8000)])),
        "exponent_at": draw(st.sampled_from([None, None, address + 4])),
        "plus": draw(st.sampled_from([(), (), (AddedNumber(address + 2, RegisterType.S16, 3, (0,)),)])),
    }
    return address, kind, rest


@given(
    points=st.lists(described(), min_size=1, max_size=12),
    registers=st.lists(st.sampled_from([0, 1, 0x7FFF, 0x8000, 0x4366, 0xFFFF]), min_size=26, max_size=26),
)
def test_points_decoded_together_are_what_each_is_alone_wherever_they_lie(
    make_point: MakePoint, points: list[Described], registers: list[int]
) -> None:
    made = [make_point(at, kind, channel=channel, **rest) for channel, (at, kind, rest) in enumerate(points)]

    together = AnswerDecoder(made, address=100).decode(registers)

    assert together == {point: decode(point, registers[point.address - 100 : point.end - 100]) for point in made}
