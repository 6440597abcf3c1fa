"""A simulated Hager ECR on Modbus TCP, for the demo and the tests: `python -m wattledger.demo.meter --product ECR380D`.

Served by pymodbus, so that our own Modbus code meets somebody else's. Prints `port N` as its first line. Lines on its
standard input change what it does, each answered by `ok` or `error` with the reason:

    silent on|off        answer nothing
    delay SECONDS        answer late
    freeze on|off        let values and counters stand still
    set ADDRESS RAW      keep a register, or the whole number that begins there, at a raw value
    release ADDRESS      let it live again
    refuse ADDRESS CODE  answer reads that touch the register with this exception
    accept ADDRESS       stop that
    close                end all connections

It ends on SIGTERM and with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.demo.load_curve import load_at
from wattledger.demo.meter_registers import Identity, MeterRegisters, words_at

if TYPE_CHECKING:
    from pymodbus.pdu import ModbusPDU

PROFILE = "hager-ecr"
REFRESH_S = 1.0  # these meters renew their values once a second
PR_SET_PDEATHSIG = 1  # prctl(2)


class Meter:
    """What the simulated meter holds, and how it has been told to behave."""

    def __init__(self, mapped: DeviceMap, identity: Identity, *, index_kwh: float) -> None:
        self._map = mapped
        self.identity = identity
        self._measuring = MeterRegisters(mapped, index_kwh=index_kwh)
        self.registers = {**identity.registers(), **self._measuring.addresses()}
        self._held: dict[int, int] = {}
        self._refused: dict[int, int] = {}
        self._renewed_at = time.time()
        self.is_silent = False
        self.is_frozen = False
        self.delay_s = 0.0
        self.registers.update(self._measuring.measured(load_at(self._renewed_at)))

    def advance(self, now: float) -> None:
        """Bring values and counters to `now` (seconds since 1970), at most once a second."""
        if now - self._renewed_at < REFRESH_S and now >= self._renewed_at:
            return
        if not self.is_frozen:
            load = load_at(now)
            self._measuring.count(load, duration_s=max(0.0, now - self._renewed_at))
            self.registers.update(self._measuring.measured(load))
        self._renewed_at = now

    def read(self, address: int, count: int) -> list[int] | ExcCodes:
        """The registers as a request sees them, or the exception that it gets."""
        self.advance(time.time())
        wanted = range(address, address + count)
        for at in wanted:
            if at in self._refused:
                return ExcCodes(self._refused[at])
        return [self._held.get(at, self.registers.get(at, 0)) for at in wanted]

    def obey(self, line: str) -> None:
        """Do what a control line says; raises ValueError for one that cannot be done."""
        match line.split():
            case ["silent", ("on" | "off") as state]:
                self.is_silent = state == "on"
            case ["freeze"]:
                self.is_frozen = True
            case ["freeze", ("on" | "off") as state]:
                self.is_frozen = state == "on"
            case ["delay", seconds]:
                self.delay_s = float(seconds)
            case ["set", address, raw]:
                self._held.update(self._words(int(address, 0), int(raw, 0)))
            case ["release", address]:
                for at in self._words(int(address, 0), 0):
                    self._held.pop(at, None)
            case ["refuse", address, code]:
                self._refused[int(address, 0)] = ExcCodes(int(code, 0)).value
            case ["accept", address]:
                self._refused.pop(int(address, 0), None)
            case _:
                raise ValueError(f"unknown command {line!r}")

    def _words(self, address: int, raw: int) -> dict[int, int]:
        for point in self._map.points:
            if point.address == address:
                return words_at(address, raw, point.type)
        if address not in self.registers:
            raise ValueError(f"no register 0x{address:04X}")
        return {address: raw & 0xFFFF}


class MeterServer(ModbusTcpServer):
    """Serves one meter at one unit; other units are answered as by a gateway that finds nobody there."""

    def __init__(self, meter: Meter, *, host: str, port: int, unit_id: int) -> None:
        self.meter = meter
        self.unit_id = unit_id
        self.handlers: set[MeterRequests] = set()
        identity = ModbusDeviceIdentification(info=meter.identity.texts())  # type: ignore[no-untyped-call]
        super().__init__(_device(meter), identity=identity, address=(host, port))

    def callback_new_connection(self) -> MeterRequests:
        """Called by pymodbus for each connection."""
        return MeterRequests(self, None, None, None)  # type: ignore[no-untyped-call]


class MeterRequests(ServerRequestHandler):
    """One connection: holds answers back as the meter was told.

    Whole answers are delayed, with the transaction they belong to, because pymodbus would give an answer that it
    computes late the transaction of the latest request.
    """

    server: MeterServer

    def callback_connected(self) -> None:
        """Called by pymodbus."""
        super().callback_connected()
        self.server.handlers.add(self)

    def callback_disconnected(self, exc: Exception | None) -> None:
        """Called by pymodbus."""
        super().callback_disconnected(exc)
        self.server.handlers.discard(self)

    def server_send(self, pdu: ModbusPDU, addr: tuple[str, int] | None) -> None:
        """Called by pymodbus with the finished answer."""
        meter = self.server.meter
        if meter.is_silent:
            return
        if pdu.dev_id != self.server.unit_id:
            silence = ExceptionResponse(pdu.function_code & 0x7F, ExcCodes.GATEWAY_NO_RESPONSE)
            silence.transaction_id, silence.dev_id = pdu.transaction_id, pdu.dev_id
            pdu = silence
        if meter.delay_s:
            asyncio.get_running_loop().call_later(meter.delay_s, self._send_late, pdu, addr)
        else:
            super().server_send(pdu, addr)  # type: ignore[no-untyped-call]

    def _send_late(self, pdu: ModbusPDU, addr: tuple[str, int] | None) -> None:
        if self in self.server.handlers:
            super().server_send(pdu, addr)  # type: ignore[no-untyped-call]


def _device(meter: Meter) -> SimDevice:
    async def renew(  # noqa: PLR0917 - so pymodbus calls it
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if values is not None or function != 3:  # this family reads with nothing else
            return ExcCodes.ILLEGAL_FUNCTION
        words = meter.read(address, count)
        if isinstance(words, ExcCodes):
            return words
        registers[address - start : address - start + count] = words
        return None

    data = [SimData(at, values=word, datatype=DataType.REGISTERS) for at, word in sorted(meter.registers.items())]
    # id 0 answers for every other unit, so that these requests reach the handler, which refuses them
    return SimDevice(id=0, simdata=data, action=renew)


async def serve(meter: Meter, *, host: str, port: int, unit_id: int, report: Callable[[str], None]) -> None:
    """Serve until cancelled; reports `port N` when requests are taken, and an answer to each control line."""
    server = MeterServer(meter, host=host, port=port, unit_id=unit_id)
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)  # noqa: S101 - what pymodbus keeps for a listener
    report(f"port {server.transport.sockets[0].getsockname()[1]}")
    try:
        await _obey_lines(server, report)
        await asyncio.Event().wait()
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


async def _obey_lines(server: MeterServer, report: Callable[[str], None]) -> None:
    """Carry out the lines on standard input until it ends."""
    lines = asyncio.StreamReader()
    try:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    except ValueError:  # a plain file or /dev/null: nobody gives commands
        return
    while line := (await lines.readline()).decode().strip():
        try:
            if line == "close":
                for handler in tuple(server.handlers):
                    handler.close()
            else:
                server.meter.obey(line)
        except ValueError as error:
            report(f"error {error}")
        else:
            report(f"ok {line}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulated meter until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m wattledger.demo.meter", description="A simulated Hager ECR.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, told on the first line")
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--product", default="ECR380D")
    parser.add_argument("--serial", default="3426010001")
    parser.add_argument("--index", type=float, default=12345.0, help="kWh that its counter begins with")
    given = parser.parse_args(arguments)
    end_with_parent()
    profile = load_catalog().profile(PROFILE)
    mapped = device_map(profile, profile.product(given.product))
    meter = Meter(mapped, Identity(given.product, given.serial), index_kwh=given.index)
    with suppress(asyncio.CancelledError):
        asyncio.run(_run(meter, host=given.host, port=given.port, unit_id=given.unit))
    return 0


async def _run(meter: Meter, *, host: str, port: int, unit_id: int) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - inside a coroutine there is one
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await serve(meter, host=host, port=port, unit_id=unit_id, report=_report)


def _report(line: str) -> None:
    print(line, flush=True)


def end_with_parent() -> None:
    """Let the kernel end this process when its parent dies, however that happens."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
