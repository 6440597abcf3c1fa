"""Rows of local days: what a day's readings come to, so that a year is drawn without reading it.

A row covers the readings of one local day that lie in one sealed file and share their decimals. Where a day lies in two
files, as most do in the file of a UTC day, its rows add up to the day. In the file of a day the rows of all series are
one blob; in that of a year each series has its own (`day_codec`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.columns import Ints
from wattledger.archive.embedded.scaled import Scaled
from wattledger.archive.validation import instant
from wattledger.measure import Quality, day_start, local_days

# from the least to the most doubtful; the quality of several readings is that of the most doubtful
BY_DOUBT = np.array(
    [Quality.GOOD, Quality.LATE, Quality.CORRECTED, Quality.RESET, Quality.ESTIMATED, Quality.UNCERTAIN], dtype=np.uint8
)
DOUBTS = np.argsort(BY_DOUBT)  # by quality


@dataclass(frozen=True, slots=True)
class DayRows:
    """Columns of equal length, one entry per row; values are scaled integers."""

    series: Ints
    decimals: Ints
    first_slots: Ints
    last_slots: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    lows: Ints
    highs: Ints
    sums: NDArray[np.float64]
    doubts: Ints

    def __len__(self) -> int:
        return len(self.series)

    def are_in_order(self) -> bool:
        """Whether they stand by series and time."""
        rises = np.diff(self.series)
        return bool(((rises > 0) | ((rises == 0) & (np.diff(self.first_slots) >= 0))).all())

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> DayRows:
        return DayRows(*(getattr(self, column.name)[which] for column in fields(self)))

    def only(self, which: NDArray[np.bool_]) -> DayRows:
        """Those for which `which` is set; most often that is all of them."""
        return self if which.all() else self.picked(which)


NO_INTS: Ints = np.empty(0, np.int64)
NO_ROWS = DayRows(
    NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, NO_INTS, np.empty(0, np.float64), NO_INTS
)


def midnights(start: int, end: int, *, zone: ZoneInfo) -> Ints:
    """The beginnings (seconds) of the local days that have an instant in [start, end)."""
    days = local_days(instant(start), instant(end), zone=zone)
    return np.array([int(day_start(day, zone=zone).timestamp()) for day in days], dtype=np.int64)


def rows_of(series: int, readings: Scaled, bounds: Ints) -> DayRows:
    """The rows of one series' readings, cut at `bounds`."""
    shown = readings.shown()
    if not len(shown):
        return NO_ROWS
    keys = np.searchsorted(bounds, shown.slots, side="right") * 64 + shown.decimals
    if (keys[1:] < keys[:-1]).any():  # decimals that alternate within a day
        order = np.argsort(keys, kind="stable")
        shown, keys = shown.picked(order), keys[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    last = np.concatenate((first[1:], [len(keys)])) - 1
    return DayRows(
        np.full(len(first), series, dtype=np.int64),
        shown.decimals[first].astype(np.int64),
        shown.slots[first],
        shown.slots[last],
        last - first + 1,
        shown.values[first],
        shown.values[last],
        np.minimum.reduceat(shown.values, first),
        np.maximum.reduceat(shown.values, first),
        np.add.reduceat(shown.values.astype(np.float64), first),
        np.maximum.reduceat(DOUBTS[shown.qualities], first),
    )


def rows_joined(parts: Sequence[DayRows]) -> DayRows:
    """The rows of all parts, by series and time."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_ROWS
    if len(parts) == 1:
        whole = parts[0]
    else:
        whole = DayRows(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(DayRows)))
    return whole if whole.are_in_order() else whole.picked(np.lexsort((whole.first_slots, whole.series)))
