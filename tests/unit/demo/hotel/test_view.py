"""What a meter of the hotel shows over the days in which things happen to it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from wattledger.demo.hotel.calendar import DAY_MIN, Incident, Kind
from wattledger.demo.hotel.energy import Wiring, keep_books
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.view import MeterView, Shown
from wattledger.measure import PointName

SEED = 20260618
DAY = date(2026, 6, 18).toordinal() - date(1970, 1, 1).toordinal()
NOON = DAY * DAY_MIN + 720
INDEX = PointName.parse("active_energy.import.total")
POWER = PointName.parse("active_power.total")


def shown(*incidents: Incident, first: int = NOON - 300, last: int = NOON + 300, index_wh: float = 5e6) -> Shown:
    """What the laundry's meter shows around noon."""
    books = keep_books({"laundry": Wiring("laundry", incidents)}, seed=SEED, first_day=DAY - 2, days=2)
    view = MeterView(books, "laundry", index_wh=index_wh)
    return view.show(Flows(np.arange(first, last + 1), seed=SEED), (INDEX, POWER, PointName.parse("water_volume")))


def test_a_meter_shows_its_index_and_what_has_been_counted_since() -> None:
    found = shown()

    assert set(found.values) == {INDEX, POWER}
    assert found.values[INDEX][0] > 5e6
    drawn_wh = np.sum((found.values[POWER][:-1] + found.values[POWER][1:]) / 2) / 60
    assert found.values[INDEX][-1] - found.values[INDEX][0] == pytest.approx(drawn_wh)
    assert found.answers.all()


def test_after_a_reset_the_index_counts_from_nothing() -> None:
    found = shown(Incident("laundry", Kind.RESET, NOON, NOON))

    assert found.values[INDEX][299] > 5e6
    assert found.values[INDEX][300] == pytest.approx(0, abs=1e-6)
    assert found.values[INDEX][-1] > 0


def test_a_new_meter_shows_its_own_index() -> None:
    found = shown(Incident("laundry", Kind.EXCHANGE, NOON - 40, NOON, index_wh=12_000))

    assert found.values[INDEX][300] == pytest.approx(12_000)
    assert not found.answers[260:300].any()


@pytest.mark.parametrize("first", [NOON - 300, NOON + 5])
def test_a_frozen_meter_stands_still_wherever_one_begins_to_look(first: int) -> None:
    plain = shown()
    found = shown(Incident("laundry", Kind.FREEZE, NOON, NOON + 60), first=first)

    still = (found.minutes >= NOON) & (found.minutes < NOON + 60)
    for name in (INDEX, POWER):
        np.testing.assert_allclose(found.values[name][still], plain.values[name][300])
    np.testing.assert_allclose(found.values[INDEX][-1], plain.values[INDEX][-1])


def test_what_has_not_happened_yet_changes_nothing() -> None:
    later = (DAY + 30) * DAY_MIN

    np.testing.assert_array_equal(
        shown(Incident("laundry", Kind.RESET, later, later)).values[INDEX], shown().values[INDEX]
    )
