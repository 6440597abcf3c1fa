"""Local days of the site: 23, 24 or 25 hours (and the odd ones of odd zones), cut so that no instant is in two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=2048)
def day_start(day: date, *, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the local day begins: its first midnight, or the end of the gap that swallowed it."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def day_bounds(day: date, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end (UTC, end excluded) of a local day; consecutive days meet without gap or overlap."""
    return day_start(day, zone=zone), day_start(day + ONE_DAY, zone=zone)


def local_day(instant: datetime, *, zone: ZoneInfo) -> date:
    """The local day to which an instant belongs.

    It is the day on the wall clock, except in the rare hour that a zone repeats across midnight: there the day that
    `day_bounds` gives decides, so that days stay in one piece.
    """
    day = instant.astimezone(zone).date()
    if instant < day_start(day, zone=zone):
        return day - ONE_DAY
    if instant >= day_start(day + ONE_DAY, zone=zone):
        return day + ONE_DAY
    return day


def local_days(start: datetime, end: datetime, *, zone: ZoneInfo) -> Iterator[date]:
    """Every local day that has an instant in [start, end), in order."""
    day = local_day(start, zone=zone)
    while day_start(day, zone=zone) < end:
        yield day
        day += ONE_DAY
