"""How a line is set, what follows for its times, and what a request costs on it."""

from __future__ import annotations

import pytest

from wattledger.fieldbus import Parity, RtuLink, SerialSettings
from wattledger.fieldbus.modbus.pdu import ReadRegisters

PORT = "/dev/ttyUSB0"


def test_a_line_is_set_as_recommended_unless_told_otherwise() -> None:
    assert str(SerialSettings(PORT)) == "/dev/ttyUSB0 (19200-8-E-1)"


@pytest.mark.parametrize(
    ("parity", "given", "stop_bits"), [("even", None, 1), ("odd", None, 1), ("none", None, 2), ("none", 1, 1)]
)
def test_stop_bits_follow_the_parity(parity: str, given: int | None, stop_bits: int) -> None:
    assert SerialSettings(PORT, parity=Parity(parity), stop_bits=given).actual_stop_bits == stop_bits


@pytest.mark.parametrize("parity", list(Parity))
def test_a_character_has_eleven_bits(parity: Parity) -> None:
    assert SerialSettings(PORT, 1200, parity).character_s == pytest.approx(11 / 1200)


@pytest.mark.parametrize(("baudrate", "silence_s"), [(1200, 0.03208), (19200, 0.002005), (38400, 0.00175)])
def test_a_frame_ends_with_three_and_a_half_characters_of_silence(baudrate: int, silence_s: float) -> None:
    assert SerialSettings(PORT, baudrate).silence_s == pytest.approx(silence_s, rel=1e-3)


@pytest.mark.parametrize("wrong", [{"port": ""}, {"baudrate": 12345}, {"parity": "mark"}, {"stop_bits": 3}])
def test_settings_that_no_line_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SerialSettings(**{"port": PORT, **wrong})  # type: ignore[arg-type]


async def test_a_request_costs_what_it_takes_on_the_line() -> None:
    costs = {baud: RtuLink(SerialSettings(PORT, baud), timeout_s=1).request_cost(1) for baud in (1200, 19200, 115200)}

    # At 19200: 13 characters 7.4 ms, two silences 4.0 ms, the meter 10 ms; a register takes 1.15 ms.
    assert costs == {1200: 11, 19200: 19, 115200: 78}


@pytest.mark.parametrize("unit_id", [0, -1, 256])
async def test_a_unit_that_cannot_answer_is_not_asked(unit_id: int) -> None:
    with pytest.raises(ValueError, match="cannot answer"):
        await RtuLink(SerialSettings(PORT), timeout_s=1).request(unit_id, ReadRegisters(3, 0, 1))
