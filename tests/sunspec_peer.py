"""A SunSpec device on libmodbus for tests of several folders, and the registers of such devices, word by word."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]
NOTHING = 0x8000  # what a signed register or a scale factor holds that a device does not have
Model = tuple[int, Sequence[int]]


class SunSpecPeer:
    """A Modbus TCP server on libmodbus that has the registers it is given; any unit."""

    host = "127.0.0.1"

    def __init__(self, server: subprocess.Popen[str]) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        self._told: IO[str] = server.stdin
        self._said: IO[str] = server.stdout
        self.port = int(self._said.readline().removeprefix("port "))

    def have(self, registers: Sequence[int], *, at: int = 40000) -> None:
        """These registers and no others from now on."""
        self._tell(f"at {at} {' '.join(map(str, registers))}")

    def drop(self) -> None:
        """Hang up on whoever is connected."""
        self._tell("drop")

    def _tell(self, line: str) -> None:
        self._told.write(line + "\n")
        self._told.flush()
        assert self._said.readline() == "ok\n"


@contextmanager
def sunspec_peer(program: Path) -> Iterator[SunSpecPeer]:
    """A peer that has no registers yet."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield SunSpecPeer(server)
        finally:
            server.kill()


def compiled(folder: Path) -> Path:
    """The program of the peer."""
    compiler = shutil.which("gcc")
    assert compiler, "gcc and libmodbus-dev are needed; `make setup` installs them"
    program = folder / "server"
    source = Path(__file__).parent / "peers" / "sunspec_server.c"
    options = ["-O1", "-pthread", "-I/usr/include/modbus"]
    subprocess.run([compiler, *options, "-o", str(program), str(source), "-lmodbus"], check=True)
    return program


def chain(*models: Model, end: Sequence[int] = tuple(END)) -> list[int]:
    """The marker, the models one behind the other, and their end."""
    words = list(MARKER)
    for number, registers in models:
        words += [number, len(registers), *registers]
    return [*words, *end]


def common(maker: str = "Acme", model: str = "M1", *, version: str = "1.2", serial: str = "4711") -> Model:
    """Model 1: who the device is."""
    parts = ((maker, 16), (model, 16), ("", 8), (version, 8), (serial, 16))
    return 1, [word for text, words in parts for word in text_words(text, words)] + [1, NOTHING]


def text_words(text: str, words: int) -> list[int]:
    data = text.encode().ljust(2 * words, b"\0")
    return list(struct.unpack(f">{words}H", data))


def model(number: int, length: int, given: Mapping[int, Any], *, otherwise: int = NOTHING) -> Model:
    """A model with these values; keys are the specification's offsets, counted from the register of the id.

    An int is one register, a pair ("u32" or "f32", number) two; a register that is not given holds `otherwise`.
    """
    words = [otherwise] * length
    for offset, value in given.items():
        place = offset - 2
        if isinstance(value, int):
            words[place] = value & 0xFFFF
        else:
            kind, number_ = value
            words[place : place + 2] = struct.unpack(">HH", struct.pack(">I" if kind == "u32" else ">f", number_))
    return number, words
