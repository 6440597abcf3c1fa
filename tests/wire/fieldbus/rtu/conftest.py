"""Serial lines without hardware: pseudo terminals, a peer that breaks every rule on request, and one on libmodbus."""

from __future__ import annotations

import os
import select
import shutil
import struct
import subprocess
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

UNPLUG = "unplug"
Step = bytes | float | str  # send this, wait so many seconds, or UNPLUG

BITS_A_CHARACTER = 11
SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}
SPEED = 5  # where termios attributes hold the output speed


def register(address: int) -> int:
    return address * 7919 % 0x10000


def check(body: bytes) -> bytes:
    """The CRC as the standard describes it, bit by bit."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc, carry = crc >> 1, crc & 1
            crc ^= 0xA001 * carry
    return crc.to_bytes(2, "little")


@dataclass(frozen=True)
class Asked:
    """A request as the scripted peer received it, and what would be answers to it."""

    number: int  # from 0
    raw: bytes

    @property
    def unit(self) -> int:
        return self.raw[0]

    @property
    def address(self) -> int:
        return int.from_bytes(self.raw[2:4], "big")

    @property
    def count(self) -> int:
        return int.from_bytes(self.raw[4:6], "big")

    def answer(
        self, values: Sequence[int] | None = None, *, unit: int | None = None, function: int | None = None
    ) -> bytes:
        """The right frame, or one that is wrong in the given respect; each register tells its address."""
        given = [register(self.address + n) for n in range(self.count)] if values is None else values
        function = self.raw[1] if function is None else function
        return self.frame(struct.pack(f">BB{len(given)}H", function, 2 * len(given), *given), unit=unit)

    def refusal(self, code: int) -> bytes:
        return self.frame(bytes((self.raw[1] | 0x80, code)))

    def frame(self, pdu: bytes, *, unit: int | None = None) -> bytes:
        body = bytes((self.unit if unit is None else unit,)) + pdu
        return body + check(body)


Script = Callable[[Asked], Sequence[Step]]


def honest(asked: Asked) -> Sequence[Step]:
    return [asked.answer()]


def request_bytes(start: bytes) -> int:
    """How long the request that starts so is."""
    if len(start) < 2:
        return 2
    if start[1] in {0x0F, 0x10}:
        return 9 + start[6] if len(start) > 6 else 7
    return 7 if start[1] == 0x2B else 8


class ScriptedLine:
    """A pseudo terminal with a device at its other end, in a thread; it sends at the speed that the port is set to.

    `port` is a link to the terminal, as /dev/serial/by-id has them: `plug` puts another one in place after UNPLUG.
    """

    def __init__(self, port: Path, script: Script) -> None:
        self.port = str(port)
        self.script = script
        self.asked: list[Asked] = []
        self.attributes: list[object] = []  # of the terminal, when it was last asked
        self._news = threading.Condition()
        self._stop, self._stopper = os.pipe()
        self._thread: threading.Thread | None = None
        self.plug()

    @property
    def baudrate(self) -> int:
        """The speed at which it was asked last."""
        speed = self.attributes[SPEED]
        assert isinstance(speed, int)
        return SPEEDS[speed]

    def until_asked(self, times: int = 1) -> None:
        """Wait until so many requests have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.asked) >= times, timeout=10)

    def plug(self) -> None:
        if self._thread is not None:
            self._thread.join()
        master, slave = os.openpty()
        tty.setraw(slave)
        Path(self.port).unlink(missing_ok=True)
        Path(self.port).symlink_to(os.ttyname(slave))
        self._thread = threading.Thread(target=self._serve, args=(master, slave))
        self._thread.start()

    def stop(self) -> None:
        os.write(self._stopper, b"x")
        if self._thread is not None:
            self._thread.join()
        os.close(self._stop)
        os.close(self._stopper)

    def _serve(self, master: int, slave: int) -> None:
        try:
            while (raw := self._next_request(master)) is not None:
                self.attributes = termios.tcgetattr(master)
                asked = Asked(len(self.asked), raw)
                with self._news:
                    self.asked.append(asked)
                    self._news.notify_all()
                for step in self.script(asked):
                    if isinstance(step, bytes):
                        self._send(master, step)
                    elif isinstance(step, float):
                        time.sleep(step)
                    else:
                        return
        finally:
            os.close(master)
            os.close(slave)

    def _next_request(self, master: int) -> bytes | None:
        raw = b""
        while len(raw) < request_bytes(raw):
            ready, _, _ = select.select([master, self._stop], [], [])
            if self._stop in ready:
                return None
            raw += os.read(master, request_bytes(raw) - len(raw))
        return raw

    def _send(self, master: int, data: bytes) -> None:
        baud = SPEEDS[termios.tcgetattr(master)[SPEED]]
        due = time.monotonic()
        for byte in data:
            due += BITS_A_CHARACTER / baud
            time.sleep(max(0.0, due - time.monotonic()))
            os.write(master, bytes((byte,)))


@pytest.fixture
def scripted_line(tmp_path: Path) -> Iterator[Callable[..., ScriptedLine]]:
    """Put up lines whose device answers each request as a script says; without one it is honest."""
    with ExitStack() as lines:

        def start(script: Script = honest) -> ScriptedLine:
            line = ScriptedLine(tmp_path / "ttyUSB0", script)
            lines.callback(line.stop)
            return line

        yield start


class Cable:
    """Two pseudo terminals whose far ends are joined: what is sent into one comes out of the other."""

    def __init__(self) -> None:
        self._fds = [*os.openpty(), *os.openpty()]
        self._masters = self._fds[0], self._fds[2]
        for slave in (self._fds[1], self._fds[3]):
            tty.setraw(slave)
        self.ends = os.ttyname(self._fds[1]), os.ttyname(self._fds[3])
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def stop(self) -> None:
        os.write(self._stopper, b"x")
        self._thread.join()
        for fd in (*self._fds, self._stop, self._stopper):
            os.close(fd)

    def _carry(self) -> None:
        one, other = self._masters
        while True:
            ready, _, _ = select.select([one, other, self._stop], [], [])
            if self._stop in ready:
                return
            for source in ready:
                os.write(other if source == one else one, os.read(source, 4096))


@pytest.fixture
def cable() -> Iterator[Cable]:
    joined = Cable()
    yield joined
    joined.stop()


@pytest.fixture(scope="session")
def libmodbus_rtu_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    assert compiler, "gcc and libmodbus-dev are needed; `make setup-test` installs them"
    program = tmp_path_factory.mktemp("libmodbus_rtu") / "server"
    source = Path(__file__).with_name("libmodbus_rtu_server.c")
    command = [compiler, "-O1", "-I/usr/include/modbus", "-o", str(program), str(source), "-lmodbus"]
    subprocess.run(command, check=True)
    return program


@pytest.fixture
def libmodbus_line(cable: Cable, libmodbus_rtu_program: Path) -> Iterator[str]:
    """A port with a libmodbus server as unit 1 behind it, at 19200-8-N-2."""
    near, far = cable.ends
    with subprocess.Popen([libmodbus_rtu_program, far], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == "ready\n"
            yield near
        finally:
            with suppress(ProcessLookupError):
                server.kill()
