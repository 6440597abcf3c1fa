"""Peers to talk to: one on libmodbus, and one that breaks every rule on request."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

CLOSE = "close"
Step = bytes | float | str  # send this, wait so many seconds, or CLOSE


@dataclass(frozen=True)
class Asked:
    """A request as the scripted peer received it, and what would be answers to it."""

    number: int  # counted over all connections, from 0
    transaction: int
    unit: int
    function: int
    address: int
    count: int
    object_id: int  # of a read device identification

    def values(self) -> tuple[int, ...]:
        """What an honest peer answers: each register holds a number that belongs to its address alone."""
        return tuple(register(self.address + n) for n in range(self.count))

    def answer(
        self,
        values: Sequence[int] | None = None,
        *,
        transaction: int | None = None,
        unit: int | None = None,
        function: int | None = None,
        byte_count: int | None = None,
    ) -> bytes:
        """The right frame, or one that is wrong in the given respect."""
        given = self.values() if values is None else values
        byte_count = 2 * len(given) if byte_count is None else byte_count
        pdu = struct.pack(f">BB{len(given)}H", self.function if function is None else function, byte_count, *given)
        return self.frame(pdu, transaction=transaction, unit=unit)

    def refusal(self, code: int) -> bytes:
        return self.frame(bytes((self.function | 0x80, code)))

    def frame(self, pdu: bytes, *, transaction: int | None = None, unit: int | None = None) -> bytes:
        number = self.transaction if transaction is None else transaction
        return struct.pack(">HHHB", number, 0, 1 + len(pdu), self.unit if unit is None else unit) + pdu


def register(address: int) -> int:
    return address * 7919 % 0x10000


Script = Callable[[Asked], Sequence[Step]]


class ScriptedPeer:
    """A TCP server in threads of its own, so that it answers even while the test's event loop is stalled."""

    host = "127.0.0.1"

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self._was_asked = threading.Event()
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def until_asked(self) -> None:
        """Wait for the first request."""
        assert self._was_asked.wait(10)

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while header := connection.recv(6, socket.MSG_WAITALL):
                body = connection.recv(int.from_bytes(header[4:6], "big"), socket.MSG_WAITALL)
                address, count = struct.unpack(">HH", body[2:6].ljust(4, b"\0"))
                transaction = int.from_bytes(header[:2], "big")
                asked = Asked(len(self.asked), transaction, body[0], body[1], address, count, body[4])
                self.asked.append(asked)
                self._was_asked.set()
                for step in self.script(asked):
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    elif isinstance(step, float):
                        time.sleep(step)
                    else:
                        return


def honest(asked: Asked) -> Sequence[Step]:
    return [asked.answer()]


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedPeer]]:
    """Start peers that answer each request as a script says; without one they are honest."""
    with ExitStack() as peers:

        def start(script: Script = honest) -> ScriptedPeer:
            peer = ScriptedPeer(script)
            peers.callback(peer.stop)
            return peer

        yield start


@pytest.fixture(scope="session")
def libmodbus_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    assert compiler, "gcc and libmodbus-dev are needed; `make setup` installs them"
    program = tmp_path_factory.mktemp("libmodbus") / "server"
    source = Path(__file__).with_name("libmodbus_server.c")
    command = [compiler, "-O1", "-I/usr/include/modbus", "-o", str(program), str(source), "-lmodbus"]
    subprocess.run(command, check=True)
    return program


@pytest.fixture
def libmodbus_port(libmodbus_program: Path) -> Iterator[int]:
    with subprocess.Popen([libmodbus_program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().removeprefix("port "))
        finally:
            server.kill()
