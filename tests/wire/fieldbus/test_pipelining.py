"""Several requests under way on one connection: each gets its own answer, or its own error."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import (
    AnswerTimeoutError,
    BlockMemory,
    ConnectionLostError,
    FieldbusError,
    RefusedError,
    TcpLink,
    read_points,
)
from wattledger.fieldbus.modbus.pdu import ReadRegisters

GUARD_S = 10.0
ENDLESS_S = 60.0
SHORT_S = 0.05
CLOSE = "close"


def read(address: int = 100, count: int = 2) -> ReadRegisters:
    return ReadRegisters(3, address, count)


def right(request: ReadRegisters) -> tuple[int, ...]:
    return tuple((request.address + n) * 7919 % 0x10000 for n in range(request.count))


@asynccontextmanager
async def linked(
    peer: Any, *, timeout_s: float = GUARD_S, in_flight: int = 4, **settings: Any
) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s, in_flight=in_flight, **settings)
    try:
        async with asyncio.timeout(GUARD_S):
            yield link
    finally:
        await link.close()


async def ask_all(link: TcpLink, addresses: Sequence[int], *, unit: int = 1) -> list[Any]:
    requests = (link.request(unit, read(address)) for address in addresses)
    return await asyncio.gather(*requests, return_exceptions=True)


def answers(outcomes: Sequence[Any]) -> list[Any]:
    return [getattr(outcome, "answer", type(outcome)) for outcome in outcomes]


class Hoarder:
    """Answers when so many requests are there, the last first; with fewer it waits."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.waiting: list[Any] = []

    def __call__(self, asked: Any) -> Sequence[Any]:
        self.waiting.append(asked)
        if len(self.waiting) < self.sizes[0]:
            return []
        self.sizes.pop(0)
        now, self.waiting = self.waiting[::-1], []
        return [b"".join(one.answer() for one in now)]


async def test_as_many_requests_as_allowed_are_under_way_and_answers_may_come_in_any_order(scripted: Any) -> None:
    peer = scripted(Hoarder(4, 4, 1))
    async with linked(peer, in_flight=4) as link:
        outcomes = await ask_all(link, range(9))

    assert answers(outcomes) == [right(read(address)) for address in range(9)]
    assert [asked.address for asked in peer.asked] == list(range(9))
    assert peer.connections == 1


async def test_no_more_than_allowed_are_under_way(scripted: Any) -> None:
    peer = scripted(lambda asked: [] if asked.number < 3 else [asked.answer()])
    async with linked(peer, in_flight=3, timeout_s=SHORT_S) as link:
        outcomes = await ask_all(link, range(4))

    # The fourth was sent when the others had been given up, and so was answered.
    assert answers(outcomes) == [AnswerTimeoutError] * 3 + [right(read(3))]


async def test_the_silence_of_one_request_does_not_disturb_the_others(scripted: Any) -> None:
    peer = scripted(lambda asked: [] if asked.unit == 9 else [asked.answer()])
    async with linked(peer) as link:
        silent = asyncio.create_task(link.request(9, read(), timeout_s=SHORT_S))
        others = [await link.request(1, read(address)) for address in range(5)]
        with pytest.raises(AnswerTimeoutError):
            await silent
        after = await link.request(1, read(77))

    assert answers([*others, after]) == [right(read(address)) for address in (0, 1, 2, 3, 4, 77)]
    assert peer.connections == 1


async def test_requests_that_wait_through_one_silence_do_not_renew_the_connection(scripted: Any) -> None:
    peer = scripted(lambda asked: [] if asked.number < 4 else [asked.answer()])
    async with linked(peer, timeout_s=SHORT_S) as link:
        outcomes = await ask_all(link, range(4))
        after = await link.request(1, read(7), timeout_s=GUARD_S)

    assert answers(outcomes) == [AnswerTimeoutError] * 4
    assert after.answer == right(read(7))
    assert peer.connections == 1


async def test_a_lost_connection_fails_all_and_each_is_tried_again_on_the_next(scripted: Any) -> None:
    peer = scripted(lambda asked: [CLOSE] if asked.number == 2 else [] if asked.number < 2 else [asked.answer()])
    async with linked(peer, in_flight=3, timeout_s=ENDLESS_S) as link:
        failed = await ask_all(link, range(3))
        peer.script = lambda asked: [CLOSE] if asked.number == 4 else [asked.answer()]
    async with linked(peer, in_flight=3, timeout_s=ENDLESS_S, retries=2) as link:
        await link.request(1, read(50))
        repeated = await ask_all(link, range(3))

    assert answers(failed) == [ConnectionLostError] * 3
    assert answers(repeated) == [right(read(address)) for address in range(3)]


