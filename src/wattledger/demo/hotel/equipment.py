"""What devices of the hotel show besides electricity: switches, transfer switch, direct current, their own warmth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wattledger.demo.hotel.calendar import Incident, Kind
from wattledger.demo.hotel.energy import Count
from wattledger.demo.hotel.loads import Moment
from wattledger.demo.hotel.metering import Seen
from wattledger.demo.hotel.noise import Floats
from wattledger.measure import Direction, PointName

INVERTER_YIELD = 0.976  # alternating over direct current
STRING_V, SAG_V = 612.0, 34.0  # of the direct current: at little sun, and what full sun takes off it
FULL_SUN_W = 30_000.0
IDLE_C = 28.0  # inside a device that carries nothing, above 0 °C outside
TEST_WEEKDAY, TEST_HOUR, TEST_LASTS_H = 0, 10.0, 0.25  # the genset is tried on Monday morning
SLEEPING, RUNNING = 2.0, 4.0  # states of an inverter, SunSpec models 101 to 103
NET, GENSET = 1.0, 2.0  # sources of the transfer switch
CLOSED_BEFORE = 412.0  # operations of the breaker before the opening
WEAR_PER_TRIP = 1.5  # % of the contacts


@dataclass(frozen=True, slots=True)
class Equipment:
    """A device in its circuit over some minutes; `trips` are those that opened it."""

    seen: Seen
    moment: Moment
    trips: tuple[Incident, ...] = ()

    def value(self, name: PointName) -> Floats | None:
        """What the device shows under this name; None: it knows no such thing."""
        electrical = self.seen.value(name)
        if electrical is not None:
            return electrical
        rule = _RULES.get(name.quantity)
        return None if rule is None else rule(self, name)

    @property
    def _delivered_w(self) -> Floats:
        delivered: Floats = np.maximum(-self.seen.electricity.flow.total_w, 0)
        return delivered

    @property
    def dc_power_w(self) -> Floats:
        """What comes from the roof."""
        power: Floats = self._delivered_w / INVERTER_YIELD
        return power

    @property
    def dc_voltage_v(self) -> Floats:
        """Of the string; nothing without sun."""
        power = self.dc_power_w
        lit: Floats = np.where(power > 0, STRING_V - SAG_V * power / FULL_SUN_W, 0.0)
        return lit

    @property
    def dc_current_a(self) -> Floats:
        """Power over voltage."""
        voltage = self.dc_voltage_v
        current: Floats = np.divide(self.dc_power_w, voltage, out=np.zeros_like(voltage), where=voltage > 0)
        return current

    @property
    def warmth_c(self) -> Floats:
        """Inside the device: its surroundings, and what its load heats."""
        load = np.abs(self.seen.electricity.flow.total_w) / FULL_SUN_W
        warmth: Floats = IDLE_C + 0.3 * (self.moment.sky.outdoor_c - 12) + 22 * np.minimum(load, 1.2) ** 2
        return warmth

    @property
    def is_tested(self) -> Floats:
        """1 while the genset is tried and carries the load."""
        hour, days = self.moment.hour, self.moment.days
        tested = (days.weekday == TEST_WEEKDAY) & (hour >= TEST_HOUR) & (hour < TEST_HOUR + TEST_LASTS_H)
        shown: Floats = tested.astype(np.float64)
        return shown

    @property
    def is_open(self) -> Floats:
        """1 while the breaker stands open."""
        opened = np.zeros(len(self.moment.minutes))
        for trip in self.trips:
            opened[trip.lasts(self.moment.minutes)] = 1.0
        return opened

    @property
    def trips_so_far(self) -> Floats:
        """How often the breaker has tripped since the opening."""
        so_far = np.zeros(len(self.moment.minutes))
        for trip in self.trips:
            so_far += self.moment.minutes >= trip.start_min
        return so_far

    @property
    def operations(self) -> Floats:
        """Each trip opens the breaker once and is ended by closing it once."""
        closed = np.zeros(len(self.moment.minutes))
        for trip in self.trips:
            closed += self.moment.minutes >= trip.end_min
        return CLOSED_BEFORE + self.trips_so_far + closed


def _dc_energy(equipment: Equipment, name: PointName) -> Floats | None:
    delivered: Floats = equipment.seen.counters[Count.EXPORT] / INVERTER_YIELD
    return delivered if name.direction is Direction.EXPORT else None


_Rule: TypeAlias = Callable[[Equipment, PointName], "Floats | None"]

_RULES: dict[str, _Rule] = {
    "dc_power": lambda one, _: one.dc_power_w,
    "dc_voltage": lambda one, _: one.dc_voltage_v,
    "dc_current": lambda one, _: one.dc_current_a,
    "dc_energy": _dc_energy,
    "device_temperature": lambda one, _: one.warmth_c,
    "device_status": lambda one, _: np.where(one.dc_power_w > 0, RUNNING, SLEEPING),
    "alarm_state": lambda one, _: np.zeros(len(one.moment.minutes)),
    "switch_position": lambda one, _: 1 - one.is_open,
    "tripped": lambda one, _: one.is_open,
    "trips": lambda one, _: one.trips_so_far,
    "operations": lambda one, _: one.operations,
    "contact_wear": lambda one, _: 18 + WEAR_PER_TRIP * one.trips_so_far,
    "source_in_use": lambda one, _: np.where(one.is_tested > 0, GENSET, NET),
}


def trips_of(changes: tuple[Incident, ...], circuit: str) -> tuple[Incident, ...]:
    """The trips of the breaker in this circuit."""
    return tuple(one for one in changes if one.kind is Kind.TRIP and one.device == circuit)
