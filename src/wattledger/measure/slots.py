"""Slots: the scheduled times for which readings stand, on the wall clock of the site and stored as UTC.

A slot is an instant whose local wall clock shows a whole number of intervals since midnight. Most intervals divide the
hour and give one uniform grid; the 50-minute interval starts anew at each local midnight, and zones that change their
offset by half an hour break the others' grid on that day. So slots are enumerated per local day, never computed by
adding intervals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from wattledger.measure.days import ONE_DAY, day_bounds, local_day, local_days
from wattledger.measure.errors import IntervalError

INTERVALS_MIN = (1, 5, 10, 15, 20, 30, 50, 60)
MOST_TOLERANCE_S = 60.0
MINUTES_A_DAY = 24 * 60


def check_interval(minutes: int) -> int:
    """`minutes` when it is an interval that can be recorded; raises IntervalError otherwise."""
    if minutes not in INTERVALS_MIN:
        raise IntervalError(f"{minutes} minutes is no recording interval; one of {', '.join(map(str, INTERVALS_MIN))}")
    return minutes


def tolerance_s(minutes: int) -> float:
    """How long after its slot an answer still stands for it: half the interval, at most a minute."""
    return min(minutes * 60 / 2, MOST_TOLERANCE_S)


@lru_cache(maxsize=256)
def slots_of_day(day: date, minutes: int, zone: ZoneInfo) -> tuple[datetime, ...]:
    """All slots (UTC, in order) of one local day; both passes of a repeated hour have theirs."""
    check_interval(minutes)
    start, end = day_bounds(day, zone=zone)
    # The day as the wall clock counts it, and its neighbours where a repeated midnight reaches over.
    walls = (
        datetime.combine(near, time(), tzinfo=zone) + timedelta(minutes=minute)
        for near in (day - ONE_DAY, day, day + ONE_DAY)
        for minute in range(0, MINUTES_A_DAY, minutes)
    )
    instants = {wall.replace(fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)}
    return tuple(sorted(t for t in instants if start <= t < end and is_slot(t, minutes=minutes, zone=zone)))


def is_slot(instant: datetime, *, minutes: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock of the site shows a whole number of intervals since midnight."""
    wall = instant.astimezone(zone)
    return (wall.hour * 60 + wall.minute) % minutes == 0 and not wall.second and not wall.microsecond


def slot_at_or_before(instant: datetime, *, minutes: int, zone: ZoneInfo) -> datetime:
    """The latest slot that is not after `instant`."""
    day = local_day(instant, zone=zone)
    while True:
        slots = slots_of_day(day, minutes, zone)
        position = bisect_right(slots, instant)
        if position:
            return slots[position - 1]
        day -= ONE_DAY


def next_slot(instant: datetime, *, minutes: int, zone: ZoneInfo) -> datetime:
    """The earliest slot that is after `instant`."""
    day = local_day(instant, zone=zone)
    while True:
        slots = slots_of_day(day, minutes, zone)
        position = bisect_right(slots, instant)
        if position < len(slots):
            return slots[position]
        day += ONE_DAY


def slots_between(start: datetime, end: datetime, *, minutes: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Every slot in [start, end), in order."""
    for day in local_days(start, end, zone=zone):
        slots = slots_of_day(day, minutes, zone)
        yield from slots[bisect_left(slots, start) : bisect_left(slots, end)]