async def test_a_stream_out_of_step_costs_the_connection_and_all_requests_on_it(scripted: Any) -> None:
    hoarder = Hoarder(3)

    def garbled(asked: Any) -> Sequence[Any]:
        return [step + b"\7" for step in hoarder(asked)]

    peer = scripted(garbled)
    async with linked(peer, in_flight=3, timeout_s=ENDLESS_S) as link:
        outcomes = await ask_all(link, range(3))
        peer.script = lambda asked: [asked.answer()]
        link.retry_now()
        after = await link.request(1, read(7))

    assert answers(outcomes) == [ConnectionLostError] * 3
    assert after.answer == right(read(7))
    assert peer.connections == 2


async def test_a_request_that_is_cancelled_gives_its_turn_on(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.answer()] if asked.address >= 10 else [])
    async with linked(peer, in_flight=2, timeout_s=ENDLESS_S) as link:
        stuck = [asyncio.create_task(link.request(1, read(address))) for address in range(2)]
        waiting = asyncio.create_task(link.request(1, read(10)))
        given_up = asyncio.create_task(link.request(1, read(11)))
        await asyncio.to_thread(peer.until_asked)
        given_up.cancel()
        stuck[0].cancel()

        assert (await waiting).answer == right(read(10))
        stuck[1].cancel()
        assert (await link.request(1, read(12))).answer == right(read(12))


async def test_a_storm_of_faults_yields_right_values_or_errors(scripted: Any) -> None:
    dice = random.Random(20260302)
    earlier: list[Any] = []

    def any_fault(asked: Any) -> Sequence[Any]:
        earlier.append(asked)
        other = dice.choice(earlier[-6:])
        return dice.choice(
            [
                *[[asked.answer()]] * 12,
                [asked.answer() + other.answer()],
                [other.answer(), asked.answer()],
                [asked.answer()[:9], 0.002, asked.answer()[9:]],
                [asked.answer(), asked.answer([0] * asked.count, unit=9)],
                [asked.answer()[: dice.choice((9, 10))]],  # two such parts never make a whole frame
                [asked.answer([0] * (asked.count + 1))],
                [dice.randbytes(20)],
                [asked.refusal(4)],
                [0.02, asked.answer()],
                [],
                [CLOSE],
            ]
        )

    good: list[bool] = []
    async with linked(scripted(any_fault), timeout_s=0.01, in_flight=5) as link:

        async def keep_asking() -> None:
            for number in range(40):
                request = read(dice.randrange(1000), 1 + number % 3)
                link.retry_now()
                try:
                    good.append((await link.request(1, request)).answer == right(request))
                except FieldbusError:
                    continue

        await asyncio.gather(*(keep_asking() for _ in range(5)))

    assert all(good)
    assert len(good) > 20


@pytest.mark.parametrize("in_flight", [0, 17])
def test_more_than_a_server_can_be_asked_at_once_is_refused(in_flight: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        TcpLink("127.0.0.1", 502, timeout_s=1, in_flight=in_flight)


@pytest.fixture(scope="module")
def ecr() -> DeviceMap:
    profile = load_catalog().profile("hager-ecr")
    return device_map(profile, profile.product("ECR380D"))


async def test_a_device_is_read_by_one_request_and_then_by_many_at_once(scripted: Any, ecr: DeviceMap) -> None:
    plan = BlockMemory().plan(ecr, ecr.points, request_cost=50)
    behind_first = len(plan) - 1
    assert behind_first >= 2
    peer = scripted(Hoarder(1, *([behind_first] if behind_first <= 16 else [16])))
    async with linked(peer, in_flight=16) as link:
        got = await read_points(link, 1, ecr, ecr.points, memory=BlockMemory())

    assert set(got.values) == set(ecr.points)
    assert not got.failures


async def test_a_silent_device_costs_one_request_however_many_may_be_under_way(scripted: Any, ecr: DeviceMap) -> None:
    peer = scripted(lambda asked: [])
    quick = DeviceMap(
        **{name: getattr(ecr, name) for name in ecr.__slots__}
        | {"limits": ecr.limits.model_copy(update={"timeout_ms": 50})}
    )
    async with linked(peer, in_flight=16, timeout_s=SHORT_S) as link:
        got = await read_points(link, 1, quick, quick.points, memory=BlockMemory())

    assert len(peer.asked) == 1
    assert not got.values


async def test_what_is_refused_is_split_while_others_are_under_way(scripted: Any, ecr: DeviceMap) -> None:
    bad = ecr.points[-1]

    def refusing(asked: Any) -> Sequence[Any]:
        touches = asked.address < bad.end and bad.address < asked.address + asked.count
        return [asked.refusal(2) if touches else asked.answer()]

    async with linked(scripted(refusing), in_flight=16) as link:
        got = await read_points(link, 1, ecr, ecr.points, memory=BlockMemory())

    lost = {point for failure in got.failures for point in failure.points}
    assert lost == {point for point in ecr.points if point.address < bad.end and bad.address < point.end}
    assert isinstance(got.error, RefusedError)
    assert set(got.values) | lost == set(ecr.points)
