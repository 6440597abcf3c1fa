"""Our master and other people's Modbus read the same numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from wattledger.catalog import MappedPoint, device_map, load_catalog
from wattledger.fieldbus import BlockMemory, RefusedError, TcpLink, read_points
from wattledger.fieldbus.modbus.pdu import ReadRegisters, WriteRegister, WriteRegisters

HOST = "127.0.0.1"


def mbpoll(port: int, address: int, count: int) -> list[int]:
    """The holding registers as mbpoll (libmodbus) reads them."""
    program = shutil.which("mbpoll")
    assert program, "mbpoll is needed; `make setup` installs it"
    command = [program, "-m", "tcp", "-p", str(port), "-a", "1", "-0", "-r", str(address), "-c", str(count), "-1", HOST]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = dict(re.findall(r"^\[(\d+)\]:\s+(\d+)", output, re.MULTILINE))
    return [int(rows[str(address + n)]) for n in range(count)]


async def ours(port: int, request: ReadRegisters) -> tuple[int, ...]:
    link = TcpLink(HOST, port, timeout_s=5)
    try:
        return (await link.request(1, request)).answer
    finally:
        await link.close()


@pytest.mark.parametrize(("address", "count"), [(0xB000, 49), (0xB060, 12), (0xB0C0, 64), (0xB180, 24), (0x1000, 116)])
async def test_mbpoll_reads_the_same_numbers_from_the_pymodbus_meter(ecr380d: Any, address: int, count: int) -> None:
    ecr380d.tell("freeze on")

    assert list(await ours(ecr380d.port, ReadRegisters(3, address, count))) == mbpoll(ecr380d.port, address, count)


@pytest.mark.parametrize("function", [3, 4])
async def test_a_libmodbus_server_is_read_register_by_register_right(libmodbus_port: int, function: int) -> None:
    link = TcpLink(HOST, libmodbus_port, timeout_s=5)
    try:
        for address, count in ((0xB000, 1), (0xB001, 125), (0xB3FF, 1), (0xB123, 77)):
            reply = await link.request(1, ReadRegisters(function, address, count))
            assert reply.answer == tuple((address + n) * 7919 % 0x10000 for n in range(count))
    finally:
        await link.close()


async def test_mbpoll_reads_back_from_a_libmodbus_server_what_we_wrote(libmodbus_port: int) -> None:
    link = TcpLink(HOST, libmodbus_port, timeout_s=5)
    try:
        await link.request(1, WriteRegisters(0xB100, (31, 12, 26, 23, 59, 58)))
        await link.request(1, WriteRegister(0xB106, 0xFFFF))
        with pytest.raises(RefusedError, match="illegal data address"):
            await link.request(1, WriteRegisters(0xB3FF, (1, 2)))
    finally:
        await link.close()

    assert mbpoll(libmodbus_port, 0xB100, 7) == [31, 12, 26, 23, 59, 58, 0xFFFF]


async def test_a_libmodbus_server_refuses_addresses_that_it_does_not_have(libmodbus_port: int) -> None:
    with pytest.raises(RefusedError, match="illegal data address"):
        await ours(libmodbus_port, ReadRegisters(3, 0xB3FF, 2))


# Where the values of an ECR380D stand, typed from the maker's table: address, words, factor to the inside unit.
TABLE = {
    "voltage.l1-n": (45056, 1, 0.01),
    "voltage.l3-l1": (45061, 1, 0.01),
    "frequency": (45062, 1, 0.01),
    "current.l2": (45067, 2, 0.001),
    "current.n": (45071, 2, 0.001),
    "active_power.total": (45073, 2, 10),
    "apparent_power.l3": (45097, 2, 10),
    "power_factor.total": (45079, 1, 0.001),
    "active_energy.import.total": (45152, 2, 1000),
    "reactive_energy.import.total": (45154, 2, 1000),
    "active_energy.import.l2": (45442, 2, 1000),
    "active_energy.import.total.t1": (45248, 2, 1000),
}


async def test_the_points_of_a_meter_are_the_numbers_that_mbpoll_sees(ecr380d: Any) -> None:
    ecr380d.tell("freeze on")
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    link = TcpLink(ecr380d.host, ecr380d.port, timeout_s=5)
    try:
        got = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()

    assert got.failures == ()
    values = {str(point.name): value.value for point, value in got.values.items()}
    for name, (address, words, factor) in TABLE.items():
        raw = 0
        for word in mbpoll(ecr380d.port, address, words):
            raw = raw * 65536 + word
        assert values[name] == pytest.approx(raw * factor, rel=1e-12), name


@pytest.mark.parametrize("product", ["ECR140D", "ECR180D", "ECR300C", "ECR180T"])
async def test_every_kind_of_the_family_is_read_whole(simulate: Callable[..., Any], product: str) -> None:
    meter = simulate(product)
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product(product))
    link = TcpLink(meter.host, meter.port, timeout_s=5)
    try:
        got = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()

    assert got.failures == ()
    assert {point for point, value in got.values.items() if value.value is None} == set()
    assert len(link.statistics.of_unit(1).exceptions) == 0


async def test_what_the_meter_says_it_has_not_is_no_value(ecr380d: Any) -> None:
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    ecr380d.tell("set 0xB000 0xFFFF")
    ecr380d.tell("set 0xB011 0x7FFFFFFF")
    ecr380d.tell("set 0xB017 1000")
    link = TcpLink(ecr380d.host, ecr380d.port, timeout_s=5)
    try:
        got = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()

    def value(name: str) -> float | None:
        point: MappedPoint | None = mapped.point(name)
        assert point is not None
        return got.values[point].value

    assert value("voltage.l1-n") is None
    assert value("active_power.total") is None
    assert value("power_factor.total") == 1.0
    assert value("voltage.l2-n") is not None
