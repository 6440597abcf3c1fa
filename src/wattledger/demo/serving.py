"""Simulated devices on TCP, TLS or a serial line, framed by pymodbus, so that we meet somebody else's code."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pymodbus.constants import DeviceInformation, ExcCodes
from pymodbus.framer import FramerType
from pymodbus.pdu import ExceptionResponse
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest, ReadDeviceInformationResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.server.base import ModbusBaseServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from wattledger.demo.device import SimulatedDevice

if TYPE_CHECKING:
    from pymodbus.pdu import ModbusPDU

Devices = Mapping[int, SimulatedDevice]


class Requests(ServerRequestHandler):
    """One connection or line: requests go to our devices, and whole answers are held back as these were told.

    pymodbus would give an answer that it computes late the transaction of the latest request.
    """

    def __init__(self, owner: ModbusBaseServer, devices: Devices, handlers: set[Requests], *, is_line: bool) -> None:
        super().__init__(owner, None, None, None)  # type: ignore[no-untyped-call]
        self._devices = devices
        self._handlers = handlers
        self._is_line = is_line

    def callback_connected(self) -> None:
        """Called by pymodbus."""
        super().callback_connected()
        self._handlers.add(self)

    def callback_disconnected(self, exc: Exception | None) -> None:
        """Called by pymodbus."""
        super().callback_disconnected(exc)
        self._handlers.discard(self)

    async def handle_request(self) -> None:
        """Called by pymodbus for each request that came whole."""
        request, sender = self.last_pdu, self.last_addr
        if not request:
            return
        if self._is_line and not request.dev_id:  # a broadcast reaches everybody and is answered by nobody
            for listening in self._devices.values():
                answer_of(listening, request)
            return
        device = self._devices.get(request.dev_id)
        answer = self._answer(device, request)
        if answer is None:
            return
        answer.transaction_id, answer.dev_id = request.transaction_id, request.dev_id
        if device is not None and device.delay_s:
            asyncio.get_running_loop().call_later(device.delay_s, self._send, answer, sender)
        else:
            self._send(answer, sender)

    def _answer(self, device: SimulatedDevice | None, request: ModbusPDU) -> ModbusPDU | None:
        """None: nothing is said. For a unit that is not there, a host answers as a gateway, and a line is silent."""
        if device is None:
            return None if self._is_line else ExceptionResponse(request.function_code, ExcCodes.GATEWAY_NO_RESPONSE)
        return None if device.is_silent else answer_of(device, request)

    def _send(self, answer: ModbusPDU, sender: tuple[str, int] | None) -> None:
        if self in self._handlers or self._is_line:
            self.server_send(answer, sender)  # type: ignore[no-untyped-call]


def answer_of(device: SimulatedDevice, request: ModbusPDU) -> ModbusPDU:
    """What the device answers."""
    match request:
        case ReadHoldingRegistersRequest() | ReadInputRegistersRequest():
            words = device.read(request.function_code, request.address, request.count)
            if isinstance(words, ExcCodes):
                return ExceptionResponse(request.function_code, words)
            kind = ReadHoldingRegistersResponse if request.function_code == 3 else ReadInputRegistersResponse
            return kind(registers=words)
        case WriteSingleRegisterRequest():
            fault = device.write(request.address, list(request.registers))
            done: ModbusPDU = WriteSingleRegisterResponse(address=request.address, registers=request.registers)
            return done if fault is None else ExceptionResponse(request.function_code, fault)
        case WriteMultipleRegistersRequest():
            fault = device.write(request.address, list(request.registers))
            done = WriteMultipleRegistersResponse(address=request.address, count=request.count)
            return done if fault is None else ExceptionResponse(request.function_code, fault)
        case ReadDeviceInformationRequest():
            return _identification(device, request)
    return ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION)


def _identification(device: SimulatedDevice, request: ReadDeviceInformationRequest) -> ModbusPDU:
    objects = device.objects
    if not objects:
        return ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION)
    if request.read_code == DeviceInformation.SPECIFIC:
        if request.object_id not in objects:
            return ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_ADDRESS)
        objects = {request.object_id: objects[request.object_id]}
    return ReadDeviceInformationResponse(read_code=request.read_code, information=objects)


class DeviceServer:
    """Devices that answer on one address or line, until closed."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._handlers: set[Requests] = set()
        self._server: ModbusBaseServer | None = None

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Take connections on a port, 0 for a free one; gives the port."""
        if tls is None:
            server: ModbusTcpServer = ModbusTcpServer(_nothing(), address=(host, port))
        else:  # Modbus/TCP Security keeps the header of Modbus TCP
            server = ModbusTlsServer(_nothing(), address=(host, port), sslctx=tls, framer=FramerType.SOCKET)
        await self._start(server, is_line=False)
        assert isinstance(server.transport, asyncio.Server)  # noqa: S101 - what pymodbus keeps for a listener
        return int(server.transport.sockets[0].getsockname()[1])

    async def open_line(self, port: str, *, baudrate: int) -> None:
        """Answer on a serial line; the device file is that of the devices' side."""
        # a pseudo terminal takes a parity once only, and pyserial asks more often
        await self._start(ModbusSerialServer(_nothing(), port=port, baudrate=baudrate, parity="N"), is_line=True)

    def hang_up(self) -> None:
        """End all connections; new ones are taken."""
        for handler in tuple(self._handlers):
            handler.close()

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]

    async def _start(self, server: ModbusBaseServer, *, is_line: bool) -> None:
        def connected() -> Requests:
            return Requests(server, self._devices, self._handlers, is_line=is_line)

        server.callback_new_connection = connected  # type: ignore[method-assign]
        self._server = server
        await server.serve_forever(background=True)


def _nothing() -> SimDevice:
    """What pymodbus itself would serve; our devices answer in its place."""
    return SimDevice(id=0, simdata=[SimData(0, values=0, datatype=DataType.REGISTERS)])
