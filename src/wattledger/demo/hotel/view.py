"""What the meters of the hotel show, minute by minute: truth, incidents and the index that each began with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from wattledger.demo.hotel.calendar import DAY_MIN, Kind
from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.hotel.energy import Books, index_shares
from wattledger.demo.hotel.equipment import Equipment, trips_of
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.incidents import answers, as_counted, as_frozen, marks_needed
from wattledger.demo.hotel.metering import Seen
from wattledger.demo.hotel.noise import Floats, Integers
from wattledger.demo.hotel.volumes import Volume
from wattledger.measure import PointName

Booleans = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one meter shows over some minutes; `answers` is False where nobody answers."""

    minutes: Integers
    answers: Booleans
    values: dict[PointName, Floats]


class MeterView:
    """One meter of the hotel; `index_wh` is what its counters showed on the opening."""

    def __init__(self, books: Books, key: str, *, index_wh: float = 0.0) -> None:
        self._books = books
        self._key = key
        wiring = books.wirings[key]
        self._circuit = wiring.circuit
        self._trips = trips_of(books.changes, wiring.circuit)
        self._shares = index_shares(generates=CIRCUITS[wiring.circuit].generates)
        self._index = index_wh * self._shares
        self._incidents = wiring.incidents
        self._marks = {minute: self._counted(minute) for minute in marks_needed(self._incidents)}

    def show(self, flows: Flows, names: Iterable[PointName]) -> Shown:
        """What it shows at the minutes of `flows`, of the names that such a device has."""
        minutes = flows.minutes
        values = self._values(flows, tuple(names))
        frozen = as_frozen(minutes, self._incidents)
        for start in {incident.start_min for incident in self._incidents if incident.kind is Kind.FREEZE}:
            still = (frozen == start) & (minutes != start)
            if still.any():
                held = self._values(self._books.flows(np.array([start])), tuple(values))
                values = {name: np.where(still, held[name][0], value) for name, value in values.items()}
        return Shown(minutes, answers(minutes, self._incidents), values)

    def _values(self, flows: Flows, names: tuple[PointName, ...]) -> dict[PointName, Floats]:
        equipment = Equipment(self._seen(flows), flows.moment, self._trips)
        found = {name: equipment.value(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def _seen(self, flows: Flows) -> Seen:
        wiring = self._books.wirings[self._key]
        electricity = replace(flows.electricity(wiring.circuit), flow=wiring.flow(flows))
        counters = self._books.counters(flows, self._key) + self._index[:, None]
        shown = as_counted(counters, flows.minutes, self._incidents, self._marks, shares=self._shares)
        return Seen(electricity, shown)

    def _counted(self, minute: int) -> Floats:
        if minute // DAY_MIN > self._books.last_day:
            return np.zeros_like(self._index)  # it has not happened yet, and changes nothing until then
        counters: Floats = self._books.counters(self._books.flows(np.array([minute])), self._key)[:, 0]
        return counters + self._index


class FluidView:
    """The meter of a fluid; `index_m3` is what it showed on the opening."""

    def __init__(self, volume: Volume, *, index_m3: float = 0.0) -> None:
        self._volume = volume
        self._index_m3 = index_m3

    def show(self, flows: Flows, names: Iterable[PointName]) -> Shown:
        """What it shows at the minutes of `flows`: its volume and what flows."""
        minutes = flows.minutes
        known = {
            f"{self._volume.fluid}_volume": self._index_m3 + self._volume.counted(minutes),
            "volume_flow": self._volume.flow_m3_h(minutes),
        }
        values = {name: known[name.quantity] for name in names if name.quantity in known}
        return Shown(minutes, np.ones(len(minutes), dtype=np.bool_), values)
