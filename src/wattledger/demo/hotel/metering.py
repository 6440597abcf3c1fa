"""What an ideal meter in a circuit shows under each name of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wattledger.demo.hotel.energy import Count
from wattledger.demo.hotel.flows import HARMONICS, SPECTRUM, VOLTAGE_SPECTRUM, Electricity
from wattledger.demo.hotel.noise import Floats
from wattledger.measure import Direction, Phase, PointName

CONDUCTORS = {Phase.L1: 0, Phase.L2: 1, Phase.L3: 2, Phase.L1_N: 0, Phase.L2_N: 1, Phase.L3_N: 2}
PAIRS = {Phase.L1_L2: (0, 1), Phase.L2_L3: (1, 2), Phase.L3_L1: (2, 0)}
BY_THE_DEVICE = ("_average", "_demand", "_minimum", "_maximum", "_demand_maximum")
TARIFF_IN_USE = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A circuit as its meter sees it over some minutes; `counters` has one row per `Count`, with the start of each."""

    electricity: Electricity
    counters: Floats

    def value(self, name: PointName) -> Floats | None:
        """What the meter shows, in the quantity's inside unit; None: an electricity meter does not show this."""
        if name.quantity in _ENERGIES:
            return self._energy(name)
        rule = _RULES.get(_instantaneous(name.quantity))
        return None if rule is None else rule(self, name)

    def _energy(self, name: PointName) -> Floats | None:
        if name.order > TARIFF_IN_USE:
            return np.zeros(self.counters.shape[1])
        drawn, delivered = _ENERGIES[name.quantity](name.phase)
        if drawn is None:
            return None
        into: Floats = self.counters[drawn]
        out: Floats = np.zeros_like(into) if delivered is None else self.counters[delivered]
        ways = {
            Direction.IMPORT: into,
            Direction.EXPORT: out,
            Direction.NET: into - out,
            Direction.SUM: into + out,
        }
        return ways.get(name.direction) if name.direction else None


def _instantaneous(quantity: str) -> str:
    """What the device itself averages is taken for what it is: the minutes are averages already."""
    for suffix in sorted(BY_THE_DEVICE, key=len, reverse=True):
        if quantity.endswith(suffix):
            return quantity.removesuffix(suffix)
    return quantity


_Rows: TypeAlias = tuple[Count | None, Count | None]


def _active(phase: Phase | None) -> _Rows:
    if phase is Phase.TOTAL:
        return Count.IMPORT, Count.EXPORT
    return _of_conductor(phase, Count.IMPORT_L1, Count.EXPORT_L1)


def _reactive(phase: Phase | None) -> _Rows:
    if phase is Phase.TOTAL:
        return Count.REACTIVE_IMPORT, Count.REACTIVE_EXPORT
    return _of_conductor(phase, Count.REACTIVE_IMPORT_L1, Count.REACTIVE_EXPORT_L1)


def _of_conductor(phase: Phase | None, drawn: Count, delivered: Count) -> _Rows:
    place = CONDUCTORS.get(phase) if phase else None
    return (None, None) if place is None else (Count(drawn + place), Count(delivered + place))


def _apparent(phase: Phase | None) -> _Rows:
    return (Count.APPARENT, None) if phase is Phase.TOTAL else (None, None)


_ENERGIES: dict[str, Callable[[Phase | None], _Rows]] = {
    "active_energy": _active,
    "partial_active_energy": _active,
    "reactive_energy": _reactive,
    "partial_reactive_energy": _reactive,
    "apparent_energy": _apparent,
    "partial_apparent_energy": _apparent,
}


def _of_phase(rows: Floats, phase: Phase | None, total: Callable[[Floats], Floats] | None = None) -> Floats | None:
    if phase in CONDUCTORS:
        row: Floats = rows[CONDUCTORS[phase]]
        return row
    return total(rows) if total is not None and phase is Phase.TOTAL else None


def _added(rows: Floats) -> Floats:
    total: Floats = rows.sum(axis=0)
    return total


def _mean(rows: Floats) -> Floats:
    mean: Floats = rows.mean(axis=0)
    return mean


def _voltage(seen: Seen, name: PointName) -> Floats | None:
    found = seen.electricity
    if name.phase in PAIRS:
        return found.line_voltage_v(*PAIRS[name.phase])
    if name.phase is Phase.L_N:
        return _mean(found.voltage_v)
    if name.phase is Phase.L_L:
        return _mean(np.stack([found.line_voltage_v(*pair) for pair in PAIRS.values()]))
    return _of_phase(found.voltage_v, name.phase)


