"""What an input measures is said by who wired it: the one point of its product, named and scaled anew."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from wattledger.catalog.errors import UnfitMeasureError
from wattledger.catalog.line import Line, line_of, unit_factor
from wattledger.catalog.mapped import DeviceMap, MappedPoint
from wattledger.measure import Nature, PointName, Quantity

NO_UNIT = "1"
MOST_DECIMALS = 9


class Measured(Protocol):
    """What somebody says that an input measures: raw * `slope` + `intercept` is `measures` in `unit`."""

    @property
    def measures(self) -> str:
        """The name of the point."""

    @property
    def unit(self) -> str:
        """The unit of what is said; empty: the quantity's inside unit."""

    @property
    def slope(self) -> Fraction:
        """What one step of the raw number is worth, in `unit`."""

    @property
    def intercept(self) -> Fraction:
        """The value where the raw number is 0, in `unit`."""


def measuring(mapped: DeviceMap, measured: Measured) -> DeviceMap:
    """The map of a product with one point, which measures what is said.

    A counter stays one, a gauge a gauge and a state a state, and what has a unit keeps it: a temperature input never
    measures a pressure. A counter is recorded finely enough for one step of it. Raises PointNameError and UnitError for
    what the vocabulary does not have, UnfitMeasureError for a quantity that the input cannot measure.
    """
    (point,) = mapped.points
    name = PointName.parse(measured.measures)
    offered, wanted = point.name.measures, name.measures
    if wanted.nature is not offered.nature or offered.unit not in (NO_UNIT, wanted.unit):
        raise UnfitMeasureError(f"{mapped.product} measures {_kind_of(offered)}, {name.quantity} is none")
    unit = unit_factor(measured.unit or name.measures.unit, name.measures)
    line = line_of(measured.slope * unit, measured.intercept * unit)
    renamed = replace(
        point,
        name=name,
        multiplier=line.multiplier,
        offset=line.offset,
        divisor=line.divisor,
        decimals=_decimals(point, name, line),
    )
    return replace(mapped, points=(renamed,))


def _kind_of(quantity: Quantity) -> str:
    return f"a {quantity.nature}" if quantity.unit == NO_UNIT else f"a {quantity.nature} in {quantity.unit}"


def _decimals(point: MappedPoint, name: PointName, line: Line) -> int:
    """As many as the quantity has, or as the step and the start of a counter need to be told exactly."""
    usual = name.measures.decimals
    if point.name.measures.nature is not Nature.COUNTER:
        return usual
    exact = (digits for digits in range(usual, MOST_DECIMALS + 1) if _is_whole(line, digits))
    return next(exact, usual)  # a third of a unit cannot be told exactly however fine


def _is_whole(line: Line, digits: int) -> bool:
    finer: int = 10**digits
    return line.multiplier * finer % line.divisor == 0 and line.offset * finer % line.divisor == 0
