"""Settings and alarms of a device are read when somebody asks; what fails costs the others nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import AlarmSeverity, DeviceMap, Limits, MappedAlarm, MappedParameter, RegisterType, WordOrder
from wattledger.fieldbus import AnswerTimeoutError, RefusedError, TcpLink, read_alarms, read_settings

SHORT_S = 0.05


def parameter(name: str, address: int, register_type: RegisterType = RegisterType.U16, **more: Any) -> MappedParameter:
    return MappedParameter(
        **{
            "name": name,
            "text": f"param.{name}",
            "function": 3,
            "address": address,
            "type": register_type,
            "word_order": WordOrder.BIG,
            "multiplier": 1,
            "divisor": 1,
            "offset": 0,
            "nan": (),
            "unit": "1",
            "values": {},
            "least": None,
            "most": None,
            "writing": None,
            **more,
        }
    )


def alarm(name: str, address: int, bit: int) -> MappedAlarm:
    bits = RegisterType.BITS
    return MappedAlarm(name, AlarmSeverity.WARNING, "alarm", {}, 4, address, bits, WordOrder.BIG, bit, None)


@pytest.fixture
def device() -> DeviceMap:
    return DeviceMap(
        profile="made",
        version=1,
        product="M1",
        channels=1,
        points=(),
        blocks=(),
        limits=Limits(timeout_ms=int(SHORT_S * 1000)),
        identify=(),
        parameters=(
            parameter("network", 100, values={2: "network.3bl"}),
            parameter("ratio", 101, RegisterType.U32, divisor=10, unit="A"),
            parameter("delay", 200, nan=(0xFFFF,)),
        ),
        alarms=(alarm("low", 500, 0), alarm("high", 500, 3), alarm("lost", 501, 0)),
    )


@asynccontextmanager
async def linked(peer: Any) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=SHORT_S, retries=0)
    try:
        yield link
    finally:
        await link.close()


async def test_each_setting_is_read_by_itself_and_told_in_its_unit_or_as_a_choice(
    scripted: Any, device: DeviceMap
) -> None:
    registers = {100: [2], 101: [0, 2005], 200: [0xFFFF]}
    peer = scripted(lambda asked: [asked.answer(registers[asked.address])])

    async with linked(peer) as link:
        settings = await read_settings(link, 1, device)

    assert [(one.parameter.name, one.value, one.choice, one.error) for one in settings] == [
        ("network", 2.0, "network.3bl", None),
        ("ratio", 200.5, None, None),
        ("delay", None, None, None),
    ]
    assert [(asked.function, asked.address, asked.count) for asked in peer.asked] == [
        (3, 100, 1),
        (3, 101, 2),
        (3, 200, 1),
    ]


async def test_a_setting_that_is_refused_costs_the_others_nothing(scripted: Any, device: DeviceMap) -> None:
    peer = scripted(lambda asked: [asked.refusal(2) if asked.address == 100 else asked.answer([0] * asked.count)])

    async with linked(peer) as link:
        first, *others = await read_settings(link, 1, device)

    assert isinstance(first.error, RefusedError)
    assert [one.value for one in others] == [0.0, 0.0]


async def test_a_silent_device_is_asked_once(scripted: Any, device: DeviceMap) -> None:
    peer = scripted(lambda asked: [])

    async with linked(peer) as link:
        settings = await read_settings(link, 1, device)

    assert all(isinstance(one.error, AnswerTimeoutError) for one in settings)
    assert len(peer.asked) == 1


async def test_alarms_in_one_register_are_read_together_and_stand_each_for_itself(
    scripted: Any, device: DeviceMap
) -> None:
    peer = scripted(lambda asked: [asked.answer([0b1000]) if asked.address == 500 else asked.refusal(2)])

    async with linked(peer) as link:
        states = await read_alarms(link, 1, device)

    assert [(one.alarm.name, one.is_raised) for one in states] == [("low", False), ("high", True), ("lost", None)]
    assert [(asked.function, asked.address) for asked in peer.asked] == [(4, 500), (4, 501)]
