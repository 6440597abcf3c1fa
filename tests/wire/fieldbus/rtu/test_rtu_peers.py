"""Our master and other people's Modbus understand each other on a serial line."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from wattledger.catalog import device_map, load_catalog
from wattledger.fieldbus import (
    AnswerTimeoutError,
    BlockMemory,
    Link,
    Parity,
    RefusedError,
    RtuLink,
    SerialSettings,
    decode,
    read_points,
)
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters, WriteRegister, WriteRegisters


@asynccontextmanager
async def linked(port: str, *, timeout_s: float = 5.0, retries: int = 0) -> AsyncIterator[RtuLink]:
    link = RtuLink(SerialSettings(port, 19200, Parity.NONE), timeout_s=timeout_s, retries=retries, listens_s=0)
    try:
        yield link
    finally:
        await link.close()


def mbpoll(port: str, address: int, count: int) -> list[int]:
    """The holding registers as mbpoll (libmodbus) reads them."""
    program = shutil.which("mbpoll")
    assert program, "mbpoll is needed; `make setup-test` installs it"
    line = ["-m", "rtu", "-a", "1", "-b", "19200", "-P", "none", "-s", "2", "-o", "2"]
    command = [program, *line, "-0", "-r", str(address), "-c", str(count), "-1", port]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = dict(re.findall(r"^\[(\d+)\]:\s+(\d+)", output, re.MULTILINE))
    return [int(rows[str(address + n)]) for n in range(count)]


@pytest.mark.parametrize("function", [3, 4])
async def test_a_libmodbus_server_is_read_register_by_register_right(libmodbus_line: str, function: int) -> None:
    async with linked(libmodbus_line) as link:
        for address, count in ((0xB000, 1), (0xB001, 125), (0xB3FF, 1), (0xB123, 77)):
            reply = await link.request(1, ReadRegisters(function, address, count))
            assert reply.answer == tuple((address + n) * 7919 % 0x10000 for n in range(count))

    assert link.statistics.of_link().rejected == 0


async def test_mbpoll_reads_the_same_numbers_on_the_same_line(libmodbus_line: str) -> None:
    async with linked(libmodbus_line) as link:
        ours = (await link.request(1, ReadRegisters(3, 0xB100, 20))).answer

    assert mbpoll(libmodbus_line, 0xB100, 20) == list(ours)


async def test_mbpoll_reads_back_what_we_wrote_and_broadcast(libmodbus_line: str) -> None:
    async with linked(libmodbus_line) as link:
        await link.request(1, WriteRegisters(0xB100, (31, 12, 26, 23, 59, 58)))
        await link.request(1, WriteRegister(0xB106, 0xFFFF))
        await link.broadcast(WriteRegister(0xB107, 4711).encode())

    assert mbpoll(libmodbus_line, 0xB100, 8) == [31, 12, 26, 23, 59, 58, 0xFFFF, 4711]


async def test_a_libmodbus_server_refuses_addresses_that_it_does_not_have(libmodbus_line: str) -> None:
    async with linked(libmodbus_line) as link:
        with pytest.raises(RefusedError, match="illegal data address"):
            await link.request(1, ReadRegisters(3, 0xB3FF, 2))


async def test_the_points_of_a_profile_are_read_over_a_serial_line_as_over_any_link(libmodbus_line: str) -> None:
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    async with linked(libmodbus_line) as serial_link:
        link: Link = serial_link
        got = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())

    assert got.failures == ()
    for point in mapped.points:
        raw = [(point.address + n) * 7919 % 0x10000 for n in range(point.words)]
        assert got.values[point].value == decode(point, raw)


# After a request that is not for it, libmodbus takes the next thing on the line for the other unit's answer; after a
# function that it does not know, it is out of step within the frame. Either way half a second of silence cures it.
BACK_IN_STEP_S = 0.7


@pytest.mark.parametrize(("unit_id", "request_"), [(2, ReadRegisters(3, 0xB000, 4)), (1, ReadIdentification(0))])
async def test_a_server_that_loses_its_step_is_read_at_the_retry(
    libmodbus_line: str, unit_id: int, request_: ReadRegisters | ReadIdentification
) -> None:
    async with linked(libmodbus_line, timeout_s=BACK_IN_STEP_S, retries=2) as link:
        with pytest.raises(AnswerTimeoutError):
            await link.request(unit_id, request_, timeout_s=0.01)
        reply = await link.request(1, ReadRegisters(3, 0xB000, 4))

    assert reply.answer == tuple((0xB000 + n) * 7919 % 0x10000 for n in range(4))


@asynccontextmanager
async def pymodbus_line(cable: Any) -> AsyncIterator[str]:
    """A port with pymodbus' simulator as units 1 and 2 behind it, at 19200-8-N-2."""
    near, far = cable.ends
    registers = SimData(
        0xB000, values=[(0xB000 + n) * 7919 % 0x10000 for n in range(1024)], datatype=DataType.REGISTERS
    )
    server = ModbusSerialServer(
        [SimDevice(1, simdata=[registers]), SimDevice(2, simdata=[registers])],
        identity=ModbusDeviceIdentification(info_name={"VendorName": "Pymodbus", "ProductCode": "SIM"}),
        port=far,
        baudrate=19200,
        parity="N",  # a pseudo terminal takes a parity once only, and pyserial asks more often
        stopbits=2,
    )
    await server.serve_forever(background=True)
    try:
        yield near
    finally:
        await server.shutdown()


async def test_the_pymodbus_simulator_is_read_register_by_register_right(cable: Any) -> None:
    async with pymodbus_line(cable) as port, linked(port) as link:
        for unit_id in (1, 2):
            for function, address, count in ((3, 0xB000, 1), (3, 0xB001, 125), (4, 0xB3FF, 1), (4, 0xB123, 77)):
                reply = await link.request(unit_id, ReadRegisters(function, address, count))
                assert reply.answer == tuple((address + n) * 7919 % 0x10000 for n in range(count))
        assert (await link.request(1, ReadIdentification(0))).answer == b"Pymodbus"
        with pytest.raises(RefusedError, match="illegal data address"):
            await link.request(1, ReadRegisters(3, 0xB3FF, 2))

    assert link.statistics.of_link().rejected == 0
