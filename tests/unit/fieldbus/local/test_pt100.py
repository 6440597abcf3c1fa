"""Resistances become temperatures as the tables of IEC 60751 print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.fieldbus.local.measured import CurrentShown, Fault, ThermometerShown, register_image
from wattledger.fieldbus.local.pt100 import LEAST_C, MOST_C, resistance_ohm, temperature_c

TABLE = [  # °C and Ω, IEC 60751, table of Pt100
    (-200, 18.52), (-150, 39.72), (-100, 60.26), (-50, 80.31), (-10, 96.09), (0, 100.00), (10, 103.90), (50, 119.40),
    (100, 138.51), (200, 175.86), (400, 247.09), (600, 313.71), (850, 390.48),
]  # fmt: skip


@pytest.mark.parametrize(("celsius", "ohm"), TABLE)
def test_the_tables_of_the_standard_are_met(celsius: float, ohm: float) -> None:
    assert round(resistance_ohm(celsius), 2) == ohm


@given(celsius=st.floats(LEAST_C, MOST_C))
def test_a_temperature_comes_back_from_its_resistance(celsius: float) -> None:
    found = temperature_c(resistance_ohm(celsius))

    assert found is not None
    assert abs(found - celsius) < 1e-6


def test_the_leads_are_taken_off() -> None:
    shown = ThermometerShown(measured_ohm=104.9, lead_ohm=1.0)

    assert shown.temperature_c == pytest.approx(10.0, abs=0.01)
    assert shown.fault is None


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        (ThermometerShown(0.3, 0.0), Fault.SHORT_CIRCUIT),
        (ThermometerShown(1e6, 0.0), Fault.WIRE_BREAK),
        (CurrentShown(3.59), Fault.WIRE_BREAK),
        (CurrentShown(3.6), None),
        (CurrentShown(21.0), None),
        (CurrentShown(21.01), Fault.SHORT_CIRCUIT),
    ],
)
def test_a_broken_sensor_has_no_value(shown: ThermometerShown | CurrentShown, fault: Fault | None) -> None:
    [(_, words)] = shown.registers()

    assert shown.fault is fault
    assert (words == (0x8000, 0)) is (fault is not None)


def test_the_registers_name_what_is_wired() -> None:
    image = register_image(CurrentShown(12.5), "ANALOG-INPUT")

    assert [image[8], image[9]] == [0, 12500]
    assert b"".join(image[address].to_bytes(2, "big") for address in range(16, 24)) == b"ANALOG-INPUT\0\0\0\0"
