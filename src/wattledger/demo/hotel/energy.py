"""Counters as the exact integral of powers that run straight from minute to minute."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from wattledger.demo.hotel.calendar import DAY_MIN, Incident
from wattledger.demo.hotel.flow import Flow
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.incidents import as_wired
from wattledger.demo.hotel.noise import Floats, Integers

MINUTES_AN_HOUR = 60.0
PIECE_DAYS = 8  # worked out at a time: some megabytes


class Count(IntEnum):
    """What a meter counts, as the rows of an array; Wh, varh and VAh."""

    IMPORT = 0  # of the three phases together
    EXPORT = 1
    REACTIVE_IMPORT = 2
    REACTIVE_EXPORT = 3
    IMPORT_L1 = 4
    IMPORT_L2 = 5
    IMPORT_L3 = 6
    EXPORT_L1 = 7
    EXPORT_L2 = 8
    EXPORT_L3 = 9
    APPARENT = 10  # VAh, whichever way the power flows
    REACTIVE_IMPORT_L1 = 11
    REACTIVE_IMPORT_L2 = 12
    REACTIVE_IMPORT_L3 = 13
    REACTIVE_EXPORT_L1 = 14
    REACTIVE_EXPORT_L2 = 15
    REACTIVE_EXPORT_L3 = 16


def index_shares(*, generates: bool) -> Floats:
    """What each counter of a meter that was in use before shows of its index: as after years in such a circuit."""
    shares = np.zeros(len(Count))
    total, phases = (Count.EXPORT, Count.EXPORT_L1) if generates else (Count.IMPORT, Count.IMPORT_L1)
    shares[total] = 1.0
    shares[phases : phases + 3] = 1 / 3
    shares[Count.REACTIVE_IMPORT] = 0.25
    shares[Count.REACTIVE_IMPORT_L1 : Count.REACTIVE_IMPORT_L3 + 1] = 0.25 / 3
    shares[Count.APPARENT] = 1.1
    return shares


def counted(flow: Flow) -> Floats:
    """What each minute adds to the counters: one row per `Count`, one column less than the flow has minutes."""
    active, reactive = flow.active_w, flow.reactive_var
    rows = (
        drawn(flow.total_w),
        drawn(-flow.total_w),
        drawn(flow.total_var),
        drawn(-flow.total_var),
        *(drawn(active[phase]) for phase in range(3)),
        *(drawn(-active[phase]) for phase in range(3)),
        drawn(flow.apparent_va.sum(axis=0)),
        *(drawn(reactive[phase]) for phase in range(3)),
        *(drawn(-reactive[phase]) for phase in range(3)),
    )
    return np.stack(rows)


def drawn(power: Floats) -> Floats:
    """The integral of the positive part between each two nodes, in Wh for W and minutes.

    Where the power passes through zero the positive part is a triangle.
    """
    before, after = power[:-1], power[1:]
    straight = (np.maximum(before, 0) + np.maximum(after, 0)) / 2
    crossing = (before * after) < 0
    span = np.abs(before) + np.abs(after)
    high = np.maximum(before, after)
    triangle = np.divide(high**2, 2 * span, out=np.zeros_like(span), where=crossing)
    energy: Floats = np.where(crossing, triangle, straight) / MINUTES_AN_HOUR
    return energy


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which circuit a meter sits in, and what happened to it since the opening."""

    circuit: str
    incidents: tuple[Incident, ...] = ()

    def flow(self, flows: Flows) -> Flow:
        """What reaches the meter's inputs."""
        return as_wired(flows.flow(self.circuit), flows.minutes, self.incidents)


@dataclass(frozen=True, slots=True)
class Books:
    """What each meter has counted at each midnight UTC, from the opening on; what is shown follows in `view`.

    `at_midnight[key]` has one row per day and one column per `Count`; the first row is 0.
    """

    seed: int
    first_day: int  # days since 1970
    wirings: dict[str, Wiring]
    at_midnight: dict[str, Floats]
    changes: tuple[Incident, ...] = ()  # of what flows

    def flows(self, minutes: Integers) -> Flows:
        """What flows in the hotel of these books."""
        return Flows(minutes, seed=self.seed, changes=self.changes)

    @property
    def last_day(self) -> int:
        """The day whose midnight is the last one kept; its minutes can still be counted."""
        return self.first_day + len(next(iter(self.at_midnight.values()))) - 1

    def counters(self, flows: Flows, key: str) -> Floats:
        """What the meter has counted at each minute of `flows`: one row per `Count`.

        Raises ValueError for minutes before the opening or beyond the last day.
        """
        first = int(flows.minutes[0])
        day = first // DAY_MIN
        if not self.first_day <= day <= self.last_day:
            raise ValueError(f"no counters are kept for day {day}")
        start = self.at_midnight[key][day - self.first_day]
        wiring = self.wirings[key]
        if first % DAY_MIN:
            before = self.flows(np.arange(day * DAY_MIN, first + 1))
            start = start + counted(wiring.flow(before)).sum(axis=1)
        since = np.cumsum(counted(wiring.flow(flows)), axis=1)
        counters: Floats = start[:, None] + np.pad(since, ((0, 0), (1, 0)))
        return counters

    def kept_until(self, day: int) -> Books:
        """The same books with the days until this one; themselves when they reach that far."""
        if day <= self.last_day:
            return self
        blank = replace(self, first_day=self.last_day, at_midnight={})
        more = _days(blank, day - self.last_day)
        return replace(
            self,
            at_midnight={
                key: np.concatenate([kept, kept[-1] + more[key][1:]]) for key, kept in self.at_midnight.items()
            },
        )


def keep_books(
    wirings: dict[str, Wiring], *, seed: int, first_day: int, days: int, changes: tuple[Incident, ...] = ()
) -> Books:
    """Work out what these meters have counted at each midnight of so many days."""
    blank = Books(seed, first_day, wirings, {}, changes)
    return replace(blank, at_midnight=_days(blank, days))


def _days(blank: Books, days: int) -> dict[str, Floats]:
    totals: dict[str, list[Floats]] = {key: [np.zeros((1, len(Count)))] for key in blank.wirings}
    last = blank.first_day + days
    for start in range(blank.first_day, last, PIECE_DAYS):
        ahead = min(PIECE_DAYS, last - start)
        flows = blank.flows(np.arange(start * DAY_MIN, (start + ahead) * DAY_MIN + 1))
        for key, wiring in blank.wirings.items():
            per_day = counted(wiring.flow(flows)).reshape(len(Count), ahead, DAY_MIN).sum(axis=2)
            totals[key].append(totals[key][-1][-1] + np.cumsum(per_day.T, axis=0))
    return {key: np.concatenate(parts) for key, parts in totals.items()}
