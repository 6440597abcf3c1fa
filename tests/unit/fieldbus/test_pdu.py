"""Requests and answers against the examples of the standard (MODBUS Application Protocol V1.1b3)."""

from __future__ import annotations

import pytest

from wattledger.fieldbus.modbus.pdu import (
    ReadIdentification,
    ReadRegisters,
    Refusal,
    UnfitPduError,
    WriteRegister,
    WriteRegisters,
    decode_answer,
    exception_name,
)

HOLDING = ReadRegisters(3, 107, 3)
ONE_WRITTEN = WriteRegister(1, 3)
TWO_WRITTEN = WriteRegisters(1, (10, 258))


def test_holding_registers_are_read_as_in_clause_6_3() -> None:
    assert HOLDING.encode() == bytes.fromhex("03 006B 0003")
    assert decode_answer(HOLDING, bytes.fromhex("03 06 022B 0000 0064")) == (555, 0, 100)


def test_input_registers_are_read_as_in_clause_6_4() -> None:
    request = ReadRegisters(4, 8, 1)

    assert request.encode() == bytes.fromhex("04 0008 0001")
    assert decode_answer(request, bytes.fromhex("04 02 000A")) == (10,)


def test_one_identification_object_is_read_as_in_clause_6_21() -> None:
    request = ReadIdentification(0x00)
    answer = bytes.fromhex("2B 0E 04 81 00 00 01 00 16") + b"Company identification"

    assert request.encode() == bytes.fromhex("2B 0E 04 00")
    assert decode_answer(request, answer) == b"Company identification"


def test_one_register_is_written_as_in_clause_6_6() -> None:
    assert ONE_WRITTEN.encode() == bytes.fromhex("06 0001 0003")
    assert decode_answer(ONE_WRITTEN, bytes.fromhex("06 0001 0003")) is None


def test_several_registers_are_written_as_in_clause_6_12() -> None:
    assert TWO_WRITTEN.encode() == bytes.fromhex("10 0001 0002 04 000A 0102")
    assert decode_answer(TWO_WRITTEN, bytes.fromhex("10 0001 0002")) is None


@pytest.mark.parametrize(
    ("request_", "pdu"),
    [
        (ONE_WRITTEN, "06 0001 0004"),  # another value
        (ONE_WRITTEN, "06 0002 0003"),  # another register
        (ONE_WRITTEN, "06 0001 0003 00"),
        (ONE_WRITTEN, "06 0001"),
        (TWO_WRITTEN, "10 0001 0001"),  # fewer registers
        (TWO_WRITTEN, "10 0002 0002"),
        (TWO_WRITTEN, "10 0001 0002 04 000A 0102"),  # the request, echoed
        (TWO_WRITTEN, "06 0001 0002"),
    ],
)
def test_an_answer_that_does_not_repeat_what_was_written_is_refused(
    request_: WriteRegister | WriteRegisters, pdu: str
) -> None:
    with pytest.raises(UnfitPduError, match="instead of"):
        decode_answer(request_, bytes.fromhex(pdu))


def test_a_write_that_is_refused_says_why() -> None:
    assert decode_answer(ONE_WRITTEN, bytes.fromhex("86 04")) == Refusal(4)
    assert decode_answer(TWO_WRITTEN, bytes.fromhex("90 02")) == Refusal(2)


@pytest.mark.parametrize("values", [(), (0,) * 124, (0x10000,), (-1,), (0, 0)])
def test_what_cannot_be_written_in_one_request_is_refused_at_once(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="registers"):
        WriteRegisters(0xFFFF, values)


@pytest.mark.parametrize(("address", "value"), [(0x10000, 0), (0, 0x10000), (0, -1)])
def test_a_value_that_fits_no_register_is_refused_at_once(address: int, value: int) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        WriteRegister(address, value)


def test_writing_may_not_be_repeated() -> None:
    assert not ONE_WRITTEN.is_repeatable
    assert not TWO_WRITTEN.is_repeatable


def test_a_refused_identification_may_name_its_mei_type() -> None:
    assert decode_answer(ReadIdentification(0), bytes.fromhex("AB 01")) == Refusal(1)
    assert decode_answer(ReadIdentification(0), bytes.fromhex("AB 0E 02")) == Refusal(2)
    for pdu in ("AB 0E", "AB 0E 00", "AB 0D 02", "AB 0E 02 00"):
        with pytest.raises(UnfitPduError, match="an exception without a code"):
            decode_answer(ReadIdentification(0), bytes.fromhex(pdu))


def test_an_exception_is_a_refusal_with_its_name() -> None:
    assert decode_answer(HOLDING, bytes.fromhex("83 02")) == Refusal(2)
    assert exception_name(2) == "exception 2 (illegal data address)"
    assert exception_name(11) == "exception 11 (gateway target device failed to respond)"
    assert exception_name(99) == "exception 99 (not in the standard)"


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        ("", "function missing instead of 3"),
        ("03", "byte count missing instead of 6"),
        ("04 06 022B 0000 0064", "function 4 instead of 3"),
        ("84 02", "function 132 instead of 3"),
        ("83", "an exception without a code"),
        ("83 00", "an exception without a code"),
        ("83 02 00", "an exception without a code"),
        ("03 04 022B 0000", "byte count 4 instead of 6"),
        ("03 06 022B 0000", "6 bytes instead of 8"),
        ("03 06 022B 0000 0064 00", "9 bytes instead of 8"),
        ("03 08 022B 0000 0064 0001", "byte count 8 instead of 6"),
    ],
)
def test_what_is_no_answer_to_the_request_is_refused_with_its_reason(pdu: str, reason: str) -> None:
    with pytest.raises(UnfitPduError, match=reason):
        decode_answer(HOLDING, bytes.fromhex(pdu))


@pytest.mark.parametrize(
    "pdu",
    [
        "2B 0E 04 81 00 00 01 01 02 4142",  # another object
        "2B 0E 04 81 00 00 02 00 02 4142",  # two objects
        "2B 0E 01 81 00 00 01 00 02 4142",  # another kind of access
        "2B 0D 04 81 00 00 01 00 02 4142",  # another MEI type
        "2B 0E 04 81 00 00 01 00 03 4142",  # too short for its length
        "2B 0E 04 81 00 00 01 00 01 4142",  # too long
        "2B 0E 04 81 00 00 01",
    ],
)
def test_an_identification_answer_that_is_not_the_one_object_is_refused(pdu: str) -> None:
    with pytest.raises(UnfitPduError):
        decode_answer(ReadIdentification(0), bytes.fromhex(pdu))


@pytest.mark.parametrize(("function", "address", "count"), [(3, 0, 126), (3, 0, 0), (3, 0xFFFF, 2), (6, 0, 1)])
def test_a_read_that_cannot_be_asked_is_refused_at_once(function: int, address: int, count: int) -> None:
    with pytest.raises(ValueError, match="read"):
        ReadRegisters(function, address, count)


def test_reading_may_be_repeated() -> None:
    assert HOLDING.is_repeatable
    assert ReadIdentification(0).is_repeatable
