"""The past that is handed over: what a recorder would have recorded of the simulators."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from wattledger.catalog import device_map, load_catalog
from wattledger.demo.encoding import encode
from wattledger.demo.history import Past, Steps, Wanted, months_back, past_of, steps_of, steps_of_input, times_of
from wattledger.demo.hotel.calendar import DAY_MIN, Incident, Kind
from wattledger.demo.hotel.live import Channel
from wattledger.demo.hotel.records import keep_records
from wattledger.demo.plan import PulseInput
from wattledger.fieldbus.decoding import decode
from wattledger.measure import Aggregate, PointName

SEED, DAY = 20260618, 20_620
NOON = DAY * DAY_MIN + 720
POWER, INDEX = PointName.parse("active_power.total"), PointName.parse("active_energy.import.total")


def past(wanted: Wanted, *incidents: Incident) -> Past:
    """What was recorded of the laundry's meter around noon."""
    records = keep_records(
        {"laundry": "laundry"}, seed=SEED, first_day=DAY - 1, last_day=DAY + 1, incidents=tuple(incidents)
    )
    view = Channel(1, "laundry", 5e6).view(records)
    return past_of(records, [(view, (wanted,))], first_min=NOON - 60, end_min=NOON + 61)["s1"]


def series(name: PointName, how: Aggregate = Aggregate.LAST, steps: Steps = Steps()) -> Wanted:  # noqa: B008 - frozen
    return Wanted("s1", 1, name, how, 5, steps)


def test_slots_stand_on_the_grid_and_hold_what_the_meter_showed() -> None:
    found = past(series(INDEX, steps=Steps(step=10.0, is_counter=True)))

    assert found.slots.tolist() == list(range(NOON - 60, NOON + 61, 5))
    assert np.all(found.values % 10 == 0)
    assert np.all(np.diff(found.values) >= 0)


def test_mean_least_and_greatest_lie_around_each_other() -> None:
    mean, least, most = (past(series(POWER, how)) for how in (Aggregate.MEAN, Aggregate.MIN, Aggregate.MAX))

    assert np.all(least.values <= mean.values)
    assert np.all(mean.values <= most.values)
    assert np.any(least.values < most.values)
    index = past(series(INDEX))
    drawn_w = np.diff(index.values) * 12
    np.testing.assert_allclose(mean.values[1:], drawn_w, rtol=0.35, atol=800)


def test_who_was_silent_has_no_readings_then() -> None:
    found = past(series(INDEX), Incident("laundry", Kind.SILENCE, NOON - 7, NOON + 12))

    assert not set(range(NOON - 5, NOON + 11, 5)) & set(found.slots.tolist())
    assert {NOON - 10, NOON + 15} <= set(found.slots.tolist())


def test_months_go_back_and_leave_nothing_out() -> None:
    first = date(2025, 10, 24).toordinal() - date(1970, 1, 1).toordinal()
    end = (date(2026, 1, 2).toordinal() - date(1970, 1, 1).toordinal()) * DAY_MIN + 37

    months = months_back(first, end)

    assert [month.name for month in months] == ["2026-01", "2025-12", "2025-11", "2025-10"]
    assert (months[0].end_min, months[-1].first_min) == (end, first * DAY_MIN)
    assert all(earlier.end_min == later.first_min for later, earlier in pairwise(months))
    assert all(sum(b - a for a, b in month.pieces) == month.end_min - month.first_min for month in months)


@pytest.mark.parametrize(
    ("profile", "product", "name"),
    [
        ("hager-ecr", "ECR140D", "active_energy.import.total"),
        ("hager-ecr", "ECR380D", "active_power.total"),
        ("hager-ec366", "EC376", "active_energy.import.total"),
        ("eastron-sdm", "SDM630", "active_energy.import.total"),
        ("carlo-gavazzi-em300", "EM340", "voltage.l1-n"),
        ("siemens-pac", "PAC3200", "active_energy.import.total"),
        ("schneider-pm5000", "PM5320", "active_energy.import.total"),
    ],
)
def test_the_past_is_as_fine_as_what_is_read_of_the_same_registers(profile: str, product: str, name: str) -> None:
    known = load_catalog().profile(profile)
    point = device_map(known, known.product(product)).point(name)
    assert point is not None
    values = np.array([231.8734, 5_123.4, 1_234_567.89, 99_998_765.4, 100_003_210.9][: 1 if "voltage" in name else 5])

    shown = steps_of(point).shown(values)

    read = []
    for value in values:
        words = encode(point, float(value))
        read.append(decode(point, [words[at] for at in range(point.address, point.end)]))
    np.testing.assert_allclose(shown, read, rtol=5e-8)  # of a single float the decoder takes the shortest decimal


def test_a_pulse_counter_shows_whole_pulses() -> None:
    steps = steps_of_input(PointName.parse("water_volume"), PulseInput("water_volume", "l", 10.0))

    np.testing.assert_allclose(steps.shown(np.array([12.3456, 12.35, 12.3599])), [12.34, 12.35, 12.35])


def test_times_are_written_as_the_api_takes_them() -> None:
    assert times_of(np.array([0, 29_000_000])) == ["1970-01-01T00:00:00Z", "2025-02-19T21:20:00Z"]
