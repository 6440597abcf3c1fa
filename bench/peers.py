"""The C programs that measurements run against: compiled when they are needed, gone when the measurement is over."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent


class Peer:
    """A program that runs; `place` is what it printed first: the port or terminal at which it is reached."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.place = self._line()

    def report(self, told: object = "") -> list[int]:
        """The numbers that it has counted since it was asked last; what it is told takes effect from now on."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{told}\n")
        self._process.stdin.flush()
        return [int(number) for number in self._line().split()]

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{self._process.args} has ended"
        return line.strip()


def compiled(name: str, folder: Path) -> Path:
    """The program of `name`.c, made in `folder`; all may use libmodbus and threads."""
    program = folder / name
    source = HERE / f"{name}.c"
    command = ["gcc", "-O2", "-Wall", "-I/usr/include/modbus", "-o", str(program), str(source), "-lmodbus", "-lpthread"]
    subprocess.run(command, check=True)
    return program


@contextmanager
def running(program: Path, *arguments: object) -> Iterator[Peer]:
    """The program, running meanwhile."""
    command = [str(program), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()
