"""Units of devices and people become those used inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.measure import QUANTITIES, UNITS, UnitError, from_scaled, to_scaled, unit_named


@pytest.mark.parametrize(
    ("symbol", "quantity", "factor"),
    [
        ("kWh", "active_energy", 1000.0),
        ("Wh", "active_energy", 1.0),
        ("MJ", "steam_energy", 1e6 / 3600),
        ("kvarh", "reactive_energy", 1000.0),
        ("l", "water_volume", 0.001),
        ("mA", "current", 0.001),
        ("bar", "pressure", 1e5),
    ],
)
def test_a_unit_says_how_much_of_the_inside_unit_it_is(symbol: str, quantity: str, factor: float) -> None:
    assert unit_named(symbol, quantity=QUANTITIES[quantity]).factor == pytest.approx(factor, rel=1e-12)


def test_every_quantity_can_be_written_in_its_own_unit() -> None:
    assert all(unit_named(q.unit, quantity=q).factor == 1.0 for q in QUANTITIES.values())


@pytest.mark.parametrize(
    ("symbol", "says"), [("kWhh", "did you mean 'kWh'"), ("V", "does not measure active_energy"), ("", "one of ")]
)
def test_a_wrong_unit_is_refused_with_what_would_fit(symbol: str, says: str) -> None:
    with pytest.raises(UnitError, match=says):
        unit_named(symbol, quantity=QUANTITIES["active_energy"])


def test_no_unit_is_a_synonym_of_two_quantities_units() -> None:
    assert {unit.base for unit in UNITS.values()} == {quantity.unit for quantity in QUANTITIES.values()}


@given(scaled=st.integers(-(2**53) + 1, 2**53 - 1), decimals=st.integers(0, 6))
def test_a_stored_integer_survives_being_a_value(scaled: int, decimals: int) -> None:
    # floats of 2**50 and more have no room for six decimals: the property holds where the value does
    if abs(scaled) < 2**50:
        assert to_scaled(from_scaled(scaled, decimals=decimals), decimals=decimals) == scaled


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_stored(value: float) -> None:
    with pytest.raises(ValueError, match="not a value"):
        to_scaled(value, decimals=1)


def test_a_value_beyond_64_bits_is_not_stored() -> None:
    with pytest.raises(OverflowError, match="64 bits"):
        to_scaled(1e19, decimals=0)
