"""The hotel's calendar and its sky."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from wattledger.demo.hotel.days import days_of, easter_sunday, holidays
from wattledger.demo.hotel.noise import Noise
from wattledger.demo.hotel.sky import sun_sine

SEED = 20260618


@pytest.mark.parametrize(
    ("year", "easter"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter_moves(year: int, easter: date) -> None:
    assert easter_sunday(year) == easter


def test_france_rests_on_eleven_days_a_year() -> None:
    assert len(holidays(2026)) == 11
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)} < holidays(2026)


def test_hours_are_local_also_on_the_day_of_the_change() -> None:
    start = int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp()) // 60

    found = days_of(np.arange(start, start + 240, 60), Noise(SEED))

    assert list(found.hour) == [0, 1, 3, 4]
    assert set(found.weekday) == {6}


@pytest.mark.parametrize(
    ("moment", "height_deg"),
    [  # at noon it stands 90° − latitude + declination high
        (datetime(2026, 6, 21, 11, 53, tzinfo=UTC), 64.6),
        (datetime(2026, 12, 21, 11, 49, tzinfo=UTC), 17.7),
        (datetime(2026, 3, 20, 12, 0, tzinfo=UTC), 41.1),
    ],
)
def test_the_sun_stands_where_it_stands(moment: datetime, height_deg: float) -> None:
    sine = sun_sine(np.array([int(moment.timestamp()) // 60]))

    assert float(np.degrees(np.arcsin(sine[0]))) == pytest.approx(height_deg, abs=0.3)


def test_chance_is_even_and_waves_stay_within_their_bounds() -> None:
    noise = Noise(SEED)
    numbers = noise.uniform(np.arange(100_000))

    assert 0 <= numbers.min() < numbers.max() < 1
    assert np.histogram(numbers, bins=10, range=(0, 1))[0].std() < 150
    assert np.abs(noise.wave(np.arange(10_000), period_min=7)).max() <= 1


@pytest.mark.parametrize("duty", [0.0, 0.3, 0.8, 1.0])
def test_what_switches_runs_for_its_share_of_the_time(duty: float) -> None:
    minutes = np.arange(60_000)

    runs = Noise(SEED).switching(minutes, np.full(len(minutes), duty), period_min=30)

    assert runs.mean() == pytest.approx(duty, abs=0.02)
