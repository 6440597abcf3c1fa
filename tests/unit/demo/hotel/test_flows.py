"""What flows in the hotel: parts add up, electricity fits itself, and the same question has the same answer."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.hotel.flows import HARMONICS, SPECTRUM, Flows
from wattledger.demo.hotel.noise import Integers

SEED = 20260618


def minutes_of(first: str, last: str) -> Integers:
    """The minutes from one UTC time to the other."""
    start, end = (int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60 for text in (first, last))
    return np.arange(start, end + 1)


@pytest.fixture(scope="module")
def june() -> Flows:
    """Eight days in June."""
    return Flows(minutes_of("2026-06-12", "2026-06-20"), seed=SEED)


@pytest.mark.parametrize("key", [key for key, circuit in CIRCUITS.items() if circuit.parts])
def test_a_feeder_draws_what_its_parts_draw_and_the_loss_of_its_cable(june: Flows, key: str) -> None:
    parts = sum(june.flow(part).active_w for part in CIRCUITS[key].parts)
    lost = june.flow(key).active_w - parts

    assert np.all(lost >= 0)
    assert 0 < lost.sum() / np.abs(june.flow(key).active_w).sum() < 0.02


@pytest.mark.parametrize("key", sorted(CIRCUITS))
def test_current_voltage_and_powers_fit_each_other(june: Flows, key: str) -> None:
    found = june.electricity(key)
    flow = found.flow

    np.testing.assert_allclose(flow.apparent_va, found.voltage_v * found.current_a)
    np.testing.assert_allclose(
        flow.apparent_va**2, flow.active_w**2 + flow.reactive_var**2 + flow.distortion_va**2, atol=1e-6
    )
    np.testing.assert_allclose(found.power_factor * flow.apparent_va, np.where(flow.apparent_va > 0, flow.active_w, 0))
    assert np.all(np.abs(found.power_factor) <= 1)
    assert 207 < found.voltage_v.min() < found.voltage_v.max() < 253  # EN 50160: ±10 %


def test_line_voltages_are_about_the_root_of_three_of_phase_voltages(june: Flows) -> None:
    found = june.electricity("incomer")

    for first, second in ((0, 1), (1, 2), (2, 0)):
        mean = (found.voltage_v[first] + found.voltage_v[second]) / 2
        np.testing.assert_allclose(found.line_voltage_v(first, second), mean * np.sqrt(3), rtol=1e-4)


def test_the_orders_of_a_current_add_up_to_its_distortion() -> None:
    assert len(SPECTRUM) == len(HARMONICS)
    assert np.sum(SPECTRUM**2) == pytest.approx(1)


def test_the_sun_makes_power_by_day_alone_and_most_near_noon(june: Flows) -> None:
    made = -june.flow("solar").total_w

    assert np.all(made >= 0)
    assert np.all(made[june.moment.sky.sine < 0] == 0)
    best = june.moment.hour[np.argmax(made)]
    assert 11 < best < 16  # the clock of summer is two hours before the sun's


def test_a_winter_day_needs_gas_and_a_summer_day_gives_sun(june: Flows) -> None:
    winter = Flows(minutes_of("2026-01-12", "2026-01-20"), seed=SEED)

    assert winter.moment.sky.outdoor_c.mean() < 9 < 14 < june.moment.sky.outdoor_c.mean()
    assert june.flow("solar").total_w.sum() < 2 * winter.flow("solar").total_w.sum() < 0


def test_any_stretch_has_the_values_of_any_other_that_holds_it(june: Flows) -> None:
    part = Flows(june.minutes[1700:1900], seed=SEED)

    for key in CIRCUITS:
        np.testing.assert_array_equal(part.flow(key).active_w, june.flow(key).active_w[:, 1700:1900])


def test_another_seed_is_another_hotel(june: Flows) -> None:
    other = Flows(june.minutes[:1440], seed=SEED + 1)

    assert not np.array_equal(other.flow("incomer").active_w, june.flow("incomer").active_w[:, :1440])
