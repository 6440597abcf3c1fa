"""Sun, clouds and weather over the hotel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattledger.demo.hotel.days import MINUTES_A_DAY, Days
from wattledger.demo.hotel.noise import Floats, Integers, Noise

LATITUDE = np.radians(48.86)
LONGITUDE_DEG = 2.35
J2000_MIN = 15_778_080 + 720  # minutes from 1970 to 2000-01-01 12:00 UTC
MEAN_C, SWING_C = 12.2, 8.4  # of the daily mean over the year
COLDEST = 2 * np.pi * 20 / 365.25  # about 21 January
DAY_SWING_C = 3.6
SOLAR_W_M2 = 1098.0  # clear-sky global irradiance by Haurwitz: 1098 · sin h · exp(−0.057 / sin h)


@dataclass(frozen=True, slots=True)
class Sky:
    """The weather at each of the minutes asked for."""

    sine: Floats  # of the sun's height; negative at night
    cover: Floats  # share of the sky under clouds
    irradiance_w_m2: Floats  # on the ground
    outdoor_c: Floats


def sky_of(minutes: Integers, days: Days, noise: Noise) -> Sky:
    """The sky at these minutes since 1970, UTC."""
    sine = sun_sine(minutes)
    slow = noise.named("front").wave(minutes, period_min=2.5 * MINUTES_A_DAY)
    quick = noise.named("cloud").wave(minutes, period_min=17)
    cover = np.clip(0.48 + 0.42 * slow + (0.12 + 0.22 * (1 - np.abs(slow))) * quick, 0, 1)
    risen = np.maximum(sine, 1e-3)
    clear = np.where(sine > 0, SOLAR_W_M2 * risen * np.exp(-0.057 / risen), 0.0)
    season = MEAN_C - SWING_C * np.cos(days.year_angle - COLDEST)
    spell = 4.2 * noise.named("spell").wave(minutes, period_min=4.0 * MINUTES_A_DAY)
    daily = DAY_SWING_C * np.cos(2 * np.pi * (days.hour - 15.5) / 24) * (1.15 - 0.6 * cover)
    flutter = 0.25 * noise.named("breeze").wave(minutes, period_min=23)
    return Sky(sine, cover, clear * (1 - 0.75 * cover**3.4), season + spell + daily + flutter)


def sun_sine(minutes: Integers) -> Floats:
    """The sine of the sun's height to a tenth of a degree (Astronomical Almanac, low-precision formulas)."""
    days = (minutes - J2000_MIN) / MINUTES_A_DAY
    anomaly = np.radians(357.528 + 0.9856003 * days)
    mean = 280.460 + 0.9856474 * days
    ecliptic = np.radians(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 0.0000004 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = np.radians((18.697374558 + 24.06570982441908 * days) % 24 * 15 + LONGITUDE_DEG)
    angle = sidereal - ascension
    sine: Floats = np.sin(LATITUDE) * np.sin(declination) + np.cos(LATITUDE) * np.cos(declination) * np.cos(angle)
    return sine
