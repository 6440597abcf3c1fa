"""What a simulated device shows is what its value was, within the resolution of its registers."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.catalog import DeviceMap, MappedPoint, RegisterType, device_map, load_catalog
from wattledger.demo.encoding import encode, exponent_of
from wattledger.fieldbus.decoding import decode
from wattledger.measure import Nature

MAPS = [
    device_map(profile, product)
    for profile in load_catalog().profiles
    # one product of each variant: the others have its registers
    for product in {product.variant: product for product in profile.products}.values()
]


def read_back(point: MappedPoint, value: float | None) -> float | None:
    """What the decoder makes of the encoder's registers."""
    words = encode(point, value)
    return decode(point, [words.get(at, 0) for at in range(point.address, point.end)])


def step_of(point: MappedPoint) -> float:
    """What the last digit of the registers is worth."""
    return abs(point.scale) * 10.0 ** exponent_of(point)


@pytest.mark.parametrize("mapped", MAPS, ids=lambda mapped: f"{mapped.profile}-{mapped.product}")
@settings(max_examples=20)
@given(share=st.floats(0.0, 1.0))
def test_every_point_of_every_profile_is_read_back(mapped: DeviceMap, share: float) -> None:
    for point in mapped.points:
        value = share * _reach(point)
        found = read_back(point, value)
        if 0 in point.nan and value < step_of(point):  # SunSpec: a counter that has not begun is none
            assert found is None, point.name
            continue
        assert found is not None, point.name
        if point.type in {RegisterType.F32, RegisterType.F64}:
            assert found == pytest.approx(value, rel=1e-6), point.name
        elif point.name.measures.nature is Nature.COUNTER:
            assert -1e-9 <= value - found < step_of(point) * (1 + 1e-9), point.name
        else:
            assert abs(value - found) <= step_of(point) * 0.501, point.name


@pytest.mark.parametrize("mapped", MAPS, ids=lambda mapped: f"{mapped.profile}-{mapped.product}")
def test_what_is_not_available_reads_so_where_the_device_can_say_it(mapped: DeviceMap) -> None:
    for point in mapped.points:
        can_say = bool(point.nan) or point.type in {RegisterType.F32, RegisterType.F64}
        if can_say:
            assert read_back(point, None) is None, point.name


def test_a_counter_starts_anew_at_its_modulus() -> None:
    point = next(point for point in chain.from_iterable(mapped.points for mapped in MAPS) if point.modulus is not None)
    assert point.modulus is not None

    assert read_back(point, point.modulus + 5 * step_of(point)) == 5 * step_of(point)


def _reach(point: MappedPoint) -> float:
    """A value well inside what the point can show."""
    bits = 16 * point.type.words - (1 if point.type.is_signed else 0)
    highest = 2.0 ** min(bits, 40) * 0.9 * step_of(point)
    plausible = {"V": 400.0, "Hz": 60.0, "1": 1.0, "%": 100.0, "°": 90.0, "°C": 60.0}.get(point.name.measures.unit, 1e6)
    bounds = [highest, plausible, *([] if point.modulus is None else [point.modulus * 0.99])]
    return min(bounds)
