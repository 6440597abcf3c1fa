"""An input measures what its owner says: named, scaled and recorded finely enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from wattledger.catalog import DeviceMap, UnfitMeasureError, device_map, load_catalog, load_profile, measuring
from wattledger.measure import PointNameError, UnitError


@dataclass(frozen=True)
class Said:
    measures: str
    unit: str = ""
    slope: Fraction = Fraction(1)
    intercept: Fraction = Fraction(0)


@cache
def map_of(product: str) -> DeviceMap:
    profile = load_catalog().profile("local-inputs")
    return device_map(profile, profile.product(product))


def test_a_pulse_is_worth_what_is_said_and_the_index_starts_where_the_meter_stands() -> None:
    [point] = measuring(map_of("PULSECOUNTER"), Said("water_volume", "l", Fraction(10), Fraction(1234))).points

    assert (str(point.name), point.multiplier, point.offset, point.divisor) == ("water_volume", 5, 617, 500)
    assert (point.address, point.decimals) == (0, 3)


@pytest.mark.parametrize(
    ("said", "decimals"),
    [
        (Said("water_volume", "l", Fraction(1, 10)), 4),
        (Said("water_volume", "l", Fraction(1), Fraction(5, 100)), 5),
        (Said("active_energy.import.total", "kWh", Fraction(1, 1000)), 0),
        (Said("active_energy.import.total", "Wh", Fraction(5, 4)), 2),
        (Said("heat_energy", "MJ", Fraction(1)), 0),  # 277.7… Wh
    ],
)
def test_a_counter_is_recorded_as_finely_as_its_step(said: Said, decimals: int) -> None:
    assert measuring(map_of("PULSECOUNTER"), said).points[0].decimals == decimals


@pytest.mark.parametrize(
    ("product", "said", "error"),
    [
        ("PULSECOUNTER", Said("temperature"), UnfitMeasureError),
        ("BINARY-INPUT", Said("water_volume"), UnfitMeasureError),
        ("ANALOG-INPUT", Said("water_volume"), UnfitMeasureError),
        ("PT100", Said("pressure"), UnfitMeasureError),
        ("PULSECOUNTER", Said("water_volume", "kWh"), UnitError),
        ("PULSECOUNTER", Said("watervolume"), PointNameError),
        ("PULSECOUNTER", Said("active_energy"), PointNameError),
    ],
)
def test_what_an_input_cannot_measure_is_refused(product: str, said: Said, error: type[Exception]) -> None:
    with pytest.raises(error):
        measuring(map_of(product), said)


def test_a_terminal_takes_only_what_fits_it() -> None:
    profile = load_catalog().profile("local-inputs")

    assert [profile.terminals_of(product) for product in profile.products] == [(1, 2), (1, 2), (3, 4), (5,)]


def test_a_foreign_profile_may_have_an_offset(write_profile: Callable[..., Path]) -> None:
    volts = "addr: 4, type: u16, scale: 0.1, unit: V}"
    kelvin = "{name: temperature, addr: 8, type: u16, scale: 0.1, offset: -273.15, unit: K}"
    profile = load_profile(write_profile(volts, f"{volts}\n  - {kelvin}"))

    point = device_map(profile, profile.products[0]).point("temperature")

    assert point is not None
    assert (point.multiplier, point.offset, point.divisor) == (2, -5463, 20)
