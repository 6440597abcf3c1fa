"""Two devices on one address: never a wrong value, and who looks is told what the matter is."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import (
    BlockMemory,
    DoubledUnitError,
    FieldbusError,
    OutOfStepError,
    Parity,
    RtuLink,
    SerialSettings,
    UnfitAnswerError,
    probe_unit,
    read_points,
)
from wattledger.fieldbus.modbus.doubles import ABSENT_S, SPREAD_S, TRUSTED_S
from wattledger.fieldbus.modbus.owed_answers import MOST_LATE_S
from wattledger.fieldbus.modbus.pdu import ReadRegisters

TIMEOUT_S = 1.0  # far above the delays here, so that a busy machine does not make them longer than a time of listening
LISTENS_S = 0.05  # where nothing more comes, it is spent
GUARD_S = 20.0
REASON = "two devices answer at address 5"


def read(address: int = 100, count: int = 2) -> ReadRegisters:
    return ReadRegisters(3, address, count)


def right(request: ReadRegisters) -> tuple[int, ...]:
    return tuple((request.address + n) * 7919 % 0x10000 for n in range(request.count))


def other(asked: Any) -> bytes:
    """What the other device answers: the same registers, other values."""
    return bytes(asked.answer([0x4000 + asked.address + n for n in range(asked.count)]))


def in_turn(asked: Any) -> Sequence[Any]:
    return [asked.answer(), 0.01, other(asked)] if asked.unit == 5 else [asked.answer()]


def honest(asked: Any) -> Sequence[Any]:
    return [asked.answer()]


@dataclass
class Clock:
    """The computer's own, which can be put forward."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture(scope="module")
def mapped() -> DeviceMap:
    profile = load_catalog().profile("hager-ecr")
    return device_map(profile, profile.product("ECR380D"))


@asynccontextmanager
async def linked(line: Any, *, timeout_s: float = TIMEOUT_S, **settings: Any) -> AsyncIterator[RtuLink]:
    link = RtuLink(SerialSettings(line.port, 115200, Parity.EVEN), timeout_s=timeout_s, **settings)
    try:
        async with asyncio.timeout(GUARD_S):
            yield link
    finally:
        await link.close()


async def test_the_first_answer_of_two_devices_is_not_used_and_the_reason_is_told(scripted_line: Any) -> None:
    line = scripted_line(in_turn)
    async with linked(line, retries=3) as link:
        for _ in range(2):
            with pytest.raises(DoubledUnitError, match=REASON):
                await link.request(5, read())

    assert len(line.asked) == 2  # asking again is no cure
    assert link.statistics.of_unit(5).rejected == 2


async def test_a_repeater_that_sends_everything_twice_is_found_by_a_refusal_too(scripted_line: Any) -> None:
    async with linked(scripted_line(lambda asked: [asked.refusal(2), 0.01, asked.refusal(2)])) as link:
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read())


async def test_when_the_address_is_put_right_the_unit_is_read_again(scripted_line: Any) -> None:
    line = scripted_line(in_turn)
    async with linked(line, listens_s=LISTENS_S) as link:
        with pytest.raises(DoubledUnitError):
            await link.request(5, read())
        line.script = honest
        assert (await link.request(5, read(200))).answer == right(read(200))


async def test_the_neighbours_of_two_devices_are_read(scripted_line: Any) -> None:
    async with linked(scripted_line(in_turn), listens_s=LISTENS_S) as link:
        with pytest.raises(DoubledUnitError):
            await link.request(5, read())
        assert (await link.request(6, read(300))).answer == right(read(300))


async def test_a_device_that_is_added_to_a_trusted_one_is_heard_between_the_requests(scripted_line: Any) -> None:
    line = scripted_line()
    async with linked(line, listens_s=LISTENS_S) as link:
        await link.request(5, read())
        line.script = in_turn
        assert (await link.request(5, read(200))).answer == right(read(200))
        await asyncio.sleep(LISTENS_S)  # nobody asks anything
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read(300))


@pytest.mark.parametrize("delay_s", [0.0, 0.005, 0.02])
async def test_a_second_answer_in_the_middle_of_the_next_request_gives_no_value(
    scripted_line: Any, delay_s: float
) -> None:
    def added(asked: Any) -> Sequence[Any]:
        # The line falls silent for long enough to be asked again, whatever is sent meanwhile.
        return [asked.answer(), 0.06 + delay_s, other(asked)]

    line = scripted_line()
    async with linked(line, listens_s=LISTENS_S) as link:
        await link.request(5, read())
        line.script = added
        assert (await link.request(5, read(200, 3))).answer == right(read(200, 3))
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read(300, 4))


async def test_a_second_answer_while_another_unit_is_asked_is_noted(scripted_line: Any) -> None:
    line = scripted_line()
    async with linked(line, listens_s=4 * LISTENS_S) as link:
        await link.request(5, read())
        await link.request(6, read())
        line.script = lambda asked: [asked.answer(), 0.06, other(asked)] if asked.unit == 5 else honest(asked)
        await link.request(5, read(200))
        assert (await link.request(6, read(300))).answer == right(read(300))
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read(400))


