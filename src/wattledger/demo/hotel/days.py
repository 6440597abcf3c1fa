"""The hotel's local time: hour, weekday, season, holidays and how many rooms are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from wattledger.demo.hotel.noise import Floats, Integers, Noise

ZONE = ZoneInfo("Europe/Paris")
MINUTES_A_DAY = 1440
FIRST_ORDINAL = date(1970, 1, 1).toordinal()
# share of rooms taken, January to December: a town that lives of congresses in spring and autumn, of guests in summer
SEASON = (0.48, 0.52, 0.60, 0.66, 0.74, 0.80, 0.84, 0.82, 0.76, 0.68, 0.56, 0.58)
WEEKDAY = (0.92, 0.98, 1.0, 1.0, 1.05, 1.12, 0.86)  # Monday to Sunday


@dataclass(frozen=True, slots=True)
class Days:
    """What the calendar says of each of the minutes asked for."""

    hour: Floats  # local, 0 to 24
    ordinal: Integers  # proleptic day number of the local date
    weekday: Integers  # 0 is Monday
    is_holiday: Floats  # 1 on the public holidays of France
    occupancy: Floats  # share of the rooms that are taken, 0 to 1
    year_angle: Floats  # 0 on 1 January, 2π a year later


def days_of(minutes: Integers, noise: Noise) -> Days:
    """The calendar at these minutes since 1970, UTC."""
    hours, inverse = np.unique(minutes // 60, return_inverse=True)
    offsets = np.array([_offset_min(int(hour)) for hour in hours], dtype=np.int64)
    local = minutes + offsets[inverse]
    day, within = np.divmod(local, MINUTES_A_DAY)
    numbers, place = np.unique(day, return_inverse=True)
    dates = [date.fromordinal(FIRST_ORDINAL + int(number)) for number in numbers]
    luck = noise.named("occupancy").uniform(numbers)
    taken = np.array([occupancy_on(day, float(chance)) for day, chance in zip(dates, luck, strict=True)])
    return Days(
        hour=within / 60.0,
        ordinal=(numbers + FIRST_ORDINAL)[place],
        weekday=np.array([day.weekday() for day in dates], dtype=np.int64)[place],
        is_holiday=np.array([float(day in holidays(day.year)) for day in dates])[place],
        occupancy=taken[place],
        year_angle=np.array([2 * np.pi * (day.timetuple().tm_yday - 1) / 365.25 for day in dates])[place],
    )


@cache
def _offset_min(hour: int) -> int:
    offset = datetime.fromtimestamp(hour * 3600, UTC).astimezone(ZONE).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60


def occupancy_on(day: date, chance: float) -> float:
    """The share of the rooms taken on this day; `chance` in [0, 1) is the day's luck."""
    season = SEASON[day.month - 1]
    feast = 1.15 if any(day + timedelta(days=ahead) in holidays(day.year) for ahead in range(-1, 2)) else 1.0
    return min(1.0, season * WEEKDAY[day.weekday()] * feast * (0.88 + 0.24 * chance))


@cache
def holidays(year: int) -> frozenset[date]:
    """The public holidays of France (Code du travail, L3133-1)."""
    easter = easter_sunday(year)
    moving = {easter + timedelta(days=after) for after in (1, 39, 50)}
    fixed = {
        date(year, month, day) for month, day in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    }
    return frozenset(moving | fixed)


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
