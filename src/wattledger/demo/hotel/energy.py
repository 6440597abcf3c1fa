"""Counters as the exact integral of powers that run straight from minute to minute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from wattledger.demo.hotel.flows import Flow, Flows
from wattledger.demo.hotel.noise import Floats, Integers

MINUTES_AN_HOUR = 60.0
DAY_MIN = 1440
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


def counted(flow: Flow) -> Floats:
    """What each minute adds to the counters: one row per `Count`, one column less than the flow has minutes."""
    active = flow.active_w
    rows = (
        drawn(flow.total_w),
        drawn(-flow.total_w),
        drawn(flow.total_var),
        drawn(-flow.total_var),
        *(drawn(active[phase]) for phase in range(3)),
        *(drawn(-active[phase]) for phase in range(3)),
        drawn(flow.apparent_va.sum(axis=0)),
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
class Books:
    """The counters of every circuit at each midnight UTC, from the day on which the meters were wired.

    `at_midnight[key]` has one row per day and one column per `Count`; the first row is 0.
    """

    seed: int
    first_day: int  # days since 1970
    at_midnight: dict[str, Floats]

    def counters(self, flows: Flows, key: str) -> Floats:
        """The counters of a circuit at each minute of `flows`: one row per `Count`.

        Raises ValueError for minutes before the first day or beyond the last one kept.
        """
        first = int(flows.minutes[0])
        day = first // DAY_MIN
        kept = self.at_midnight[key]
        if not 0 <= day - self.first_day < len(kept):
            raise ValueError(f"no counters are kept for day {day}")
        start = kept[day - self.first_day]
        if first % DAY_MIN:
            before = Flows(np.arange(day * DAY_MIN, first + 1), seed=self.seed)
            start = start + counted(before.flow(key)).sum(axis=1)
        since = np.cumsum(counted(flows.flow(key)), axis=1)
        counters: Floats = start[:, None] + np.pad(since, ((0, 0), (1, 0)))
        return counters


def keep_books(keys: tuple[str, ...], *, seed: int, first_day: int, days: int) -> Books:
    """Work out the counters of these circuits for each midnight of so many days."""
    totals: dict[str, list[Floats]] = {key: [np.zeros((1, len(Count)))] for key in keys}
    for start in range(first_day, first_day + days, PIECE_DAYS):
        ahead = min(PIECE_DAYS, first_day + days - start)
        flows = Flows(np.arange(start * DAY_MIN, (start + ahead) * DAY_MIN + 1), seed=seed)
        for key in keys:
            per_day = counted(flows.flow(key)).reshape(len(Count), ahead, DAY_MIN).sum(axis=2)
            totals[key].append(totals[key][-1][-1] + np.cumsum(per_day.T, axis=0))
    return Books(seed, first_day, {key: np.concatenate(parts) for key, parts in totals.items()})


def minutes_between(first: int, last: int) -> Integers:
    """The whole minutes from the one to the other, both included."""
    return np.arange(first, last + 1, dtype=np.int64)
