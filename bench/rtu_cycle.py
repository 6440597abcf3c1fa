"""How long all points of 31 meters on one serial line take, against the least time in which that is possible.

    python bench/rtu_cycle.py [--cycles 5] [--meters 31] [--profile]

The line is a pseudo terminal that is served as slowly as a real one: 19200-8-E-1, turnaround 10 ms (`serial_line.c`).
The bound is searched by itself, from the profile's YAML and the times of the standard (`rtu_bound`); so are the values
that the points must have. The silences that our side keeps are measured at the far end of the line: a cycle that is
fast because it cuts them short does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from figures import Figure, reported
from peers import compiled, running
from rtu_bound import SILENCE_CHARACTERS, Point, Product, Wire, least_s, product
from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import BlockMemory, Parity, RtuLink, SerialSettings, read_points

PROFILE, PRODUCT = "hager-ecr", "ECR380D"
YAML = Path(__file__).parents[1] / "src/wattledger/catalog/profiles" / f"{PROFILE}.yaml"
BAUD, TURNAROUND_US = 19200, 10_000
WIRE = Wire(character_s=11 / BAUD, turnaround_s=TURNAROUND_US / 1e6)
MOST_RATIO = 1.05
FACTORS = {"kWh": 1000, "kvarh": 1000}  # into Wh and varh


def expected(point: Point, unit: int) -> float:
    """What the point must read as, from the registers as `serial_line.c` has them."""
    raw = 0
    for address in range(point.address, point.end):
        raw = raw << 16 | (address * 7919 + unit * 31) % 0x10000
    bits = 16 * (point.end - point.address)
    if point.type.startswith("s") and raw >> bits - 1:
        raw -= 1 << bits
    return raw * point.scale * FACTORS.get(point.unit, 1)


async def cycles_s(terminal: str, meters: int, count: int, wanted: Product) -> list[float]:
    """The times of so many cycles after a first one, in which the port is opened and the reads are planned."""
    catalog_profile = load_catalog().profile(PROFILE)
    mapped = device_map(catalog_profile, catalog_profile.product(PRODUCT))
    link = RtuLink(SerialSettings(terminal, BAUD, Parity.EVEN), timeout_s=0.25)
    memories = {unit: BlockMemory() for unit in range(1, meters + 1)}
    times_s = []
    for _ in range(count + 1):
        started = time.perf_counter()
        for unit, memory in memories.items():
            await _read_one(link, unit, mapped, memory, wanted)
        times_s.append(time.perf_counter() - started)
    traffic = link.statistics.of_link()
    assert traffic.requests == traffic.answers, "requests were lost"
    await link.close()
    return times_s[1:]


async def _read_one(link: RtuLink, unit: int, mapped: DeviceMap, memory: BlockMemory, wanted: Product) -> None:
    got = await read_points(link, unit, mapped, mapped.points, memory=memory)
    values = {str(point.name): one.value for point, one in got.values.items()}
    for point in wanted.points:
        value = values.pop(point.name)
        assert value is not None
        assert abs(value - expected(point, unit)) <= 1e-9 * abs(value), f"unit {unit} {point}: {value}"
    assert not values, "more points than the profile has"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--meters", type=int, default=31)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    wanted = product(YAML, PRODUCT)
    bound_s = arguments.meters * least_s(wanted, WIRE)
    profiler = cProfile.Profile()
    with tempfile.TemporaryDirectory() as name:
        program = compiled("serial_line", Path(name))
        with (
            running(program, BAUD, TURNAROUND_US) as line,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            if arguments.profile:
                profiler.enable()
            times_s = runner.run(cycles_s(line.place, arguments.meters, arguments.cycles, wanted))
            profiler.disable()
            requests, _, silence_us, late_us = line.report()
    if arguments.profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
    ratio = statistics.median(times_s) / bound_s
    silence = silence_us / 1e6 / WIRE.character_s
    print(f"{arguments.meters} {PRODUCT}, {len(wanted.points)} points each: at least {bound_s:.3f} s a cycle")
    print(f"measured {statistics.median(times_s):.3f} s (rounds {min(times_s):.3f} to {max(times_s):.3f}),"
          f" {requests / (len(times_s) + 1) / arguments.meters:g} requests a meter")  # fmt: skip
    print(f"shortest silence before a request {silence:.2f} characters; the line itself was late by up to {late_us} µs")
    return reported(
        Figure("RTU cycle, 31 ECR380D, all points", f"<= {MOST_RATIO} x bound", f"{ratio:.3f}", ratio <= MOST_RATIO),
        Figure(
            "silence before each request",
            f">= {SILENCE_CHARACTERS} characters",
            f"{silence:.2f}",
            silence >= SILENCE_CHARACTERS,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
