"""What the meters of the hotel show, minute by minute: truth, incidents and the index that each began with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.hotel.energy import DAY_MIN, Books, index_shares
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.incidents import Kind, answers, as_counted, as_frozen, marks_needed
from wattledger.demo.hotel.metering import Seen
from wattledger.demo.hotel.noise import Floats, Integers
from wattledger.measure import PointName


@dataclass(frozen=True, slots=True)
class Shown:
    """What one meter shows over some minutes; `answers` is False where nobody answers."""

    minutes: Integers
    answers: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    values: dict[PointName, Floats]


class MeterView:
    """One meter of the hotel; `index_wh` is what its counters showed on the opening."""

    def __init__(self, books: Books, key: str, *, index_wh: float = 0.0) -> None:
        self._books = books
        self._key = key
        wiring = books.wirings[key]
        self._shares = index_shares(generates=CIRCUITS[wiring.circuit].generates)
        self._index = index_wh * self._shares
        self._incidents = wiring.incidents
        self._marks = {minute: self._counted(minute) for minute in marks_needed(self._incidents)}

    def show(self, flows: Flows, names: Iterable[PointName]) -> Shown:
        """What it shows at the minutes of `flows`, of the names that such a meter has."""
        minutes = flows.minutes
        seen, wanted = self._seen(flows), tuple(names)
        values = {name: value for name in wanted if (value := seen.value(name)) is not None}
        frozen = as_frozen(minutes, self._incidents)
        for start in {incident.start_min for incident in self._incidents if incident.kind is Kind.FREEZE}:
            still = (frozen == start) & (minutes != start)
            if still.any():
                held = self._seen(Flows(np.array([start]), seed=self._books.seed))
                values = {name: np.where(still, _only(held.value(name)), value) for name, value in values.items()}
        return Shown(minutes, answers(minutes, self._incidents), values)

    def _seen(self, flows: Flows) -> Seen:
        wiring = self._books.wirings[self._key]
        electricity = replace(flows.electricity(wiring.circuit), flow=wiring.flow(flows))
        counters = self._books.counters(flows, self._key) + self._index[:, None]
        shown = as_counted(counters, flows.minutes, self._incidents, self._marks, shares=self._shares)
        return Seen(electricity, shown)

    def _counted(self, minute: int) -> Floats:
        if minute // DAY_MIN > self._books.last_day:
            return np.zeros_like(self._index)  # it has not happened yet, and changes nothing until then
        counters: Floats = self._books.counters(Flows(np.array([minute]), seed=self._books.seed), self._key)[:, 0]
        return counters + self._index


def _only(value: Floats | None) -> float:
    return float("nan") if value is None else float(value[0])
