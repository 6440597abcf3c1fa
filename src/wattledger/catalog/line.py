"""The straight line from a raw number to a value, in whole numbers: nothing is lost before the division."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from wattledger.measure import Quantity, unit_named

MOST_DENOMINATOR = 10**6  # unit factors are ratios of small numbers (1/1000, 1/3600); floats only approach them


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in whole numbers: (raw * multiplier + offset) / divisor."""

    multiplier: int
    offset: int
    divisor: int


def line_of(slope: Fraction, offset: Fraction) -> Line:
    """The line raw * slope + offset."""
    divisor = lcm(slope.denominator, offset.denominator)
    return Line(int(slope * divisor), int(offset * divisor), divisor)


def unit_factor(symbol: str, quantity: Quantity) -> Fraction:
    """How much of the quantity's inside unit one of `symbol` is, exactly; raises UnitError."""
    return Fraction(unit_named(symbol, quantity=quantity).factor).limit_denominator(MOST_DENOMINATOR)
