"""Whether a number of registers can be the quantity that a profile takes it for; pure.

A slip in a scale is a factor of ten or more, so the bounds are wide: what the smallest device must be able to show, and
the coarsest step with which one still tells anything. In the units used inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wattledger.catalog.mapped import MappedPoint
from wattledger.catalog.registers import RegisterType
from wattledger.measure import Kind, Quantity


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is plausible: the highest value that fits is at least `least_top`, one step at most `most_step`."""

    least_top: float
    most_step: float


OF_UNIT: Mapping[str, Bounds] = {
    "V": Bounds(least_top=48, most_step=100),  # an auxiliary supply; a line of 400 kV told in hundredths of a kilovolt
    "A": Bounds(least_top=5, most_step=10),  # the secondary side of a transformer; a breaker of 6300 A
    "W": Bounds(least_top=1_000, most_step=100_000),
    "var": Bounds(least_top=1_000, most_step=100_000),
    "VA": Bounds(least_top=1_000, most_step=100_000),
    "Hz": Bounds(least_top=65, most_step=1),
    "Wh": Bounds(least_top=1_000_000, most_step=1_000_000),
    "varh": Bounds(least_top=1_000_000, most_step=1_000_000),
    "VAh": Bounds(least_top=1_000_000, most_step=1_000_000),
    "m³": Bounds(least_top=1_000, most_step=10),
    "m³/h": Bounds(least_top=1, most_step=1),
    "°C": Bounds(least_top=50, most_step=1),
    "%": Bounds(least_top=50, most_step=1),
    "°": Bounds(least_top=90, most_step=1),
    "Pa": Bounds(least_top=50_000, most_step=100_000),
    "s": Bounds(least_top=3_600_000, most_step=86_400),
}
FACTOR = Bounds(least_top=1, most_step=0.1)  # of power factors and their kin


def bounds_of(quantity: Quantity) -> Bounds | None:
    """The bounds of a quantity; None: any number will do."""
    if quantity.kind is Kind.POWER_FACTOR and quantity.unit == "1":
        return FACTOR
    return OF_UNIT.get(quantity.unit)


def implausible(point: MappedPoint) -> str:
    """Why the scale of a point cannot be right, in words; empty: it can, or its values may lie anywhere."""
    bounds = bounds_of(point.name.measures)
    if bounds is None or point.type.is_float or point.type is RegisterType.BITS or point.exponent_at is not None:
        return ""
    unit = point.name.measures.unit
    bits = 16 * point.type.words - point.type.is_signed
    top = (((1 << bits) - 1) * abs(point.multiplier) + point.offset) / point.divisor
    if top < bounds.least_top:
        return f"the highest value of a {point.type} is {_short(top)} {unit}"
    if abs(point.scale) > bounds.most_step:
        return f"one step of it is {_short(abs(point.scale))} {unit}"
    return ""


def _short(number: float) -> str:
    return f"{number:,.6g}"
