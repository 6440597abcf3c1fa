"""Reading the points of a device: what fails costs its own points and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import (
    AnswerTimeoutError,
    BlockMemory,
    ConnectionLostError,
    PointValues,
    RefusedError,
    TcpLink,
    UnfitAnswerError,
    UnreachableError,
    read_points,
)

SHORT_S = 0.05
CLOSE = "close"


@pytest.fixture(scope="module")
def ecr() -> DeviceMap:
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    quick = mapped.limits.model_copy(update={"timeout_ms": int(SHORT_S * 1000)})
    return DeviceMap(**{name: getattr(mapped, name) for name in mapped.__slots__} | {"limits": quick})


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float = SHORT_S) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.close()


async def read_all(peer: Any, ecr: DeviceMap, *, memory: BlockMemory | None = None) -> PointValues:
    async with linked(peer) as link:
        return await read_points(link, 1, ecr, ecr.points, memory=memory or BlockMemory())


def lost(got: PointValues) -> set[Any]:
    return {point for failure in got.failures for point in failure.points}


def starts(peer: Any) -> list[int]:
    return [asked.address for asked in peer.asked]


async def test_all_points_come_with_the_time_of_their_answer(scripted: Any, ecr: DeviceMap) -> None:
    got = await read_all(scripted(lambda asked: [asked.answer([1] * asked.count)]), ecr)

    assert set(got.values) == set(ecr.points)
    assert (got.failures, got.error) == ((), None)
    assert len({value.read_at for value in got.values.values()}) == 6  # one time per request
    energy = ecr.point("active_energy.import.total")
    assert energy is not None
    assert got.values[energy].value == 0x10001 * 1000.0


async def test_one_failing_request_loses_only_its_own_points(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.refusal(4)] if asked.address == 0xB060 else [asked.answer()])

    got = await read_all(peer, ecr)

    assert {point for point in ecr.points if 0xB060 <= point.address < 0xB06C} == lost(got)
    assert set(got.values) == set(ecr.points) - lost(got)
    assert isinstance(got.error, RefusedError)


async def test_a_silent_device_costs_one_timeout(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [])

    got = await read_all(peer, ecr)

    assert len(peer.asked) == 1
    assert lost(got) == set(ecr.points)
    assert isinstance(got.error, AnswerTimeoutError)


async def test_a_gateway_that_finds_nobody_is_asked_once(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.refusal(11)])

    got = await read_all(peer, ecr)

    assert len(peer.asked) == 1
    assert lost(got) == set(ecr.points)


async def test_a_device_that_falls_silent_in_the_middle_costs_two_timeouts(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.answer()] if asked.number == 0 else [])

    got = await read_all(peer, ecr)

    assert len(peer.asked) == 3
    assert set(got.values) == {point for point in ecr.points if point.address < 0xB031}


@pytest.mark.parametrize(("well", "asked"), [(0, 1), (1, 3)])
async def test_a_garbled_device_is_given_up_like_a_silent_one(
    scripted: Any, ecr: DeviceMap, well: int, asked: int
) -> None:
    peer = scripted(lambda a: [a.answer() if a.number < well else a.answer(function=4)])

    got = await read_all(peer, ecr)

    assert len(peer.asked) == asked
    assert len(got.answers) == well
    assert isinstance(got.error, UnfitAnswerError)


async def test_one_garbled_answer_in_the_middle_costs_only_itself(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.answer(function=4)] if asked.number == 1 else [asked.answer()])

    got = await read_all(peer, ecr)

    assert lost(got) == {point for point in ecr.points if 0xB060 <= point.address < 0xB06C}


async def test_one_lost_answer_in_the_middle_costs_only_itself(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [] if asked.number == 1 else [asked.answer()])

    got = await read_all(peer, ecr)

    assert lost(got) == {point for point in ecr.points if 0xB060 <= point.address < 0xB06C}


async def test_a_lost_connection_ends_the_reading(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.answer()] if asked.number == 0 else [CLOSE])

    got = await read_all(peer, ecr)

    assert len(peer.asked) == 2
    assert isinstance(got.error, ConnectionLostError)
    assert set(got.values) | lost(got) == set(ecr.points)


async def test_an_unreachable_host_fails_every_point(scripted: Any, ecr: DeviceMap) -> None:
    gone = scripted()
    gone.stop()

    got = await read_all(gone, ecr)

    assert lost(got) == set(ecr.points)
    assert isinstance(got.error, UnreachableError)


async def test_a_block_with_a_hole_is_split_once_and_read_on(scripted: Any, ecr: DeviceMap) -> None:
    def no_unused_words(asked: Any) -> Sequence[Any]:
        crosses = asked.address <= 0xB007 < asked.address + asked.count
        return [asked.refusal(2)] if crosses else [asked.answer()]

    peer, memory = scripted(no_unused_words), BlockMemory()

    first = await read_all(peer, ecr, memory=memory)
    asked_at_first = len(peer.asked)
    second = await read_all(peer, ecr, memory=memory)

    assert set(first.values) == set(second.values) == set(ecr.points)
    assert starts(peer)[:3] == [0xB000, 0xB000, 0xB009]
    assert starts(peer)[asked_at_first:][:2] == [0xB000, 0xB009]
    assert len(peer.asked) == asked_at_first + 7


async def test_a_refused_point_is_reported_and_not_asked_again(scripted: Any, ecr: DeviceMap) -> None:
    def no_third_phase(asked: Any) -> Sequence[Any]:
        return [asked.refusal(2)] if asked.address <= 0xB00D < asked.address + asked.count else [asked.answer()]

    peer, memory = scripted(no_third_phase), BlockMemory()
    await read_all(peer, ecr, memory=memory)
    before = len(peer.asked)

    got = await read_all(peer, ecr, memory=memory)

    current = ecr.point("current.l3")
    assert current is not None
    assert lost(got) == {current}
    assert memory.is_refused(current)
    assert not [asked for asked in peer.asked[before:] if asked.address <= 0xB00D < asked.address + asked.count]


async def test_the_longer_of_the_device_and_the_bus_timeout_counts(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [4 * SHORT_S, asked.answer()])
    points = ecr.points[:1]

    async with linked(peer, timeout_s=10.0) as link:
        got = await read_points(link, 1, ecr, points, memory=BlockMemory())

    assert set(got.values) == set(points)
