"""Each register is read as often as it is worth: by its poll class, and first what is recorded."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from wattledger.catalog import Catalog, PollClass
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.assembly import assemble
from wattledger.plant import Plant

AT_A_SLOT = datetime(2026, 6, 1, 12, 10, 1, tzinfo=UTC)


@pytest.fixture
def acquisition(plant: Plant, catalog: Catalog) -> DeviceAcquisition:
    [device] = assemble(plant, catalog).buses[0].devices
    return DeviceAcquisition(device, zone=ZoneInfo("Europe/Paris"), condition=cast("Any", None))


def test_in_a_minute_each_poll_class_is_read_at_its_own_pace(acquisition: DeviceAcquisition, clock: Any) -> None:
    reads: Counter[PollClass] = Counter()
    for _ in range(60 * 20):
        due = acquisition.due_live(clock.monotonic())
        if due:
            reads.update({point.poll for point in due})
            acquisition.asked(due, clock.monotonic())
        clock.pass_(0.05)

    # The first period is cut short, so that devices which began together do not stay together.
    assert reads[PollClass.FAST] in {60, 61}
    assert reads[PollClass.NORMAL] in {12, 13}
    assert reads[PollClass.SLOW] in {4, 5}


def test_what_is_only_shown_is_not_asked_for_at_a_slot(acquisition: DeviceAcquisition) -> None:
    recorded = {member.point for group in acquisition.setup.groups for member in group.members}

    due = [acquisition.due_at_slot(AT_A_SLOT, energies=energies, monotonic_s=1000.0) for energies in (True, False)]

    assert due[0] | due[1] == recorded
    assert recorded < set(acquisition.setup.map.points)


def test_a_device_without_points_is_never_due_and_wakes_nobody(plant: Plant, catalog: Catalog) -> None:
    [device] = assemble(plant, catalog).buses[0].devices
    unknown = replace(device, map=replace(device.map, points=(), blocks=()), groups=())
    acquisition = DeviceAcquisition(unknown, zone=ZoneInfo("Europe/Paris"), condition=cast("Any", None))

    assert not acquisition.due_live(1000.0)
    assert not acquisition.due_for_holding(1000.0)
    assert not acquisition.due_at_slot(AT_A_SLOT, energies=True, monotonic_s=1000.0)
    assert acquisition.wakes_in_s(None, 1000.0) > 1e9
    assert acquisition.wakes_in_s(AT_A_SLOT, 1000.0) > 1e9
