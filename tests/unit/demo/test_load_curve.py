"""The imaginary building obeys the laws of alternating current."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.demo.load_curve import ANGLES, Load, PhaseLoad, load_at, phase_current
from wattledger.demo.meter_registers import MeterRegisters

INSTANTS = st.floats(1.7e9, 2.0e9)


@given(instant_s=INSTANTS)
def test_power_current_and_voltage_of_each_phase_fit(instant_s: float) -> None:
    for phase in load_at(instant_s).phases:
        assert 207 < phase.voltage_v < 253
        assert phase.active_w > 0
        assert phase.apparent_va == pytest.approx(phase.voltage_v * phase.current_a)
        assert phase.apparent_va**2 == pytest.approx(phase.active_w**2 + phase.reactive_var**2)
        assert 0.85 < phase.active_w / phase.apparent_va < 1


@given(instant_s=INSTANTS)
def test_line_voltages_and_frequency_are_those_of_a_grid(instant_s: float) -> None:
    load = load_at(instant_s)

    assert 49.8 < load.frequency_hz < 50.2
    for first, second in ((0, 1), (1, 2), (2, 0)):
        mean_v = (load.phases[first].voltage_v + load.phases[second].voltage_v) / 2
        assert load.line_voltage_v(first, second) == pytest.approx(mean_v * math.sqrt(3), rel=0.001)


def test_a_balanced_load_leaves_nothing_for_the_neutral() -> None:
    balanced = PhaseLoad(230.0, 2300.0, 500.0)

    assert Load(50.0, (balanced, balanced, balanced)).neutral_current_a == pytest.approx(0, abs=1e-9)
    assert abs(phase_current(balanced, ANGLES[0])) == pytest.approx(balanced.current_a)


@pytest.fixture(scope="module")
def ecr() -> DeviceMap:
    profile = load_catalog().profile("hager-ecr")
    return device_map(profile, profile.product("ECR380D"))


def number(words: dict[int, int], address: int) -> int:
    return words[address] << 16 | words[address + 1]


def test_the_counters_add_up_the_power_over_time(ecr: DeviceMap) -> None:
    registers = MeterRegisters(ecr, index_kwh=1000.0)
    load = Load(50.0, (PhaseLoad(230.0, 3000.0, 600.0), PhaseLoad(230.0, 2000.0, 0.0), PhaseLoad(230.0, 1000.0, 0.0)))

    registers.count(load, duration_s=3600 * 2.5)

    words = registers.measured(load)
    assert number(words, 0xB060) == 1015
    assert number(words, 0xB068) == 15  # the partial counter began at 0
    assert number(words, 0xB062) == 251  # a quarter of the start, and 1.5
    assert [number(words, at) for at in (0xB180, 0xB182, 0xB184)] == [340, 338, 335]
    assert number(words, 0xB064) == 0


def test_the_counter_starts_anew_after_its_highest_index(ecr: DeviceMap) -> None:
    registers = MeterRegisters(ecr, index_kwh=9_999_998.5)
    load = Load(50.0, (PhaseLoad(230.0, 1000.0, 0.0),) * 3)

    before = number(registers.measured(load), 0xB060)
    registers.count(load, duration_s=3600)

    assert before == 9_999_998
    assert number(registers.measured(load), 0xB060) == 1
