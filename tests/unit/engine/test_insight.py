"""How a device is asked, as people are told: what the planner does, what it costs, and what is left out."""

from dataclasses import replace
from typing import Any, cast
from zoneinfo import ZoneInfo

from wattledger.catalog import Catalog
from wattledger.engine.acquisition import POLL_PERIOD_S, DeviceAcquisition
from wattledger.engine.api import PointAsked
from wattledger.engine.assembly import assemble
from wattledger.engine.insight import read_plan
from wattledger.fieldbus import Read, RtuLink, SerialSettings
from wattledger.plant import Plant

CHARACTER_S = 11 / 19200


def acquisition(plant: Plant, catalog: Catalog) -> DeviceAcquisition:
    [bus] = assemble(plant, catalog).buses
    return DeviceAcquisition(bus.devices[0], zone=ZoneInfo("Europe/Paris"), condition=cast("Any", None))


def line() -> RtuLink:
    return RtuLink(SerialSettings("/dev/ttyUSB0", 19200), timeout_s=1)


async def test_each_request_is_told_with_what_it_takes_on_the_line(plant: Plant, catalog: Catalog) -> None:
    one = acquisition(plant, catalog)

    plan = read_plan(one, line())

    assert sum(request.points for request in plan.every) == len(one.setup.map.points)
    for request in plan.every:
        # A silence, the request, the device with its own silence, the answer.
        wire_s = (2 * 3.5 + 8 + 5 + 2 * request.count) * CHARACTER_S
        assert abs(request.expected_s - (wire_s + 0.010)) < 1e-9


async def test_a_gap_that_the_profile_wants_is_part_of_what_a_request_takes(plant: Plant, catalog: Catalog) -> None:
    one = acquisition(plant, catalog)
    limits = one.setup.map.limits
    usual = read_plan(one, line())
    one.setup = replace(one.setup, map=replace(one.setup.map, limits=limits.model_copy(update={"gap_ms": 80})))

    with_gap = read_plan(one, line())

    more_s = [after.expected_s - before.expected_s for after, before in zip(with_gap.every, usual.every, strict=True)]
    assert all(abs(one_more_s - 0.08) < 1e-9 for one_more_s in more_s)


async def test_what_was_refused_alone_is_named_and_not_asked(plant: Plant, catalog: Catalog) -> None:
    one = acquisition(plant, catalog)
    bad = one.setup.map.points[0]
    one.memory.learn_refusal(Read(bad.function, bad.address, bad.words, (bad,)))

    plan = read_plan(one, line())

    assert plan.not_asked == (PointAsked(bad.channel, str(bad.name)),)
    assert sum(request.points for request in plan.every) == len(one.setup.map.points) - 1


def test_the_cycle_is_the_time_between_two_live_readings_in_a_row(plant: Plant, catalog: Catalog) -> None:
    one = acquisition(plant, catalog)
    fastest = min((point for point in one.setup.map.points), key=lambda point: POLL_PERIOD_S[point.poll])
    slowest = max((point for point in one.setup.map.points), key=lambda point: POLL_PERIOD_S[point.poll])

    seen = []
    for at_s, point in ((10.0, fastest), (11.5, slowest), (12.5, fastest)):
        one.asked([point], at_s)
        seen.append(one.cycle_s)
    one.failed(13.0)
    seen.append(one.cycle_s)
    one.asked([fastest], 50.0)
    seen.append(one.cycle_s)

    assert seen == [None, None, 2.5, None, None]
