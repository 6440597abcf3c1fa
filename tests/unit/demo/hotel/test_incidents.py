"""What incidents do to what a meter shows, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from wattledger.demo.hotel.calendar import Incident, Kind, calendar
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.incidents import answers, as_counted, as_frozen, as_wired, marks_needed

MINUTES = np.arange(1000, 1100)
TRUE = np.stack([np.arange(100) * 10.0, np.arange(100) * 1.0])  # counters that rise evenly


def shown(*incidents: Incident) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The counters as the meter shows them."""
    marks = {minute: TRUE[:, minute - 1000] for minute in marks_needed(incidents)}
    return as_counted(TRUE, MINUTES, incidents, marks, shares=np.array([1.0, 0.5]))


def test_a_reset_begins_again_at_nothing() -> None:
    found = shown(Incident("x", Kind.RESET, 1040, 1040))

    assert found[0, 39] == 390
    assert found[0, 40] == 0
    assert found[0, 41] == 10


def test_a_new_meter_goes_on_from_its_own_index() -> None:
    found = shown(Incident("x", Kind.EXCHANGE, 1030, 1040, index_wh=12_000))

    assert found[0, 40] == 12_000
    assert found[0, 99] == 12_000 + 590


def test_a_reset_after_an_exchange_begins_at_nothing_too() -> None:
    found = shown(Incident("x", Kind.EXCHANGE, 1030, 1040, index_wh=12_000), Incident("x", Kind.RESET, 1070, 1070))

    assert found[0, 69] == 12_290
    assert found[0, 70] == 0
    assert found[1, 99] == 29


def test_a_frozen_meter_shows_the_minute_in_which_it_stood_still() -> None:
    found = as_frozen(MINUTES, [Incident("x", Kind.FREEZE, 1010, 1020)])

    assert set(found[10:20]) == {1010}
    assert (found[9], found[20]) == (1009, 1020)


def test_who_is_silent_or_just_being_exchanged_does_not_answer() -> None:
    found = answers(MINUTES, [Incident("x", Kind.SILENCE, 1010, 1020), Incident("x", Kind.EXCHANGE, 1050, 1055)])

    assert list(np.flatnonzero(~found)) == [*range(10, 20), *range(50, 55)]


def test_a_reversed_transformer_turns_one_phase_for_its_time() -> None:
    flow = Flows(MINUTES, seed=1).flow("chiller")

    wired = as_wired(flow, MINUTES, [Incident("x", Kind.REVERSED_CT, 1010, 1020, phase=1)])

    np.testing.assert_array_equal(wired.active_w[1, 10:20], -flow.active_w[1, 10:20])
    np.testing.assert_array_equal(wired.active_w[1, 20:], flow.active_w[1, 20:])
    np.testing.assert_array_equal(wired.active_w[0], flow.active_w[0])


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_happens_within_the_thirteen_months(kind: Kind) -> None:
    found = [incident for incident in calendar(20_000) if incident.kind is kind]

    assert found
    assert all(20_000 * 1440 < one.start_min <= one.end_min < 20_390 * 1440 for one in found)


def test_what_happens_to_a_circuit_is_drawn_through_its_feeders_and_a_dip_is_everywhere() -> None:
    plain = Flows(MINUTES, seed=1)
    changes = (
        Incident("kitchen-cold", Kind.TRIP, 1010, 1020),
        Incident("unmetered", Kind.OVERLOAD, 1030, 1040, extent=50_000),
        Incident("grid", Kind.DIP, 1050, 1052, phase=2, extent=0.7),
    )
    found = Flows(MINUTES, seed=1, changes=changes)

    assert found.flow("kitchen-cold").total_w[10:20].max() == 0
    assert np.all(found.flow("kitchen").total_w[10:20] < plain.flow("kitchen").total_w[10:20])
    more_w = found.flow("incomer").total_w - plain.flow("incomer").total_w
    assert more_w[30:40].min() > 50_000
    assert np.abs(more_w[60:]).max() == 0
    dipped = found.electricity("spa")
    assert np.flatnonzero(dipped.voltage_v[2] < 170).tolist() == [50, 51]
    assert dipped.voltage_v[:2].min() > 220
    np.testing.assert_allclose(dipped.current_a * dipped.voltage_v, dipped.flow.apparent_va)
