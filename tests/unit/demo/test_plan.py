"""The plan of the hotel fits itself, the catalog and the physics."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import wattledger.demo
from wattledger.catalog import Catalog, device_map, load_catalog
from wattledger.demo.declaring import feeders_first
from wattledger.demo.hotel.calendar import calendar
from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.hotel.energy import Count, Wiring, keep_books
from wattledger.demo.plan import BUSES, DEVICES, SWITCHBOARDS, ZONES, PlannedDevice
from wattledger.demo.plan.devices import device_named, devices_on, meters
from wattledger.demo.plan.line import LIGHTING, LINE

PROFILES = Path(wattledger.demo.__file__).parent / "profiles"
DAYS = 20


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """What the demo's server knows."""
    return load_catalog(PROFILES)


def test_the_profiles_of_the_hotels_own_are_whole(catalog: Catalog) -> None:
    assert catalog.broken == ()


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.key)
def test_each_device_is_one_of_the_catalog_with_as_many_channels(catalog: Catalog, device: PlannedDevice) -> None:
    profile = catalog.profile(device.profile)

    assert device_map(profile, profile.product(device.product)).channels == len(device.channels)


def test_names_keys_and_addresses_are_given_once() -> None:
    for given in (
        [device.key for device in DEVICES],
        [device.name for device in DEVICES],
        [(device.bus, device.unit_id) for device in DEVICES],
        [channel.meter for device in DEVICES for channel in device.channels],
        [bus.name for bus in BUSES],
        [zone.name for zone in ZONES],
    ):
        assert [value for value, count in Counter(given).items() if count > 1] == []


def test_everything_named_is_there() -> None:
    zones, boards = {zone.key for zone in ZONES}, {board.key for board in SWITCHBOARDS}
    channels = [channel for device in DEVICES for channel in device.channels]

    assert {board.zone for board in SWITCHBOARDS} <= zones
    assert {channel.zone for channel in channels if channel.zone} <= zones
    assert {channel.switchboard for channel in channels if channel.switchboard} <= boards
    assert {channel.fed_by for channel in channels if channel.fed_by} <= set(meters())
    assert {device.bus for device in DEVICES} == {bus.key for bus in BUSES}


def test_incidents_happen_to_devices_that_there_are() -> None:
    shown = {one.device for one in calendar(20_000) if not one.kind.is_true}

    assert shown <= set(meters())
    assert {one.device for one in calendar(20_000) if one.kind.is_true} <= {*CIRCUITS, "grid"}


def test_a_circuit_is_fed_by_that_of_which_it_is_a_part() -> None:
    for device in DEVICES:
        for channel in device.channels:
            if channel.fed_by and meters()[channel.fed_by] != channel.circuit and channel.circuit in CIRCUITS:
                assert channel.circuit in CIRCUITS[meters()[channel.fed_by]].parts or device.key == "transfer"


def test_feeders_are_declared_before_what_they_feed() -> None:
    order = [channel.meter for device in feeders_first(DEVICES) for channel in device.channels]

    assert all(
        channel.fed_by is None or order.index(channel.fed_by) < order.index(channel.meter)
        for device in DEVICES
        for channel in device.channels
    )
    assert order[0] in {"incomer", "water", "outdoor", "cold-door"}


def test_the_line_carries_twelve_meters_that_are_read_of_five_families() -> None:
    own = {"kitchen-cold", "gas"}
    read = [device for device in devices_on(LINE.key) if device.is_enabled and device.key not in own]

    assert len(read) == 12
    assert len({device.profile for device in read}) == 5
    assert not device_named("car-chargers").is_enabled


def test_the_lighting_rolls_over_within_the_thirteen_months_and_not_at_once(catalog: Catalog) -> None:
    profile = catalog.profile("hager-ecr")
    index = device_map(profile, profile.product("ECR140D")).point("active_energy.import.total")
    assert index is not None
    assert index.modulus is not None

    books = keep_books({"lighting": Wiring("lighting")}, seed=20260618, first_day=20_400, days=DAYS)
    per_day_wh = books.at_midnight["lighting"][-1][Count.IMPORT] / DAYS

    assert 60 < (index.modulus - LIGHTING.index) / per_day_wh < 330
