"""What the readings of longer stretches of time come to: from the readings, or from the rows of local days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.day_filing import ZONE, zone_key
from wattledger.archive.embedded.days import BY_DOUBT, DOUBTS, DayRows, rows_joined, rows_of
from wattledger.archive.embedded.periods import Period, Span
from wattledger.archive.embedded.scaled import POWERS
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.staging import staged
from wattledger.archive.interface import Buckets
from wattledger.archive.validation import LEAST_DECIMALS
from wattledger.measure import Quality

Ints = NDArray[np.int64]
Days = NDArray[np.intp]  # numbers of the stretches between bounds


def buckets(snapshot: Snapshot, series: Sequence[int], bounds: Ints) -> dict[int, Buckets]:
    """The readings of each series between one bound and the next. Raises SealedGoneError."""
    readings = snapshot.readings(series, start=int(bounds[0]), end=int(bounds[-1]))
    return _merged(rows_joined([rows_of(each, found, bounds) for each, found in readings.items()]), series, bounds)


def daily(snapshot: Snapshot, series: Sequence[int], bounds: Ints, *, zone: ZoneInfo) -> dict[int, Buckets]:
    """As `buckets`, where `bounds` are midnights of `zone`. Raises SealedGoneError.

    What is sealed is taken from its rows, to which the frames add theirs. Days over which something lies, or whose rows
    are of the days of another zone, are taken from the readings; where those are gone, such rows are what there is, and
    uncertain.
    """
    wanted = [each for each in dict.fromkeys(series) if each not in snapshot.forgotten]
    ordered = sorted(wanted)
    parts = _parts(snapshot, ordered, bounds, zone=zone)
    unsettled = np.zeros(len(bounds) - 1, dtype=np.bool_)
    for start, end in parts.of_other_days:
        unsettled[_overlapped(bounds, start, end)] = True
    overlaid = np.tile(unsettled, (len(ordered), 1))  # a row per series, a column per day
    start, end = int(bounds[0]), int(bounds[-1])
    for layer in (
        snapshot.late(wanted, start=start, end=end),
        staged(snapshot.connection, wanted, start=start, end=end),
    ):
        for each, readings in layer.items():
            overlaid[ordered.index(each), _numbers(readings.slots, bounds)] = True

    places = np.searchsorted(np.array(ordered, dtype=np.int64), parts.rows.series)
    rows = parts.rows.only(~overlaid[places, _numbers(parts.rows.first_slots, bounds)])
    read = [
        rows_of(each, found, bounds)
        for days, of_days in _alike(ordered, overlaid)
        for first, behind in _stretches(days)
        for each, found in snapshot.readings(of_days, start=int(bounds[first]), end=int(bounds[behind])).items()
    ]
    return _merged(rows_joined([rows, *read]), series, bounds)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Rows of the wanted days, and the stretches of time of which there are readings but no such rows."""

    rows: DayRows
    of_other_days: list[tuple[int, int]]


def _parts(snapshot: Snapshot, wanted: Sequence[int], bounds: Ints, *, zone: ZoneInfo) -> _Parts:
    start, end, sealed = int(bounds[0]), int(bounds[-1]), snapshot.sealed
    rows: list[DayRows] = []
    zones: dict[str, object] = {}  # of the rows of months, by the key in the file of their year
    for name in sealed.of(Span.YEAR, start=start, end=end):
        with sealed.opened(name) as file:
            if file is not None:
                zones |= file.file.meta
                rows.append(file.days(wanted))
    months = sealed.of(Span.MONTH, start=start, end=end)
    others = [(m.period.start, m.period.end) for m in months if zones.get(zone_key(m.period)) != zone.key]
    for name in sealed.of(Span.DAY, start=start, end=end):
        with sealed.opened(name) as file:
            if file is None or file.file.meta.get(ZONE) != zone.key:
                others.append((name.period.start, name.period.end))
            else:
                rows.append(file.days(wanted))
    framed = snapshot.framed(wanted, start=start, end=end)
    whole = rows_joined([*rows, *(rows_of(each, found, bounds) for each, found in framed.items())])
    inside = whole.only((whole.first_slots >= start) & (whole.first_slots < end))
    return _Parts(_doubted(inside, zones, zone=zone), others)