def _current(seen: Seen, name: PointName) -> Floats | None:
    if name.phase is Phase.N:
        return seen.electricity.neutral_a
    return (
        _mean(seen.electricity.current_a)
        if name.phase is Phase.L
        else _of_phase(seen.electricity.current_a, name.phase)
    )


def _apparent_total(seen: Seen) -> Floats:
    """The vector sum: what P, Q and D of the three phases make together."""
    flow = seen.electricity.flow
    return np.sqrt(flow.total_w**2 + flow.total_var**2 + _added(flow.distortion_va) ** 2)


def _factor(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.ones_like(numerator), where=denominator > 0)


def _power_factor(seen: Seen, name: PointName) -> Floats | None:
    if name.phase is Phase.TOTAL:
        return _factor(seen.electricity.flow.total_w, _apparent_total(seen))
    return _of_phase(seen.electricity.power_factor, name.phase)


def _displacement(seen: Seen, name: PointName) -> Floats | None:
    flow = seen.electricity.flow
    if name.phase is Phase.TOTAL:
        return _factor(flow.total_w, np.hypot(flow.total_w, flow.total_var))
    return _of_phase(_factor(flow.active_w, flow.fundamental_va), name.phase)


def _tangent(seen: Seen, name: PointName) -> Floats | None:
    flow = seen.electricity.flow
    if name.phase is Phase.TOTAL:
        return np.divide(flow.total_var, flow.total_w, out=np.zeros_like(flow.total_w), where=flow.total_w != 0)
    whole = np.divide(flow.reactive_var, flow.active_w, out=np.zeros_like(flow.active_w), where=flow.active_w != 0)
    return _of_phase(whole, name.phase)


def _angle(seen: Seen, name: PointName) -> Floats | None:
    flow = seen.electricity.flow
    return _of_phase(np.degrees(np.arctan2(flow.reactive_var, flow.active_w)), name.phase)


def _thd_voltage(seen: Seen, name: PointName) -> Floats | None:
    phase = name.phase
    if phase in PAIRS:  # orders divisible by three cancel between two phases
        return 90 * _mean(seen.electricity.thd_voltage[list(PAIRS[phase])])
    return _of_phase(100 * seen.electricity.thd_voltage, phase)


def _thd_current(seen: Seen, name: PointName) -> Floats | None:
    thd = 100 * seen.electricity.thd_current
    return _mean(thd) if name.phase is Phase.N else _of_phase(thd, name.phase)


def _harmonic(thd: Floats | None, spectrum: Floats, order: int) -> Floats | None:
    if thd is None:
        return None
    return thd * float(spectrum[HARMONICS.index(order)]) if order in HARMONICS else np.zeros_like(thd)


def _unbalance(rows: Floats) -> Floats:
    """The largest distance from the mean, in % of it (IEEE 141, 3.8)."""
    mean = _mean(rows)
    away: Floats = np.abs(rows - mean).max(axis=0)
    return 100 * np.divide(away, mean, out=np.zeros_like(away), where=mean > 0)


_Rule: TypeAlias = Callable[[Seen, PointName], "Floats | None"]

_RULES: dict[str, _Rule] = {
    "voltage": _voltage,
    "current": _current,
    "active_power": lambda seen, name: _of_phase(seen.electricity.flow.active_w, name.phase, _added),
    "reactive_power": lambda seen, name: _of_phase(seen.electricity.flow.reactive_var, name.phase, _added),
    "apparent_power": lambda seen, name: (
        _apparent_total(seen) if name.phase is Phase.TOTAL else _of_phase(seen.electricity.flow.apparent_va, name.phase)
    ),
    "frequency": lambda seen, _: seen.electricity.frequency_hz,
    "power_factor": _power_factor,
    "power_factor_ieee": _power_factor,
    "displacement_factor": _displacement,
    "tangent_phi": _tangent,
    "phase_angle": _angle,
    "thd_voltage": _thd_voltage,
    "thd_current": _thd_current,
    "tdd_current": _thd_current,
    "harmonic_voltage": lambda seen, name: _harmonic(_thd_voltage(seen, name), VOLTAGE_SPECTRUM, name.order),
    "harmonic_current": lambda seen, name: _harmonic(_thd_current(seen, name), SPECTRUM, name.order),
    "voltage_unbalance": lambda seen, _: _unbalance(seen.electricity.voltage_v),
    "current_unbalance": lambda seen, _: _unbalance(seen.electricity.current_a),
    "active_tariff": lambda seen, _: np.full(seen.counters.shape[1], float(TARIFF_IN_USE)),
}
