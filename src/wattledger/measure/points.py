"""Point names: how one measured quantity of a device is called, the same across makes.

A name is composed of up to four parts, `quantity[.direction][.phase][.order]`, each from the vocabulary:
`active_power.total`, `active_energy.import.total`, `voltage.l1-n`, `harmonic_voltage.l1.h5`, `frequency`.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from wattledger.measure.errors import PointNameError
from wattledger.measure.quantities import MOST_HARMONIC, MOST_TARIFF, QUANTITIES, Direction, OrderKind, Phase, Quantity

_DIRECTIONS = {direction.value: direction for direction in Direction}
_PHASES = {phase.value: phase for phase in Phase}
_MOST_ORDER = {OrderKind.HARMONIC: MOST_HARMONIC, OrderKind.TARIFF: MOST_TARIFF}
_LEAST_ORDER = {OrderKind.HARMONIC: 2, OrderKind.TARIFF: 1}  # the first harmonic is the fundamental itself


@dataclass(frozen=True, slots=True, order=True)
class PointName:
    """A name that the vocabulary allows; `str()` gives its one spelling and `PointName.parse` takes it back.

    `order` is the harmonic or the tariff register, 0 where the quantity has none or all tariffs are meant.
    """

    quantity: str
    direction: Direction | None = None
    phase: Phase | None = None
    order: int = 0

    def __post_init__(self) -> None:
        _check(self)

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> PointName:
        """The point called `text`; raises PointNameError that says which part is wrong and what would fit."""
        return _parse(text)

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(quantity: str, *, direction: str | None = None, phase: str | None = None, order: int = 0) -> PointName:
        """The point made of these parts, as a database or a message holds them; raises PointNameError."""
        try:
            return PointName(
                quantity, Direction(direction) if direction else None, Phase(phase) if phase else None, order
            )
        except PointNameError:
            raise
        except ValueError as error:
            raise PointNameError(f"point {quantity!r}: {error}") from error

    @property
    def measures(self) -> Quantity:
        """The quantity that this point measures, with its unit and resolution."""
        return QUANTITIES[self.quantity]

    def __str__(self) -> str:
        parts = [self.quantity]
        if self.direction:
            parts.append(self.direction.value)
        if self.phase:
            parts.append(self.phase.value)
        if self.order and self.measures.order:
            parts.append(f"{self.measures.order.value}{self.order}")
        return ".".join(parts)


def _parse(text: str) -> PointName:
    name, *rest = text.split(".")
    quantity = _quantity(name, text)
    direction = _DIRECTIONS[rest.pop(0)] if rest and rest[0] in _DIRECTIONS else None
    phase = _PHASES[rest.pop(0)] if rest and rest[0] in _PHASES else None
    order = _order(rest.pop(0), quantity, text) if rest else 0
    if rest:
        raise PointNameError(f"point {text!r}: nothing may follow the order, found {'.'.join(rest)!r}")
    return PointName(name, direction, phase, order)


def _quantity(name: str, text: str) -> Quantity:
    if name in QUANTITIES:
        return QUANTITIES[name]
    near = get_close_matches(name, QUANTITIES, n=3)
    advice = f"did you mean {' or '.join(near)}?" if near else "see the list of quantities"
    raise PointNameError(f"point {text!r}: unknown quantity {name!r}; {advice}")


def _order(part: str, quantity: Quantity, text: str) -> int:
    digits = part[1:]
    fits = quantity.order is not None and part[:1] == quantity.order.value
    if not (fits and digits.isascii() and digits.isdecimal() and not digits.startswith("0")):
        raise PointNameError(f"point {text!r}: {part!r} is neither a direction, a phase nor an order of this quantity")
    return int(digits)


def _check(point: PointName) -> None:
    quantity = _quantity(point.quantity, point.quantity)
    _check_member(point.quantity, "direction", point.direction, quantity.directions)
    _check_member(point.quantity, "phase", point.phase, quantity.phases)
    if not point.order:
        if quantity.order_required:
            raise PointNameError(f"point {point}: the order is missing, for example 'h5'")
        return
    if quantity.order is None:
        raise PointNameError(f"point {point.quantity!r} has no order, found {point.order}")
    least, most = _LEAST_ORDER[quantity.order], _MOST_ORDER[quantity.order]
    if not least <= point.order <= most:
        raise PointNameError(f"point {point}: the order lies between {least} and {most}")


def _check_member(
    name: str, part: str, given: Direction | Phase | None, allowed: frozenset[Direction] | frozenset[Phase]
) -> None:
    if given is None and not allowed:
        return
    if given is None or given not in allowed:
        choice = ", ".join(sorted(allowed)) or "none"
        raise PointNameError(f"point {name!r}: {part} {given or 'missing'}; allowed: {choice}")
