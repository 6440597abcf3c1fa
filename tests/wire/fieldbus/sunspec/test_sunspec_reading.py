"""Registers that stand where only the device knows are found, read, and found again when they moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from sunspec_peer import NOTHING, SunSpecPeer, chain, common, model
from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import (
    AnswerTimeoutError,
    BlockMemory,
    Link,
    MisplacedError,
    Parity,
    PointValues,
    RtuLink,
    SearchUnfinishedError,
    SerialSettings,
    TcpLink,
    read_alarms,
    read_points,
)

INVERTER = model(103, 50, {14: 321, 15: 0, 24: ("u32", 5), 26: 3})
METER = model(203, 105, {3: 52, 6: -1, 18: -1200, 22: 0, 46: ("u32", 123456), 54: 2})
OTHER_METER = model(203, 105, {3: 7, 6: 0, 18: 150, 22: 1, 46: ("u32", 9), 54: 3})
FLOAT_METER = model(213, 124, {4: ("f32", 5.2), 28: ("f32", -1200.0), 68: ("f32", 12345600.0)}, otherwise=0xFFFF)

WELL_KNOWN = {
    "current.l1": 5.2,
    "active_power.total": -1200,
    "active_energy.import.total": 12345600,
    "voltage.l1-n": None,
}

catalog = cache(load_catalog)


def mapped(product: str = "Meter 3~", profile: str = "sunspec-meter") -> DeviceMap:
    found = catalog().profile(profile)
    return device_map(found, found.product(product))


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float = 5.0) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.close()


async def read(link: Link, device: DeviceMap, memory: BlockMemory) -> PointValues:
    return await read_points(link, 1, device, device.points, memory=memory)


def values(got: PointValues) -> dict[str, float | None]:
    return {str(point.name): value.value for point, value in got.values.items()}


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_a_meter_is_read_wherever_its_chain_begins(sunspec: SunSpecPeer, base: int) -> None:
    sunspec.have(chain(common(), INVERTER, common(), METER), at=base)
    device = mapped()

    async with linked(sunspec) as link:
        got = await read(link, device, BlockMemory())

    assert set(got.values) == set(device.points)
    said = values(got)
    assert {name: said[name] for name in WELL_KNOWN} == WELL_KNOWN


async def test_what_a_device_has_as_floats_is_read_by_the_same_product(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), FLOAT_METER))
    device = mapped()

    async with linked(sunspec) as link:
        got = await read(link, device, BlockMemory())

    assert set(got.values) == set(device.points)
    said = values(got)
    assert {name: said[name] for name in WELL_KNOWN} == WELL_KNOWN


async def test_the_second_meter_behind_an_inverter_is_told_from_the_first(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), INVERTER, common(), METER, common(), OTHER_METER))

    async with linked(sunspec) as link:
        inverter = await read(link, mapped("Inverter 3~", "sunspec-inverter"), BlockMemory())
        first = await read(link, mapped("Meter 3~"), BlockMemory())
        second = await read(link, mapped("Meter 3~ (2)"), BlockMemory())
        third = await read(link, mapped("Meter 3~ (3)"), BlockMemory())

    assert values(inverter)["active_power.total"] == -321
    assert values(inverter)["active_energy.export.total"] == 5000
    assert (values(first)["active_power.total"], values(second)["active_power.total"]) == (-1200, 1500)
    assert isinstance(third.error, MisplacedError)


async def test_the_search_is_made_once(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), METER))
    device, memory = mapped(), BlockMemory()

    async with linked(sunspec) as link:
        await read(link, device, memory)
        searched = link.statistics.of_unit(1).requests
        await read(link, device, memory)
        in_all = link.statistics.of_unit(1).requests

    assert searched == 1 + 2 * 2 + 1  # the marker, two headers, the values
    assert in_all == searched + 1


async def test_a_chain_that_moves_between_two_visits_gives_no_value_of_another_register(sunspec: SunSpecPeer) -> None:
    device, memory = mapped(), BlockMemory()
    battery = model(802, 62, {}, otherwise=100)

    async with linked(sunspec) as link:
        sunspec.have(chain(common(), METER))
        await read(link, device, memory)
        sunspec.have(chain(common(), battery, METER))
        got = await read(link, device, memory)

    assert got.error is None
    assert values(got)["active_power.total"] == -1200


async def test_a_chain_that_moves_while_the_connection_is_lost_is_found_again(sunspec: SunSpecPeer) -> None:
    device, memory = mapped(), BlockMemory()

    async with linked(sunspec) as link:
        sunspec.have(chain(common(), METER))
        await read(link, device, memory)
        sunspec.have(chain(common(), INVERTER, METER), at=50000)
        sunspec.drop()
        first = await read(link, device, memory)
        second = await read(link, device, memory)

    assert values(second)["active_power.total"] == -1200
    assert second.error is None
    assert values(first) in ({}, values(second))


async def test_a_firmware_that_turns_to_floats_is_followed(sunspec: SunSpecPeer) -> None:
    device, memory = mapped(), BlockMemory()

    async with linked(sunspec) as link:
        sunspec.have(chain(common(), METER))
        before = await read(link, device, memory)
        sunspec.have(chain(common(), FLOAT_METER))
        after = await read(link, device, memory)

    assert set(before.values) == set(after.values) == set(device.points)
    assert values(before)["active_power.total"] == values(after)["active_power.total"] == -1200


@pytest.mark.parametrize("end", [[0xFFFF, 0], [0xFFFF], []])
async def test_where_a_model_is_missing_the_error_tells_what_there_is(sunspec: SunSpecPeer, end: Sequence[int]) -> None:
    sunspec.have(chain(common(), INVERTER, end=end))
    device = mapped()

    async with linked(sunspec) as link:
        got = await read(link, device, BlockMemory())

    assert isinstance(got.error, MisplacedError)
    assert {point for failure in got.failures for point in failure.points} == set(device.points)
    assert "model 202, 203, 204, 212, 213, 214; it has 1, 103" in str(got.error)


async def test_a_device_without_a_marker_is_no_sunspec_device(sunspec: SunSpecPeer) -> None:
    sunspec.have([1, 2, 3], at=40000)

    async with linked(sunspec) as link:
        got = await read(link, mapped(), BlockMemory())

    assert isinstance(got.error, MisplacedError)
    assert "no marker at 40000, 50000, 0" in str(got.error)


async def test_a_scale_register_counts_for_the_values_it_came_with(sunspec: SunSpecPeer) -> None:
    device, memory = mapped(), BlockMemory()
    seen = []

    async with linked(sunspec) as link:
        for raw, scale in ((1200, 0), (120, 1), (12000, -1), (1200, NOTHING)):
            sunspec.have(chain(common(), model(203, 105, {18: raw, 22: scale})))
            seen.append(values(await read(link, device, memory))["active_power.total"])

    assert seen == [1200, 1200, 1200, None]


async def test_a_long_chain_is_searched_in_pieces(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), *[model(120 + n, 10, {}) for n in range(20)], METER))
    device, memory = mapped(), BlockMemory()
    requests, errors = [0], []

    async with linked(sunspec) as link:
        for _ in range(3):
            errors.append((await read(link, device, memory)).error)
            requests.append(link.statistics.of_unit(1).requests)

    assert [type(error) for error in errors] == [SearchUnfinishedError] * 2 + [type(None)]
    assert [after - before for before, after in pairwise(requests)] == [16, 16, 14]


def answers(registers: Sequence[int], *, at: int = 40000) -> Any:
    """A script that answers from these registers, and refuses others."""

    def script(asked: Any) -> Sequence[Any]:
        start = asked.address - at
        known = start >= 0 and start + asked.count <= len(registers)
        return [asked.answer(registers[start : start + asked.count])] if known else [asked.refusal(2)]

    return script


async def test_a_silent_device_costs_one_timeout(scripted: Any) -> None:
    peer = scripted(lambda asked: [])

    async with linked(peer, timeout_s=0.05) as link:
        got = await read_points(link, 1, mapped(), mapped().points, memory=BlockMemory(), timeout_s=0.05)

    assert len(peer.asked) == 1
    assert isinstance(got.error, AnswerTimeoutError)


async def test_a_device_that_is_silent_where_it_has_nothing_is_found_at_the_next_visits(scripted: Any) -> None:
    there = answers(chain(common(), METER), at=0)
    peer = scripted(lambda asked: there(asked) if asked.address < 1000 else [])
    device, memory = mapped(), BlockMemory()

    async with linked(peer, timeout_s=0.05) as link:
        outcomes = [await read_points(link, 1, device, device.points, memory=memory, timeout_s=0.05) for _ in range(4)]

    assert [type(got.error) for got in outcomes] == [AnswerTimeoutError, AnswerTimeoutError, type(None), type(None)]


async def test_a_busy_device_is_not_taken_for_one_without_sunspec(scripted: Any) -> None:
    there = answers(chain(common(), METER))
    peer = scripted(lambda asked: [asked.refusal(6)] if asked.number < 1 else there(asked))
    device, memory = mapped(), BlockMemory()

    async with linked(peer) as link:
        busy = await read(link, device, memory)
        well = await read(link, device, memory)

    assert "busy" in str(busy.error)
    assert well.error is None


async def test_points_that_a_device_refuses_stay_its_own_matter(scripted: Any) -> None:
    """Without the header in the read it would look as if the block had moved."""
    there = answers(chain(common(), METER))
    evt = 40000 + 2 + 68 + 105

    def without_events(asked: Any) -> Sequence[Any]:
        return [asked.refusal(2)] if asked.address <= evt < asked.address + asked.count else there(asked)

    peer = scripted(without_events)
    device, memory = mapped(), BlockMemory()

    async with linked(peer) as link:
        first = await read(link, device, memory)
        asked = len(peer.asked)
        second = await read(link, device, memory)

    event = device.point("alarm_state")
    assert event is not None
    assert set(first.values) == set(second.values) == set(device.points) - {event}
    assert memory.is_refused(event)
    assert len(peer.asked) - asked <= 2


async def test_a_search_that_is_cut_off_begins_anew(scripted: Any) -> None:
    there = answers(chain(common(), INVERTER, METER))
    peer = scripted(lambda asked: ["close"] if asked.number == 3 else there(asked))
    device, memory = mapped(), BlockMemory()

    async with linked(peer) as link:
        cut_off = await read(link, device, memory)
        link.retry_now()
        well = await read(link, device, memory)

    assert cut_off.error is not None
    assert not cut_off.answers
    assert well.error is None


async def test_a_meter_on_a_serial_line_is_found_and_read(sunspec: SunSpecPeer, line_to: Any) -> None:
    sunspec.have(chain(common(), METER))
    device, memory = mapped(), BlockMemory()
    settings = SerialSettings(line_to(sunspec).device_file, 115200, Parity.NONE)
    link = RtuLink(settings, timeout_s=0.5, listens_s=0)

    try:
        got = [await read(link, device, memory) for _ in range(2)]
    finally:
        await link.close()

    assert [one.error for one in got] == [None, None]
    assert {name: values(got[1])[name] for name in WELL_KNOWN} == WELL_KNOWN


async def test_the_header_is_asked_before_values_that_stand_far_behind_it(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), METER))
    quick = mapped()
    device = replace(quick, limits=quick.limits.model_copy(update={"max_registers": 60}))
    energy = device.point("reactive_energy.q4.total")
    assert energy is not None

    async with linked(sunspec) as link:
        memory = BlockMemory()
        well = await read_points(link, 1, device, [energy], memory=memory)
        sunspec.have(chain(common(), INVERTER, METER))
        moved = await read_points(link, 1, device, [energy], memory=memory)

    assert set(well.values) == set(moved.values) == {energy}
    assert well.error is moved.error is None


async def test_the_events_of_a_meter_are_read_where_its_block_stands(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(common(), model(203, 105, {105: ("u32", 1 << 2 | 1 << 7 | 1 << 20)})))
    device, memory = mapped(), BlockMemory()

    async with linked(sunspec) as link:
        too_early = await read_alarms(link, 1, device)
        await read(link, device, memory)
        assert memory.anchorage.place is not None
        states = await read_alarms(link, 1, memory.anchorage.place.map)

    assert {state.is_raised for state in too_early} == {None}
    assert [state.alarm.name for state in states if state.is_raised] == ["power_failure", "missing_sensor"]