def _doubted(rows: DayRows, zones: dict[str, object], *, zone: ZoneInfo) -> DayRows:
    """The rows, of which those that were cut at the midnights of another zone are uncertain."""
    for key, of_rows in zones.items():
        if key.startswith(f"{ZONE} ") and of_rows != zone.key:
            month = Period(key.removeprefix(f"{ZONE} "))
            of_month = (rows.first_slots >= month.start) & (rows.first_slots < month.end)
            rows.doubts[of_month] = DOUBTS[Quality.UNCERTAIN]
    return rows


def _numbers(slots: Ints, bounds: Ints) -> Days:
    """Between which bounds each slot lies."""
    return np.searchsorted(bounds, slots, side="right") - 1


def _overlapped(bounds: Ints, start: int, end: int) -> slice:
    """The stretches that have a second of [start, end)."""
    if end <= bounds[0] or start >= bounds[-1]:
        return slice(0, 0)
    first = max(0, int(np.searchsorted(bounds, start, side="right")) - 1)
    return slice(first, int(np.searchsorted(bounds, end, side="left")))


def _alike(series: Sequence[int], overlaid: NDArray[np.bool_]) -> list[tuple[NDArray[np.bool_], list[int]]]:
    """The days that are to be read, and the series of which just these are."""
    found: dict[bytes, tuple[NDArray[np.bool_], list[int]]] = {}
    for each, days in zip(series, overlaid, strict=True):
        found.setdefault(days.tobytes(), (days, []))[1].append(each)
    return list(found.values())


def _stretches(days: NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """The runs of days that are set, each as its first and the one behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], days, [False]))))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _merged(rows: DayRows, series: Collection[int], bounds: Ints) -> dict[int, Buckets]:
    """The rows of each series added up between the bounds."""
    numbers = _numbers(rows.first_slots, bounds)
    if not _are_in_order(rows, numbers):
        order = np.lexsort((rows.last_slots, numbers, rows.series))
        rows, numbers = rows.picked(order), numbers[order]
    scale = POWERS[rows.decimals - LEAST_DECIMALS]
    first = np.flatnonzero(np.diff(rows.series, prepend=-1) | np.diff(numbers, prepend=-1))
    if not len(first):
        return dict.fromkeys(series, NO_BUCKETS)
    last = np.concatenate((first[1:], [len(rows)])) - 1
    counts = np.add.reduceat(rows.counts, first)
    whole = Buckets(
        bounds[numbers[first]],
        counts,
        (rows.lasts / scale)[last],
        np.add.reduceat(rows.sums / scale, first) / counts,
        np.minimum.reduceat(rows.lows / scale, first),
        np.maximum.reduceat(rows.highs / scale, first),
        BY_DOUBT[np.maximum.reduceat(rows.doubts, first)],
    )
    of_bucket, asked = rows.series[first], np.array([*series], dtype=np.int64)
    firsts, behind = (np.searchsorted(of_bucket, asked, side=side).tolist() for side in ("left", "right"))
    return {each: whole.picked(slice(*range_)) for each, *range_ in zip(series, firsts, behind, strict=True)}


def _are_in_order(rows: DayRows, numbers: Days) -> bool:
    """Whether they stand by series and bucket, and in each by their last slots."""
    return rows.are_in_order() and bool(((np.diff(rows.last_slots) > 0) | (np.diff(numbers) != 0)).all())


NO_BUCKETS = Buckets(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.float64),
    np.empty(0, np.float64),
    np.empty(0, np.float64),
    np.empty(0, np.float64),
    np.empty(0, np.uint8),
)
