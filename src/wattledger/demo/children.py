"""The processes of the demo: simulators, one server and what seeds its history, started as anybody would start them."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

STOP_WITHIN_S = 15.0
PR_SET_PDEATHSIG = 1  # prctl(2)


class Interrupted(Exception):  # noqa: N818 - no error: somebody wants to stop
    """Ctrl-C, or a request to end."""


@contextmanager
def interruptible() -> Iterator[None]:
    """A closed terminal and SIGTERM end the demo as Ctrl-C does: by leaving, so that every child is ended as well."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    previous = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def running(command: Sequence[str], *, log: IO[bytes], pipes: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A child process, ended and waited for when the context ends.

    It has a group of its own: Ctrl-C reaches the demo alone, which then ends its children in order.
    """
    child = subprocess.Popen(
        [sys.executable, *command],
        stdin=pipes or subprocess.DEVNULL,
        stdout=pipes or log,
        stderr=log,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - the demo has one thread
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _end_with_parent() -> None:
    """Between fork and exec: be asked to end when the demo dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def station(name: str, data: Path, *, log: IO[bytes]) -> Iterator[dict[str, str]]:
    """A process of simulators; gives where each of its buses is, once all are there."""
    command = ["-m", "wattledger.demo.station", "--data", str(data), name]
    with running(command, log=log, pipes=subprocess.PIPE) as child:
        yield dict(_places(child, name, log))


def _places(child: subprocess.Popen[bytes], name: str, log: IO[bytes]) -> Iterator[tuple[str, str]]:
    if child.stdout is None:
        raise RuntimeError("the station has no output")
    for line in child.stdout:
        match line.decode().split(maxsplit=2):
            case ["bus", key, place]:
                yield key, place.strip()
            case ["ready"]:
                return
    raise RuntimeError(f"the simulators of {name} did not start; see {log.name}")


@contextmanager
def server(folder: Path, *, port: int, board: Path, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A server on this data folder with these inputs of its own, reachable from this computer only."""
    command = ["-m", "wattledger.services.cli", "run", "--data", str(folder), "--port", str(port)]
    with running([*command, "--board", str(board)], log=log) as child:
        yield child


@contextmanager
def seeder(data: Path, address: str, *, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """What hands the past over; ends by itself when all is there."""
    with running(["-m", "wattledger.demo.seeding", "--data", str(data), "--address", address], log=log) as child:
        yield child
