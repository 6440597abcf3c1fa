"""A serial line for the tests: a pseudo terminal that carries requests to a simulated meter, as a gateway would."""

from __future__ import annotations

import os
import pty
import select
import socket
import struct
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from pymodbus.framer.rtu import FramerRTU

from sunspec_peer import SunSpecPeer, compiled, sunspec_peer

MOST_BYTES = 4096
HEADER_BYTES = 6  # of Modbus TCP, before the unit


class Meter(Protocol):
    host: str
    port: int


class SerialLine:
    """What is behind a USB adapter: its device file, which goes and comes, and one meter on the wires."""

    def __init__(self, meter: Meter, device_file: Path) -> None:
        self.device_file = str(device_file)
        self.twin_s = 0.0  # so much later a second device with the same address answers; 0: there is none
        self._meter = meter
        self._link = device_file
        self._wake, self._woken = os.pipe()
        self._thread: threading.Thread | None = None
        self.plug()

    @property
    def terminal(self) -> str:
        """The pseudo terminal itself, below /dev."""
        return str(self._link.readlink())

    def plug(self) -> None:
        """Plug the adapter in; its device file is there when this is done."""
        terminal, adapter = pty.openpty()
        tty.setraw(adapter)
        self._thread = threading.Thread(target=self._carry, args=(terminal, adapter), name="serial line")
        self._thread.start()
        self._link.symlink_to(os.ttyname(adapter))

    def unplug(self) -> None:
        """Pull the adapter out; who has it open is hung up."""
        if self._thread is None:
            return
        self._link.unlink()
        os.write(self._woken, b"!")
        self._thread.join()
        self._thread = None

    def close(self) -> None:
        """Unplug it for good."""
        self.unplug()
        os.close(self._wake)
        os.close(self._woken)

    def _carry(self, terminal: int, adapter: int) -> None:
        asked, answered = b"", b""
        with socket.create_connection((self._meter.host, self._meter.port)) as meter:
            while True:
                ready, _, _ = select.select([terminal, meter, self._wake], [], [])
                if self._wake in ready:
                    os.read(self._wake, 1)
                    break
                if terminal in ready:
                    asked = self._ask(meter, asked + os.read(terminal, MOST_BYTES))
                if meter in ready:
                    piece = meter.recv(MOST_BYTES)
                    if not piece:
                        break  # the meter has lost its supply
                    answered = self._answer(terminal, answered + piece)
        os.close(terminal)
        os.close(adapter)

    def _ask(self, meter: socket.socket, received: bytes) -> bytes:
        """Pass `received` on to the meter once it is a whole request, as its check sum says; else give it back."""
        frame, check_sum = received[:-2], received[-2:]
        if check_sum != _check_sum(frame):
            return received
        meter.sendall(struct.pack(">HHH", 0, 0, len(frame)) + frame)
        return b""

    def _answer(self, terminal: int, received: bytes) -> bytes:
        """Pass the meter's whole answers on to the line; gives what is left of `received`."""
        while len(received) >= (end := HEADER_BYTES + int.from_bytes(received[4:6], "big")) > HEADER_BYTES:
            frame, received = received[HEADER_BYTES:end], received[end:]
            os.write(terminal, frame + _check_sum(frame))
            if self.twin_s:
                time.sleep(self.twin_s)
                os.write(terminal, frame + _check_sum(frame))
        return received


def _check_sum(frame: bytes) -> bytes:
    """As an independent implementation reckons it, in the order of the wire."""
    return FramerRTU.compute_CRC(frame).to_bytes(2, "big")


@pytest.fixture
def line_to(tmp_path: Path) -> Iterator[Callable[[Meter], SerialLine]]:
    """Put up a serial line to the units of a meter: `.device_file`, `.terminal`, `.unplug()`, `.plug()`."""
    with ExitStack() as lines:

        def put_up(meter: Meter) -> SerialLine:
            line = SerialLine(meter, tmp_path / "ttyUSB0")
            lines.callback(line.close)
            return line

        yield put_up


@pytest.fixture
def serial_line(ecr380d: Meter, line_to: Callable[[Meter], SerialLine]) -> SerialLine:
    """The simulated meter as unit 1 of a serial line."""
    return line_to(ecr380d)


@pytest.fixture(scope="session")
def sunspec_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("sunspec"))


@pytest.fixture
def sunspec(sunspec_program: Path) -> Iterator[SunSpecPeer]:
    """A device on libmodbus with the registers that a test gives it."""
    with sunspec_peer(sunspec_program) as peer:
        yield peer
