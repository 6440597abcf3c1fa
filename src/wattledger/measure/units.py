"""Units: what devices, files and people write, and how it becomes the unit used inside."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from wattledger.measure.errors import UnitError
from wattledger.measure.quantities import QUANTITIES, Quantity

JOULE_PER_WATT_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement: one of it is `factor` of the inside unit `base`."""

    symbol: str
    base: str
    factor: float


_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_PREFIXED = ("W", "var", "VA", "Wh", "varh", "VAh")

UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        *(Unit(prefix + base, base, factor) for base in _PREFIXED for prefix, factor in _PREFIXES.items()),
        *(Unit(prefix + "J", "Wh", factor / JOULE_PER_WATT_HOUR) for prefix, factor in _PREFIXES.items()),
        *(Unit(base, base, 1.0) for base in sorted({quantity.unit for quantity in QUANTITIES.values()} - {*_PREFIXED})),
        Unit("mV", "V", 1e-3),
        Unit("kV", "V", 1e3),
        Unit("mA", "A", 1e-3),
        Unit("kA", "A", 1e3),
        Unit("mHz", "Hz", 1e-3),
        Unit("l", "m³", 1e-3),
        Unit("dm³", "m³", 1e-3),
        Unit("m3", "m³", 1.0),
        Unit("l/h", "m³/h", 1e-3),
        Unit("m3/h", "m³/h", 1.0),
        Unit("K", "°C", 1.0),  # a difference; absolute kelvins need the profile's offset
        Unit("degC", "°C", 1.0),
        Unit("deg", "°", 1.0),
        Unit("hPa", "Pa", 1e2),
        Unit("kPa", "Pa", 1e3),
        Unit("bar", "Pa", 1e5),
        Unit("mbar", "Pa", 1e2),
        Unit("min", "s", 60.0),
        Unit("h", "s", 3600.0),
        Unit("d", "s", 86400.0),
    )
}


def unit_named(symbol: str, *, quantity: Quantity) -> Unit:
    """The unit written as `symbol`, checked to measure `quantity`; raises UnitError that names what would fit."""
    unit = UNITS.get(symbol)
    fitting = [known.symbol for known in UNITS.values() if known.base == quantity.unit]
    if unit is None:
        near = get_close_matches(symbol, UNITS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(fitting)}"
        raise UnitError(f"unknown unit {symbol!r}; {advice}")
    if unit.base != quantity.unit:
        raise UnitError(f"unit {symbol!r} does not measure {quantity.name}; one of {', '.join(fitting)}")
    return unit
