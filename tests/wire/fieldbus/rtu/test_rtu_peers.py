"""Our master and libmodbus understand each other on a serial line."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

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
    link = RtuLink(SerialSettings(port, 19200, Parity.NONE), timeout_s=timeout_s, retries=retries)
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
