"""Whose turn it is on a bus: what is recorded before what is shown, and those that speak before those that do not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from wattledger.catalog import Catalog
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.assembly import assemble
from wattledger.engine.polling import BusPoller, Surroundings
from wattledger.plant import Circuit, Plant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SILENT = range(1, 18)
HEALTHY = 31


@pytest.fixture
def poller(plant: Plant, catalog: Catalog, clock: Any) -> BusPoller:
    """A bus with seventeen devices in front of the one that will answer."""
    units = [*SILENT, HEALTHY]
    many = replace(
        plant,
        devices=tuple(replace(plant.devices[0], id=unit, name=f"M{unit}", unit_id=unit) for unit in units),
        circuits=tuple(Circuit(unit, f"M{unit}", unit) for unit in units),
        series=tuple(replace(one, circuit=unit, id=unit * 100 + one.id) for unit in units for one in plant.series),
    )
    setup = assemble(many, catalog).buses[0]
    acquisitions = [
        DeviceAcquisition(device, zone=ZoneInfo("Europe/Paris"), condition=cast("Any", None))
        for device in setup.devices
    ]
    around = Surroundings(clock, *cast("list[Any]", [None] * 5))
    return BusPoller(setup.bus, acquisitions, cast("Any", None), around)


def unit_of(visit: Any) -> int:
    return int(visit.acquisition.setup.device.unit_id)


def fall_silent(poller: BusPoller, clock: Any) -> None:
    for one in poller.acquisitions:
        if one.setup.device.unit_id in SILENT:
            one.failed(clock.monotonic())
    clock.pass_(60)


def test_energies_of_all_devices_come_first_at_a_slot(poller: BusPoller) -> None:
    asked = []
    for one in poller.acquisitions:
        visit = poller._most_urgent(NOON + timedelta(seconds=1))
        assert visit is not None
        asked.append(unit_of(visit))
        assert all(point.name.quantity == "active_energy" for point in visit.points)
        one.take(dict.fromkeys(visit.points, 1.0), at=NOON + timedelta(seconds=1))

    others = poller._most_urgent(NOON + timedelta(seconds=1))

    assert asked == [*SILENT, HEALTHY]
    assert others is not None
    assert "active_energy" not in {point.name.quantity for point in others.points}


def test_a_slot_of_a_device_that_speaks_waits_for_no_silent_one(poller: BusPoller, clock: Any) -> None:
    fall_silent(poller, clock)

    visit = poller._most_urgent(NOON + timedelta(seconds=1))

    assert visit is not None
    assert unit_of(visit) == HEALTHY


def test_silent_devices_are_probed_within_their_share_and_then_it_is_the_others_turn(
    poller: BusPoller, clock: Any
) -> None:
    fall_silent(poller, clock)
    between_slots = NOON + timedelta(seconds=120)

    probe = poller._most_urgent(between_slots)
    poller._probe_after_s = clock.monotonic() + 8
    afterwards = poller._most_urgent(between_slots)

    assert probe is not None
    assert unit_of(probe) in SILENT
    assert afterwards is not None
    assert unit_of(afterwards) == HEALTHY


def test_where_all_are_silent_they_are_probed_without_a_share(poller: BusPoller, clock: Any) -> None:
    poller.acquisitions = poller.acquisitions[:-1]
    fall_silent(poller, clock)
    poller._probe_after_s = clock.monotonic() + 8

    assert poller._most_urgent(NOON + timedelta(seconds=120)) is not None


def test_while_the_clock_is_in_doubt_recorded_points_are_asked_once_a_minute(poller: BusPoller, clock: Any) -> None:
    poller.acquisitions = poller.acquisitions[-1:]
    [one] = poller.acquisitions

    first = poller._most_urgent(None)
    one.held(clock.monotonic())
    for poll in (1, 2):
        one.asked(one.setup.map.points, clock.monotonic() + poll)
    clock.pass_(59)
    before = one.due_for_holding(clock.monotonic())
    clock.pass_(1)
    again = poller._most_urgent(None)

    assert first is not None
    assert before == frozenset()
    assert again is not None
    assert again.points == {member.point for group in one.setup.groups for member in group.members}
