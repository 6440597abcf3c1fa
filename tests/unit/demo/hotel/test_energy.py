"""Counters of the hotel are the integral of its powers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.energy import Books, Count, Wiring, drawn, keep_books
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.noise import Floats

SEED = 20260618
FIRST_DAY = date(2026, 6, 10).toordinal() - date(1970, 1, 1).toordinal()
DAYS = 12


def wired(*circuits: str) -> dict[str, Wiring]:
    """A meter in each of these circuits, called like it."""
    return {circuit: Wiring(circuit) for circuit in circuits}


@pytest.fixture(scope="module")
def books() -> Books:
    """Twelve days of the incomer and the roof."""
    return keep_books(wired("incomer", "solar", "kitchen-hot"), seed=SEED, first_day=FIRST_DAY, days=DAYS)


@given(arrays.arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e5, 1e5, allow_subnormal=False)))
def test_drawn_minus_delivered_is_the_integral_by_trapezoids(power: Floats) -> None:
    net = drawn(power) - drawn(-power)

    np.testing.assert_allclose(net, (power[:-1] + power[1:]) / 2 / 60, atol=1e-9)
    assert np.all(drawn(power) >= 0)


def test_a_power_that_passes_through_zero_counts_its_triangle() -> None:
    np.testing.assert_allclose(drawn(np.array([-60.0, 120.0])), [120 * (120 / 180) / 2 / 60])


def test_counters_never_go_back_and_continue_over_midnight(books: Books) -> None:
    minutes = np.arange((FIRST_DAY + 3) * DAY_MIN + 700, (FIRST_DAY + 5) * DAY_MIN + 300)

    counters = books.counters(Flows(minutes, seed=SEED), "incomer")

    assert np.all(np.diff(counters, axis=1) >= 0)
    midnight = int(np.flatnonzero(minutes == (FIRST_DAY + 4) * DAY_MIN)[0])
    np.testing.assert_allclose(counters[:, midnight], books.at_midnight["incomer"][4], rtol=1e-12)


def test_pieces_of_other_lengths_count_the_same(books: Books) -> None:
    short = keep_books(wired("incomer"), seed=SEED, first_day=FIRST_DAY, days=5)

    np.testing.assert_allclose(short.at_midnight["incomer"], books.at_midnight["incomer"][:6], rtol=1e-12)
    longer = short.kept_until(books.last_day)
    np.testing.assert_allclose(longer.at_midnight["incomer"], books.at_midnight["incomer"], rtol=1e-12)
    assert longer.kept_until(books.last_day) is longer


def test_the_roof_delivers_and_the_kitchen_draws(books: Books) -> None:
    solar, kitchen = books.at_midnight["solar"][-1], books.at_midnight["kitchen-hot"][-1]

    assert solar[Count.IMPORT] == 0 < solar[Count.EXPORT]
    assert kitchen[Count.EXPORT] == 0 < kitchen[Count.IMPORT]
    assert kitchen[Count.IMPORT] == pytest.approx(kitchen[Count.IMPORT_L1 : Count.IMPORT_L3 + 1].sum())


def test_days_that_are_not_kept_are_told(books: Books) -> None:
    with pytest.raises(ValueError, match="no counters are kept"):
        books.counters(Flows(np.arange((FIRST_DAY - 1) * DAY_MIN, FIRST_DAY * DAY_MIN), seed=SEED), "incomer")
