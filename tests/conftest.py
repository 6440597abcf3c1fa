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
from pathlib import Path

import pytest
import uvloop
from hypothesis import settings

# how long an example takes says more of the machine than of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


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


BOARD = """\
variant = "{variant}"
root = "sys"
{starred}
[pt100]
channel = "bus/iio/devices/iio:device0/in_resistance2"

[relay]
file = "class/gpio/gpio22/value"

[led]
modbus = {{green = "class/leds/modbus:green", red = "class/leds/modbus:red"}}
power = {{green = "class/leds/power:green"}}
"""
STARRED = """
[digital_input_1]
value = "class/gpio/gpio17/value"

[digital_input_2]
value = "class/gpio/gpio18/value"
active = "low"

[analog_input_1]
channel = "bus/iio/devices/iio:device0/in_voltage0"
shunt_ohm = 100.0

[analog_input_2]
channel = "bus/iio/devices/iio:device0/in_current1"

[analog_output]
channel = "bus/iio/devices/iio:device1/out_voltage0"
gain = 2.0
"""
ATTRIBUTES = {
    "class/gpio/gpio17/value": "0",
    "class/gpio/gpio18/value": "1",
    "class/gpio/gpio22/value": "1",
    "bus/iio/devices/iio:device0/in_voltage0_raw": "2400",  # of half a millivolt: 12 mA
    "bus/iio/devices/iio:device0/in_voltage0_offset": "0",
    "bus/iio/devices/iio:device0/in_voltage_scale": "0.5",
    "bus/iio/devices/iio:device0/in_current1_raw": "4000",
    "bus/iio/devices/iio:device0/in_current1_scale": "0.001",
    "bus/iio/devices/iio:device0/in_resistance2_raw": "100000",
    "bus/iio/devices/iio:device0/in_resistance2_scale": "0.001",
    "bus/iio/devices/iio:device1/out_voltage0_raw": "0",
    "bus/iio/devices/iio:device1/out_voltage_scale": "1.25",
    **{
        f"class/leds/{lamp}/{name}": "0"
        for lamp in ("modbus:green", "modbus:red", "power:green")
        for name in ("brightness", "trigger", "delay_on", "delay_off")
    },
}


class BoardFiles:
    """A copy of the kernel's files of a board below a folder of its own, and the board file that describes it."""

    def __init__(self, folder: Path, variant: str) -> None:
        self.root = folder / "sys"
        for name, text in ATTRIBUTES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        self.file = folder / "board.toml"
        self.file.write_text(BOARD.format(variant=variant, starred=STARRED if variant == "H" else ""))

    def write(self, name: str, text: str) -> None:
        """What the hardware shows from now on; in one piece, as the kernel does it."""
        file = os.open(self.root / name, os.O_WRONLY)
        os.pwrite(file, f"{text}\n".encode(), 0)
        os.ftruncate(file, len(text) + 1)
        os.close(file)

    def read(self, name: str) -> str:
        """What the hardware was told."""
        return (self.root / name).read_text().strip()

    def feed(self, *, on: bool) -> None:
        """Put 24 V on digital input 1, or take them off."""
        self.write("class/gpio/gpio17/value", str(int(on)))


@pytest.fixture
def make_board(tmp_path: Path) -> Callable[[str], BoardFiles]:
    """Makes the files of a board of variant H or L."""

    def make(variant: str = "H") -> BoardFiles:
        folder = tmp_path / f"board-{variant}"
        folder.mkdir()
        return BoardFiles(folder, variant)

    return make
