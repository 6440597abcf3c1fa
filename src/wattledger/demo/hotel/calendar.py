"""What happened in the hotel's thirteen months: each incident at its day, the same for the history and for the judge.

Days count from the opening, the first day of history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from wattledger.demo.hotel.noise import Integers

DAY_MIN = 1440
GRID = "grid"  # what concerns the supply, and so every meter
FOR_GOOD = 2**40  # later than any minute that is asked for


class Kind(StrEnum):
    """What can happen: to a meter, or to what it measures."""

    RESET = "reset"  # its counters begin again at 0
    EXCHANGE = "exchange"  # another one of the same type is put in its place, with an index of its own
    SILENCE = "silence"  # it answers nothing
    FREEZE = "freeze"  # it answers, but values and counters stand still
    REVERSED_CT = "reversed_ct"  # the current of one phase counts the wrong way
    # a roll-over needs no entry: the meter of the lighting was wired with an index near its end
    DIP = "dip"  # the voltage of one phase falls
    OVERLOAD = "overload"  # something more is drawn in a circuit
    TRIP = "trip"  # a breaker opens its circuit

    @property
    def is_true(self) -> bool:
        """Whether it changes what flows, not only what a meter shows of it."""
        return self in {Kind.DIP, Kind.OVERLOAD, Kind.TRIP}


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens to one device or circuit; `end_min` is the first minute after it, of an instant its start.

    `phase` counts from 0. `index_wh` is what the new meter of an exchange begins with. `extent` is the power of an
    overload in W, and of a dip the share of the voltage that stays.
    """

    device: str
    kind: Kind
    start_min: int  # since 1970, UTC
    end_min: int
    phase: int = 0
    index_wh: float = 0.0
    extent: float = 0.0

    def lasts(self, minutes: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether it is going on, at each minute."""
        return (minutes >= self.start_min) & (minutes < self.end_min)


def calendar(opening_day: int) -> tuple[Incident, ...]:
    """All incidents of the history that begins on this day (days since 1970)."""

    def at(day: int, hour: float) -> int:
        return (opening_day + day) * DAY_MIN + round(hour * 60)

    return (
        Incident(GRID, Kind.DIP, at(58, 15.4), at(58, 15.4) + 2, phase=2, extent=0.71),
        Incident("laundry", Kind.RESET, at(96, 10.7), at(96, 10.7)),
        Incident("unmetered", Kind.OVERLOAD, at(140, 11.2), at(140, 11.2) + 33, extent=52_000),
        Incident("hot-water", Kind.EXCHANGE, at(171, 8.9), at(171, 9.6), index_wh=12_000),
        Incident("kitchen-cold", Kind.TRIP, at(190, 2.6), at(190, 5.9)),
        Incident("air-handling", Kind.SILENCE, at(212, 16.2), at(219, 9.1)),
        Incident("offices", Kind.FREEZE, at(248, 5.4), at(249, 11.3)),
        Incident("chiller", Kind.REVERSED_CT, at(283, 13.0), at(297, 9.5), phase=1),
        Incident("pool", Kind.SILENCE, at(301, 2.2), at(301, 6.8)),  # both units behind the gateway
        Incident("garden", Kind.SILENCE, at(301, 2.2), at(301, 6.8)),
    )


def true_ones(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those that change what flows."""
    return tuple(one for one in incidents if one.kind.is_true)


def those_of(incidents: Iterable[Incident], device: str) -> tuple[Incident, ...]:
    """Those that change what this device shows, in the order of their time."""
    mine = [one for one in incidents if one.device == device and not one.kind.is_true]
    return tuple(sorted(mine, key=lambda one: one.start_min))
