"""What is kept of the hotel's meters: the same from the file, over midnight, and after something was switched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wattledger.demo.hotel.calendar import DAY_MIN, Incident, Kind
from wattledger.demo.hotel.live import Channel, LiveChannels
from wattledger.demo.hotel.records import Records, keep_records, load_records, save_records
from wattledger.demo.hotel.volumes import Volume
from wattledger.measure import PointName

SEED, DAY = 20260618, 20_620
WIRED = {"laundry": "laundry", "incomer": "incomer"}
INDEX, POWER = PointName.parse("active_energy.import.total"), PointName.parse("active_power.total")
NOON_S = (DAY * DAY_MIN + 720) * 60.0


@pytest.fixture(scope="module")
def records() -> Records:
    """Two days and the beginning of a third."""
    return keep_records(WIRED, seed=SEED, first_day=DAY - 2, last_day=DAY)


def live(records: Records, *incidents: Incident) -> LiveChannels:
    """The laundry's meter."""
    return LiveChannels(records.with_incidents(incidents), [Channel(1, "laundry", 5e6, (INDEX, POWER))])


def test_what_was_kept_in_a_file_is_the_same_again(records: Records, tmp_path: Path) -> None:
    save_records(records, tmp_path / "records.npz")

    found = load_records(tmp_path / "records.npz", WIRED, seed=SEED, first_day=DAY - 2)

    assert found is not None
    np.testing.assert_array_equal(found.books.at_midnight["incomer"], records.books.at_midnight["incomer"])
    np.testing.assert_array_equal(found.volumes["gas"].at_midnight, records.volumes["gas"].at_midnight)


def test_a_file_of_other_meters_or_none_is_no_record(records: Records, tmp_path: Path) -> None:
    path = tmp_path / "records.npz"
    assert load_records(path, WIRED, seed=SEED, first_day=DAY - 2) is None
    save_records(records, path)
    assert load_records(path, {**WIRED, "spa": "spa"}, seed=SEED, first_day=DAY - 2) is None
    path.write_bytes(path.read_bytes()[:100])
    assert load_records(path, WIRED, seed=SEED, first_day=DAY - 2) is None


def test_further_days_are_those_that_one_would_have_kept_at_once(records: Records) -> None:
    longer = keep_records(WIRED, seed=SEED, first_day=DAY - 2, last_day=DAY + 2)

    more = records.kept_until(DAY + 2)

    np.testing.assert_allclose(more.books.at_midnight["laundry"], longer.books.at_midnight["laundry"], rtol=1e-12)
    np.testing.assert_allclose(more.volumes["water"].at_midnight, longer.volumes["water"].at_midnight, rtol=1e-12)
    assert more.kept_until(DAY) is more


def test_a_volume_counts_what_flows_and_goes_on_over_midnight() -> None:
    volume = Volume("water", SEED, DAY).kept_until(DAY + 2)
    minutes = np.arange((DAY + 1) * DAY_MIN - 30, (DAY + 1) * DAY_MIN + 30)

    counted = volume.counted(minutes)

    flow = volume.flow_m3_h(minutes)
    np.testing.assert_allclose(np.diff(counted), (flow[:-1] + flow[1:]) / 2 / 60)
    assert counted[30] == pytest.approx(volume.at_midnight[1])
    assert 5 < volume.at_midnight[1] < 60


def test_a_live_counter_runs_on_with_the_seconds(records: Records) -> None:
    meter = live(records)

    first, then = meter(NOON_S + 10)[1, INDEX], meter(NOON_S + 40)[1, INDEX]

    assert first < then < first + 50_000 / 120


def test_a_live_counter_that_is_reset_jumps_and_shows_nothing_in_between(records: Records) -> None:
    at = int(NOON_S // 60) + 1
    meter = live(records, Incident("laundry", Kind.RESET, at, at))

    shown = [meter(NOON_S + second)[1, INDEX] for second in range(0, 120, 5)]

    assert all(value > 5e6 or value < 1000 for value in shown)
    assert shown[11] > 5e6 > 1000 > shown[12]


def test_who_is_silent_does_not_answer_until_it_is_over(records: Records) -> None:
    at = int(NOON_S // 60) + 1
    meter = live(records, Incident("laundry", Kind.SILENCE, at, at + 2))

    assert [meter.answers(NOON_S + second) for second in (30, 90, 150, 200)] == [True, False, False, True]


def test_what_is_switched_on_while_a_meter_runs_counts_from_then_on(records: Records) -> None:
    meter = live(records)
    before = meter(NOON_S)[1, POWER]
    at = int(NOON_S // 60) + 1

    meter.renew(records.with_incidents((Incident("laundry", Kind.OVERLOAD, at, at + 60, extent=30_000),)))

    assert meter(NOON_S)[1, POWER] == before
    assert meter(NOON_S + 61)[1, POWER] > 29_000
