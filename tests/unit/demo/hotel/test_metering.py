"""What a meter in a circuit shows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.energy import Books, Wiring, keep_books
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.metering import Seen
from wattledger.demo.hotel.noise import Floats
from wattledger.measure import PointName

SEED = 20260618
DAY = date(2026, 6, 18).toordinal() - date(1970, 1, 1).toordinal()


@pytest.fixture(scope="module")
def books() -> Books:
    """Two days."""
    return keep_books({"incomer": Wiring("incomer"), "solar": Wiring("solar")}, seed=SEED, first_day=DAY - 1, days=2)


@pytest.fixture(scope="module", params=["incomer", "solar"])
def seen(request: pytest.FixtureRequest, books: Books) -> Seen:
    """The incomer or the roof on a day in June."""
    flows = Flows(np.arange(DAY * DAY_MIN, (DAY + 1) * DAY_MIN + 1)[:-1], seed=SEED)
    return Seen(flows.electricity(request.param), books.counters(flows, request.param))


def shown(seen: Seen, name: str) -> Floats:
    """What the meter shows under this name."""
    value = seen.value(PointName.parse(name))
    assert value is not None, name
    return value


@pytest.mark.parametrize("quantity", ["active_power", "reactive_power"])
def test_the_total_is_the_sum_of_the_phases(seen: Seen, quantity: str) -> None:
    phases = sum(shown(seen, f"{quantity}.l{phase}") for phase in (1, 2, 3))

    np.testing.assert_allclose(shown(seen, f"{quantity}.total"), phases)


def test_a_power_factor_is_the_quotient_of_what_is_shown_beside_it(seen: Seen) -> None:
    for phase in ("l1", "l3", "total"):
        power, apparent = shown(seen, f"active_power.{phase}"), shown(seen, f"apparent_power.{phase}")
        np.testing.assert_allclose(shown(seen, f"power_factor.{phase}") * apparent, power, atol=1e-6)


def test_net_and_sum_are_made_of_both_directions(seen: Seen) -> None:
    into, out = shown(seen, "active_energy.import.total"), shown(seen, "active_energy.export.total")

    np.testing.assert_allclose(shown(seen, "active_energy.net.total"), into - out)
    np.testing.assert_allclose(shown(seen, "active_energy.sum.total"), into + out)


def test_one_tariff_is_in_use_and_holds_all(seen: Seen) -> None:
    np.testing.assert_array_equal(
        shown(seen, "active_energy.import.total.t1"), shown(seen, "active_energy.import.total")
    )
    assert not shown(seen, "active_energy.import.total.t2").any()


def test_harmonics_add_up_to_the_distortion(seen: Seen) -> None:
    for quantity in ("voltage", "current"):
        squares = sum(shown(seen, f"harmonic_{quantity}.l2.h{order}") ** 2 for order in (3, 5, 7, 9, 11))
        np.testing.assert_allclose(np.sqrt(squares), shown(seen, f"thd_{quantity}.l2"))


def test_what_the_meter_averages_itself_is_shown_too(seen: Seen) -> None:
    np.testing.assert_array_equal(shown(seen, "active_power_demand_maximum.total"), shown(seen, "active_power.total"))


@pytest.mark.parametrize("name", ["water_volume", "device_temperature", "reactive_energy.q1.total"])
def test_what_no_such_meter_shows_is_not_there(seen: Seen, name: str) -> None:
    assert seen.value(PointName.parse(name)) is None
