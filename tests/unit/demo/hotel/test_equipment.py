"""What inverter, breaker and transfer switch show besides electricity."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from wattledger.demo.hotel.calendar import DAY_MIN, Incident, Kind
from wattledger.demo.hotel.energy import Wiring, keep_books
from wattledger.demo.hotel.noise import Floats
from wattledger.demo.hotel.view import MeterView
from wattledger.measure import PointName

SEED = 20260618
DAY = date(2026, 6, 15).toordinal() - date(1970, 1, 1).toordinal()  # a Monday
MIDNIGHT = DAY * DAY_MIN


def shown(circuit: str, *names: str, changes: tuple[Incident, ...] = ()) -> dict[str, Floats]:
    """What the device in a circuit shows over the day, by name."""
    books = keep_books({"x": Wiring(circuit)}, seed=SEED, first_day=DAY, days=1, changes=changes)
    flows = books.flows(np.arange(MIDNIGHT, MIDNIGHT + DAY_MIN))
    found = MeterView(books, "x").show(flows, [PointName.parse(name) for name in names]).values
    return {str(name): value for name, value in found.items()}


def test_direct_current_carries_what_is_delivered_and_the_loss_of_the_inverter() -> None:
    found = shown("solar", "dc_power", "dc_voltage", "dc_current", "active_power.total", "device_status")

    lit = found["dc_power"] > 100
    np.testing.assert_allclose(found["dc_voltage"] * found["dc_current"], found["dc_power"], atol=1e-6)
    assert np.all(found["dc_power"][lit] > -found["active_power.total"][lit])
    assert 500 < found["dc_voltage"][lit].min() < found["dc_voltage"].max() < 700
    assert (found["device_status"][120], found["device_status"][720]) == (2, 4)


def test_a_breaker_that_trips_is_open_counts_it_and_wears() -> None:
    trip = Incident("kitchen-cold", Kind.TRIP, MIDNIGHT + 600, MIDNIGHT + 660)
    names = ("switch_position", "tripped", "trips", "operations", "contact_wear", "active_power.total")
    found = shown("kitchen-cold", *names, changes=(trip,))

    assert found["switch_position"][[599, 600, 659, 660]].tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(found["tripped"], 1 - found["switch_position"])
    assert found["active_power.total"][600:660].max() == 0 < found["active_power.total"][:600].min()
    assert (found["trips"][599], found["trips"][600]) == (0, 1)
    assert np.diff(found["operations"])[[599, 659]].tolist() == [1, 1]
    assert found["contact_wear"][-1] > found["contact_wear"][0]


def test_the_generator_set_is_tried_on_monday_morning() -> None:
    source = shown("lift", "source_in_use")["source_in_use"]

    assert np.flatnonzero(source == 2).tolist() == list(range(8 * 60, 8 * 60 + 15))  # 10:00 in summer is 8:00 UTC
    assert set(source) == {1, 2}


@pytest.mark.parametrize("name", ["water_volume", "outdoor_temperature"])
def test_what_an_electrical_device_cannot_know_is_not_shown(name: str) -> None:
    assert shown("lift", name) == {}