async def test_answers_over_each_other_are_no_value_and_the_reason_names_two_devices(scripted_line: Any) -> None:
    def at_once(asked: Any) -> Sequence[Any]:
        return [bytes(a & b for a, b in zip(asked.answer(), other(asked), strict=True))]

    async with linked(scripted_line(at_once)) as link:
        with pytest.raises(UnfitAnswerError, match="look for two devices at address 5"):
            await link.request(5, read())


async def test_noise_behind_the_first_answer_leaves_it_unused(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer(), 0.01, b"\x55\xaa\x55\xaa"])
    async with linked(line, listens_s=LISTENS_S) as link:
        with pytest.raises(UnfitAnswerError, match="behind the answer came 4 bytes"):
            await link.request(5, read())
        line.script = honest
        assert (await link.request(5, read())).answer == right(read())


async def test_two_devices_with_any_delays_never_give_a_value(scripted_line: Any) -> None:
    chance = random.Random(5)

    def both(asked: Any) -> Sequence[Any]:
        if asked.unit != 5:
            return honest(asked)
        if chance.random() < 0.3:
            return [asked.answer()[:4], other(asked)]  # over each other
        first, second = chance.sample([asked.answer(), other(asked)], 2)
        return [chance.uniform(0.0, 0.02), first, chance.uniform(0.0, 0.04), second]

    clock, outcomes = Clock(), []
    async with linked(scripted_line(both), retries=1, clock=clock) as link:
        for number in range(25):
            outcomes.append(await outcome(link, 5, read(16 * number, chance.choice((2, 2, 3)))))
            clock.ahead_s += MOST_LATE_S  # what was garbled is owed no more
        neighbour = await outcome(link, 6, read())

    assert set(outcomes) <= {DoubledUnitError, UnfitAnswerError, OutOfStepError}  # no registers among them
    assert outcomes.count(DoubledUnitError) > 12
    assert neighbour == right(read())


@pytest.mark.parametrize("pass_time", ["an hour", "silence", "adapter"])
async def test_a_trusted_unit_is_listened_to_again(scripted_line: Any, pass_time: str) -> None:
    clock, line = Clock(), scripted_line()
    async with linked(line, listens_s=LISTENS_S, clock=clock) as link:
        await link.request(5, read())
        match pass_time:
            case "an hour":
                clock.ahead_s += TRUSTED_S + 5 * SPREAD_S
            case "silence":
                line.script = lambda asked: []
                clock.ahead_s += ABSENT_S
                assert await outcome(link, 5, read(), timeout_s=LISTENS_S) is not None
            case "adapter":
                line.script = lambda asked: ["unplug"]
                await outcome(link, 5, read())
                line.plug()
                link.retry_now()
        line.script = in_turn
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read(200, 3))


async def test_who_gives_up_while_the_line_is_listened_to_leaves_the_unit_unknown(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer(), 0.1, other(asked)])
    async with linked(line) as link:
        asking = asyncio.create_task(link.request(5, read()))
        await asyncio.to_thread(line.until_asked)
        await asyncio.sleep(0.05)  # between the two answers
        asking.cancel()
        with pytest.raises(DoubledUnitError, match=REASON):
            await link.request(5, read(200, 3))


async def test_an_adapter_pulled_out_ends_the_listening(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer(), "unplug"])
    async with linked(line, timeout_s=60.0, listens_s=60.0) as link:
        with pytest.raises(FieldbusError, match="connection lost"):
            await link.request(5, read())


async def test_points_of_two_devices_cost_one_request_and_give_no_value(scripted_line: Any, mapped: DeviceMap) -> None:
    line = scripted_line(in_turn)
    async with linked(line) as link:
        got = await read_points(link, 5, mapped, mapped.points, memory=BlockMemory())

    assert len(line.asked) == 1
    assert not got.answers
    assert isinstance(got.error, DoubledUnitError)


async def test_what_was_read_before_the_second_answer_was_heard_does_not_count(
    scripted_line: Any, mapped: DeviceMap
) -> None:
    line = scripted_line()
    async with linked(line, listens_s=LISTENS_S) as link:
        await link.request(5, read())
        line.script = lambda asked: [asked.answer(), 0.06, other(asked)]
        got = await read_points(link, 5, mapped, mapped.points, memory=BlockMemory())

    assert not got.answers
    assert {point for failure in got.failures for point in failure.points} == set(mapped.points)


async def test_a_scan_tells_two_devices_and_asks_them_no_more(scripted_line: Any) -> None:
    line = scripted_line(in_turn)
    async with linked(line) as link:
        found = await probe_unit(link, 5, [load_catalog().profile("hager-ecr")])

    assert found is not None
    assert REASON in found.garbled
    assert not found.said
    assert len(line.asked) == 1


async def outcome(link: RtuLink, unit_id: int, request: ReadRegisters, **how: Any) -> object:
    """The registers, or what kind of error came."""
    try:
        return (await link.request(unit_id, request, **how)).answer
    except FieldbusError as error:
        return type(error)
