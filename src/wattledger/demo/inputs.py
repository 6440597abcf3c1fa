"""The server's own inputs in the hotel: the files that the kernel would have for them, driven by what happens there."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from wattledger.demo.control import report
from wattledger.demo.folder import DemoFolder
from wattledger.demo.hotel.live import Channel, LiveChannels
from wattledger.demo.plan.terminals import DOOR, OUTDOOR, WATER, WATER_PULSE_M3
from wattledger.measure import PointName

WATER_FILE = "class/gpio/gpio17/value"
DOOR_FILE = "class/gpio/gpio18/value"
RELAY_FILE = "class/gpio/gpio22/value"
PT100_FILE = "bus/iio/devices/iio:device0/in_resistance2"
OHM_A_STEP = 0.001
PULSE_S = 0.08  # S0 asks for 30 ms at least, IEC 62053-31
LOOK_EVERY_S = 1.0
R0, A, B, C = 100.0, 3.9083e-3, -5.775e-7, -4.183e-12  # of a PT100, IEC 60751

BOARD = f"""\
variant = "H"
root = "sys"

[digital_input_1]
value = "{WATER_FILE}"

[digital_input_2]
value = "{DOOR_FILE}"

[pt100]
channel = "{PT100_FILE}"

[relay]
file = "{RELAY_FILE}"
"""


def put_up(folder: DemoFolder) -> None:
    """Write the board file and the files that it names, where they are not there yet."""
    folder.board.write_text(BOARD, encoding="ascii")
    first = {
        WATER_FILE: "0",
        DOOR_FILE: "0",
        RELAY_FILE: "0",
        f"{PT100_FILE}_raw": str(round(R0 / OHM_A_STEP)),
        f"{PT100_FILE}_scale": str(OHM_A_STEP),
    }
    for name, text in first.items():
        path = folder.inputs / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n", encoding="ascii")


async def serve_inputs(folder: DemoFolder) -> None:
    """Drive the inputs until cancelled."""
    records = folder.records(now_s=time.time())
    names = {
        WATER.meter: PointName.parse("water_volume"),
        DOOR.meter: PointName.parse("input_state"),
        OUTDOOR.meter: PointName.parse("outdoor_temperature"),
    }
    channels = [
        Channel(number, one.meter, one.index, (names[one.meter],))
        for number, one in enumerate((WATER, DOOR, OUTDOOR), start=1)
    ]
    live = LiveChannels(records, channels)

    def seen(number: int) -> Callable[[], float]:
        name = channels[number - 1].names[0]
        return lambda: live(time.time())[number, name]

    report("bus inputs local")
    report("ready")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_pulse(folder.inputs / WATER_FILE, seen(1)), name="water")
        tasks.create_task(_show(folder.inputs / DOOR_FILE, seen(2), lambda state: str(round(state))), name="door")
        tasks.create_task(_show(folder.inputs / f"{PT100_FILE}_raw", seen(3), _raw_of), name="outdoor")


async def _pulse(path: Path, volume_m3: Callable[[], float]) -> None:
    """One pulse for each portion that has flown, as the reed contact of the meter gives it."""
    given = pulses_in(volume_m3())
    while True:
        while given < pulses_in(volume_m3()):
            for state in ("1", "0"):
                write_attribute(path, state)
                await asyncio.sleep(PULSE_S)
            given += 1
        await asyncio.sleep(LOOK_EVERY_S)


async def _show(path: Path, value: Callable[[], float], text: Callable[[float], str]) -> None:
    while True:
        write_attribute(path, text(value()))
        await asyncio.sleep(LOOK_EVERY_S)


def pulses_in(volume_m3: float) -> int:
    """Whole pulses that a volume makes."""
    return int(volume_m3 / WATER_PULSE_M3 + 1e-9)


def resistance_ohm(temperature_c: float) -> float:
    """Of a PT100 at this temperature (IEC 60751, 4.2)."""
    cold = C * (temperature_c - 100) * temperature_c**3 if temperature_c < 0 else 0.0
    return R0 * (1 + A * temperature_c + B * temperature_c**2 + cold)


def _raw_of(temperature_c: float) -> str:
    return str(round(resistance_ohm(temperature_c) / OHM_A_STEP))


def write_attribute(path: Path, text: str) -> None:
    """What the hardware shows from now on; in one piece, as the kernel does it."""
    file = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(file, f"{text}\n".encode(), 0)
        os.ftruncate(file, len(text) + 1)
    finally:
        os.close(file)
