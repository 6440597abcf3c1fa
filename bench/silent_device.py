"""What a silent meter costs the others on its serial line: their cycle while it is silent, against before.

    python bench/silent_device.py [--seconds 55] [--silent 5]

31 meters on a line that is served as slowly as a real one (`serial_line.c`), read by the whole engine in its process.
The profile is that of the product, but all its points are due each second: a line is busy all the time, and each visit
reads a meter whole. A cycle is the time between two such readings of one meter, counted at the far end of the line.
The profile's own timeout is a second, four times that of the line, and there is a retry: without any rule a silent
meter would take two seconds of each round.

First all meters speak, then one is silent, then several are; at last all speak again, and it is measured how long the
engine takes to know. What the fall itself costs (one visit) is not in the cycles. The figure compares the others' cycle
with the one of before; the stricter one with that of a line on which they were alone, which takes 30 parts of 31 of it,
for the line is busy all the time.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from engine_process import data_folder, running_engine
from figures import Figure, reported
from peers import Peer, compiled, running
from wattledger.catalog import device_map, load_catalog
from wattledger.engine.api import DeviceCondition, EngineClient
from wattledger.measure import Aggregate
from wattledger.plant import Circuit, DataFolder, Device, Parity, Plant, RtuBus, Series

METERS = 31
PRODUCT = "ECR380D"
BUILT_IN = Path(__file__).parents[1] / "src/wattledger/catalog/profiles/hager-ecr.yaml"
PROFILE = "all-fast"
FIRST_BLOCK = 0xB000
BAUD, TURNAROUND_US = 19200, 10_000
TIMEOUT_S, RETRIES = 0.25, 1  # as a serial line has them that nobody set
MOST_RATIO = 1.05
SETTLE_S = 45.0  # until each meter has had its first turn, and was listened to for a second of its own
FAILURES_S = 8.0  # from the state to the event: a failed visit and a first probe
WITHIN_S = 180.0


def folder_with_profile(root: Path) -> DataFolder:
    """A data folder whose own profile is the built-in one with all points due each second."""
    folder = data_folder(root)
    text = BUILT_IN.read_text(encoding="utf-8").replace("id: hager-ecr", f"id: {PROFILE}")
    (folder.profiles / "all-fast.yaml").write_text(re.sub("poll: (normal|slow)", "poll: fast", text), encoding="utf-8")
    return folder


def plant_on(terminal: str, meters: int, folder: DataFolder) -> Plant:
    units = range(1, meters + 1)
    profile = load_catalog(folder.profiles).profile(PROFILE)
    wanted = [point for point in device_map(profile, profile.product(PRODUCT)).points if point.recorded_by_default]
    rows = [(unit, point, number) for unit in units for number, point in enumerate(wanted)]
    return Plant(
        revision=1,
        server=UUID(int=1),
        zone="Europe/Paris",
        buses=(RtuBus(1, "Line", terminal, BAUD, Parity.EVEN, None, timeout_s=TIMEOUT_S, retries=RETRIES),),
        devices=tuple(Device(unit, f"M{unit}", 1, unit, PROFILE, PRODUCT) for unit in units),
        circuits=tuple(Circuit(unit, f"C{unit}", unit) for unit in units),
        series=tuple(
            Series(
                id=unit * 100 + number,
                uuid=UUID(int=unit * 100 + number),
                circuit=unit,
                quantity=point.name.quantity,
                direction=point.name.direction,
                phase=point.name.phase,
                order=point.name.order,
                aggregate=Aggregate.LAST,
                decimals=point.decimals,
            )
            for unit, point, number in rows
        ),
    )


def cycle_s(line: Peer, speaking: int, seconds: float) -> float:
    line.report()
    started = time.monotonic()
    time.sleep(seconds)
    _, readings, _, _ = line.report()
    return (time.monotonic() - started) * speaking / readings


def let_fall_silent(line: Peer, units: range, client: EngineClient) -> None:
    for unit in units:
        line.report(unit)
    _until(lambda: _silent(client) >= len(units))
    time.sleep(FAILURES_S)


def found_again_s(line: Peer, units: range, client: EngineClient) -> float:
    """How long the engine takes to know that these meters speak again."""
    for unit in units:
        line.report(unit)
    return _until(lambda: _silent(client) == 0)


def _silent(client: EngineClient) -> int:
    return sum(device.condition is not DeviceCondition.ANSWERING for device in client.state().devices)


def _until(holds: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < WITHIN_S
        time.sleep(0.1)
    return time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=55.0, help="for each of three measurements")
    parser.add_argument("--silent", type=int, default=5, help="meters that are silent in the third")
    arguments = parser.parse_args()
    seconds, one = arguments.seconds, range(METERS, METERS + 1)
    several = range(METERS + 1 - arguments.silent, METERS + 1)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with running(compiled("serial_line", root), BAUD, TURNAROUND_US, FIRST_BLOCK) as line:
            folder = folder_with_profile(root / "data")
            plant = plant_on(line.place, METERS, folder)
            with running_engine(folder, plant, slot_after_s=600.0) as (_, client):
                time.sleep(SETTLE_S)
                all_s = cycle_s(line, METERS, seconds)
                let_fall_silent(line, one, client)
                one_silent_s = cycle_s(line, METERS - 1, seconds)
                let_fall_silent(line, several[:-1], client)
                several_silent_s = cycle_s(line, METERS - arguments.silent, seconds)
                found_s = found_again_s(line, several, client)
    print(f"{METERS} {PRODUCT}, all speaking: a cycle of {all_s:.3f} s")
    print(f"1 silent: {one_silent_s:.3f} s; {arguments.silent} silent: {several_silent_s:.3f} s")
    print(f"all {arguments.silent} speak again: known after {found_s:.1f} s")
    ratio, strict = one_silent_s / all_s, one_silent_s / all_s * METERS / (METERS - 1)
    name = "one silent device of 31 on a line, others' cycle"
    return reported(
        Figure(name, f"<= {MOST_RATIO} x all speaking", f"{ratio:.3f}", ratio <= MOST_RATIO),
        Figure(name, f"<= {MOST_RATIO} x others alone", f"{strict:.3f}", strict <= MOST_RATIO),
    )


if __name__ == "__main__":
    sys.exit(main())
