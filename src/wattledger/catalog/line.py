"""The straight line from a raw number to a value, in whole numbers: nothing is lost before the division."""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Lines:
    """Several raw numbers in whole numbers: (raw * multiplier + raw * multiplier … + offset) / divisor."""

    multipliers: tuple[int, ...]
    offset: int
    divisor: int


def line_of(slope: Fraction, offset: Fraction) -> Line:
    """The line raw * slope + offset."""
    lines = lines_of([slope], offset)
    return Line(lines.multipliers[0], lines.offset, lines.divisor)


def lines_of(slopes: Sequence[Fraction], offset: Fraction) -> Lines:
    """The sum of raw * slope for each of the slopes, + offset."""
    divisor = lcm(*(slope.denominator for slope in slopes), offset.denominator)
    return Lines(tuple(int(slope * divisor) for slope in slopes), int(offset * divisor), divisor)


def unit_factor(symbol: str, quantity: Quantity) -> Fraction:
    """How much of the quantity's inside unit one of `symbol` is, exactly; raises UnitError."""
    return Fraction(unit_named(symbol, quantity=quantity).factor).limit_denominator(MOST_DENOMINATOR)
