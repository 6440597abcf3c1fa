"""A simulated device: what it does when its clock is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pymodbus.constants import ExcCodes

from wattledger.catalog import load_catalog
from wattledger.demo.device import SimulatedDevice
from wattledger.fieldbus.clock_registers import clock_read, clock_shown


def device(profile_id: str, product: str) -> SimulatedDevice:
    profile = load_catalog().profile(profile_id)
    return SimulatedDevice(profile, profile.product(product), serial="1", source=lambda _now_s: {})


def test_a_clock_that_was_set_shows_what_it_was_set_to_and_goes_on() -> None:
    meter = device("hager-ec366", "EC376")
    clock = meter.map.clock
    assert clock is not None
    request = clock_read(clock)
    assert request is not None
    local = (datetime.now(UTC) + timedelta(hours=2)).replace(tzinfo=None)

    words = [local.day, local.month, local.year, local.hour, local.minute, local.second]
    assert meter.write(clock.addr, words) is None

    read = meter.read(request.function, request.address, request.count)
    assert isinstance(read, list)
    shown = clock_shown(clock, read)
    assert shown is not None
    assert timedelta() <= shown - local.replace(microsecond=0) < timedelta(minutes=1)


def test_a_time_that_cannot_be_and_other_registers_are_refused() -> None:
    meter = device("hager-ec366", "EC376")
    clock = meter.map.clock
    assert clock is not None

    assert meter.write(clock.addr, [31, 2, 2026, 12, 0, 0]) is ExcCodes.ILLEGAL_VALUE
    assert meter.write(clock.addr + 1, [1, 2, 3, 4, 5, 6]) is ExcCodes.ILLEGAL_ADDRESS
    assert device("hager-ecr", "ECR380D").write(0, [1]) is ExcCodes.ILLEGAL_ADDRESS
