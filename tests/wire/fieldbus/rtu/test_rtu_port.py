"""How a port is opened: set as asked and compared, for us alone, on asyncio's own loop as on uvloop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import termios
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvloop

from wattledger.fieldbus import Parity, RtuLink, SerialSettings, UnreachableError
from wattledger.fieldbus.modbus import serial_port
from wattledger.fieldbus.modbus.pdu import ReadRegisters

CFLAG, SPEED = 2, 5
READ = ReadRegisters(3, 100, 2)
RIGHT = (100 * 7919 % 0x10000, 101 * 7919 % 0x10000)


async def read_once(settings: SerialSettings) -> tuple[int, ...]:
    link = RtuLink(settings, timeout_s=5.0, listens_s=0)
    try:
        return (await link.request(1, READ)).answer
    finally:
        await link.close()


@pytest.mark.parametrize(
    ("parity", "flags"),
    [
        (Parity.EVEN, termios.PARENB),
        (Parity.ODD, termios.PARENB | termios.PARODD),
        (Parity.NONE, termios.CSTOPB),
    ],
)
async def test_the_port_is_asked_for_parity_and_stop_bits(
    scripted_line: Any, monkeypatch: pytest.MonkeyPatch, parity: Parity, flags: int
) -> None:
    asked: list[list[Any]] = []
    set_attributes = termios.tcsetattr

    def watch(fd: int, when: int, attributes: list[Any]) -> None:
        asked.append(attributes)
        set_attributes(fd, when, attributes)

    monkeypatch.setattr(serial_port.termios, "tcsetattr", watch)  # a pseudo terminal does not keep them
    line = scripted_line()

    assert await read_once(SerialSettings(line.port, 57600, parity)) == RIGHT

    checked = termios.PARENB | termios.PARODD | termios.CSTOPB | termios.CSIZE
    assert asked[0][CFLAG] & checked == flags | termios.CS8
    assert asked[0][6][termios.VMIN] == asked[0][6][termios.VTIME] == 0


@pytest.mark.parametrize("baudrate", [1200, 9600, 115200])
async def test_the_port_has_the_speed_that_was_asked(scripted_line: Any, baudrate: int) -> None:
    line = scripted_line()

    assert await read_once(SerialSettings(line.port, baudrate)) == RIGHT
    assert line.attributes[SPEED] == getattr(termios, f"B{baudrate}")


async def test_a_port_that_does_not_take_its_settings_is_used_and_reported(
    scripted_line: Any, caplog: pytest.LogCaptureFixture
) -> None:
    line = scripted_line()
    for _ in range(3):  # from the second time on, the C library calls it an error that a pseudo terminal has no parity
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert await read_once(SerialSettings(line.port, 115200, Parity.EVEN)) == RIGHT
        assert "did not take the parity" in caplog.text


async def test_a_port_that_takes_its_settings_is_not_reported(
    scripted_line: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert await read_once(SerialSettings(scripted_line().port, 115200, Parity.NONE)) == RIGHT
    assert caplog.text == ""


async def test_a_port_in_use_is_not_shared(scripted_line: Any) -> None:
    line = scripted_line()
    settings = SerialSettings(line.port, 115200)
    link = RtuLink(settings, timeout_s=5.0, listens_s=0)
    try:
        await link.request(1, READ)
        with pytest.raises(UnreachableError, match="another program uses the port"):
            await read_once(settings)
    finally:
        await link.close()

    assert await read_once(settings) == RIGHT


@pytest.mark.parametrize(("make", "reason"), [(Path.touch, "Inappropriate ioctl"), (Path.mkdir, "Is a directory")])
async def test_what_is_no_serial_port_is_named(tmp_path: Path, make: Callable[[Path], None], reason: str) -> None:
    path = tmp_path / "port"
    make(path)

    with pytest.raises(UnreachableError, match=reason):
        await read_once(SerialSettings(str(path)))


@pytest.mark.parametrize("loop_factory", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_both_loops_read_and_notice_an_unplugged_adapter_by_themselves(
    scripted_line: Any, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    line = scripted_line(lambda asked: [asked.answer(), 0.05, "unplug"] if asked.number else [asked.answer()])

    async def scenario() -> None:
        link = RtuLink(SerialSettings(line.port, 115200), timeout_s=5.0, listens_s=0)
        assert [(await link.request(1, READ)).answer for _ in range(2)] == [RIGHT, RIGHT]
        async with asyncio.timeout(5):
            while link.is_connected:  # noqa: ASYNC110 - nobody asks: the loop itself must tell
                await asyncio.sleep(0.001)
        await link.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(scenario())


@dataclass
class Owner:
    """Who uses a port, remembering what it was told."""

    got: bytes = b""
    reasons: list[str] = field(default_factory=list)

    def received(self, data: bytes) -> None:
        self.got += data

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)


def fill(end: socket.socket) -> int:
    """Send until nothing more is taken; how much that was."""
    sent = 0
    with suppress(BlockingIOError):
        while True:
            sent += end.send(bytes(1000))
    return sent


@pytest.mark.parametrize("loop_factory", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_what_a_port_does_not_take_at_once_is_sent_later(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    near, far = (
        socket.socketpair()
    )  # stands for a port whose buffer is full, which no pseudo terminal can be made to be
    with near, far:
        near.setblocking(False)
        filled = fill(near)

        async def scenario() -> bytes:
            port = serial_port.SerialPort(os.dup(near.fileno()), Owner())
            port.write(b"abc")
            port.write(b"def")
            received = b""
            async with asyncio.timeout(5):
                while len(received) < filled + 6:
                    received += await asyncio.to_thread(far.recv, 1 << 20)
            port.close()
            return received[filled:]

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            assert runner.run(scenario()) == b"abcdef"


async def test_a_port_that_takes_nothing_any_more_is_lost() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        fill(near)
        owner = Owner()
        port = serial_port.SerialPort(os.dup(near.fileno()), owner)
        for _ in range(50):
            port.write(bytes(256))

    assert owner.reasons == ["the port takes no more bytes"]
