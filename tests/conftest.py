"""Things that the tests of several packages share."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asynchronous test runs on the loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


DEADLINE_S = 15.0  # a loaded machine takes its time; nothing waits this long when all is well


class SimulatedMeter:
    """A simulated meter in a process of its own; `tell` scripts its faults (see `wattledger.demo.meter`)."""

    host = "127.0.0.1"
    unit_id = 1

    def __init__(self, product: str, *, serial: str, index_kwh: float) -> None:
        self.product = product
        self.serial = serial
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "wattledger.demo.meter", "--port", "0"),
                *("--product", product, "--serial", serial, "--index", str(index_kwh)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._unread = b""
        self.port = int(self._line().removeprefix("port "))

    def tell(self, command: str) -> None:
        """Change what the meter does; back when it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")
        self._process.stdin.flush()
        answer = self._line()
        assert answer == f"ok {command}", answer

    def stop(self) -> None:
        """End the meter, as a power cut would; its port is free again afterwards."""
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        deadline = time.monotonic() + DEADLINE_S
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                raise AssertionError(f"the simulated {self.product} gave no answer")
            self._unread += piece
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode()


@pytest.fixture
def simulate() -> Iterator[Callable[..., SimulatedMeter]]:
    """Start simulated meters; they end with the test."""
    with ExitStack() as meters:

        def start(
            product: str = "ECR380D", *, serial: str = "3426010001", index_kwh: float = 12345.0
        ) -> SimulatedMeter:
            meter = SimulatedMeter(product, serial=serial, index_kwh=index_kwh)
            meters.callback(meter.stop)
            return meter

        yield start


@pytest.fixture
def ecr380d(simulate: Callable[..., SimulatedMeter]) -> SimulatedMeter:
    """A simulated three-phase meter, fresh for each test: `.host`, `.port`, `.unit_id`, `.tell(command)`."""
    return simulate("ECR380D")
