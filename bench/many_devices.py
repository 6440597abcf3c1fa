"""What the engine's process costs with 500 meters that are each read every second, 30 points at a time.

    python bench/many_devices.py [--devices 500] [--seconds 40] [--profile FILE]

Each meter has a host of its own (127.x.y.z; one C server is all of them) and so a connection of its own. The engine is
the whole one, in its own process, with archive, journal and control API; everything that the points' quantities are
recorded as is recorded (the last value, of powers also mean and maximum), and a slot of five minutes falls into the
measured time, so there are more slots in it than in life. Counted are the seconds of processor time of all its threads.

That the points are really refreshed is counted by the server, which knows how often all registers were read in one
(reads for a slot are not, and do not count), and seen in the live values at the end. Beside it stands what 500 bare
connections of the same event loop cost that send the same requests and look at nothing: what no program with this loop
falls below on this machine at this moment. `--profile` writes what cProfile saw of the engine; it then runs two to
three times slower, and no figure is reported.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

import uvloop

from engine_process import WITHIN_S, data_folder, forked, running_engine
from figures import Figure, reported
from peers import Peer, compiled, running
from wattledger.catalog import DeviceMap, MappedPoint, device_map, load_catalog
from wattledger.engine.api import EngineClient, LiveQuality
from wattledger.measure import Aggregate
from wattledger.plant import Circuit, Device, Plant, Series, TcpBus

POINTS, REGISTERS = 30, 50
PERIOD_S = 1.0
MOST_CORES = 0.25
LEAST_REFRESHED = 0.98  # of all points, in each second
SETTLE_S = 8.0  # from the first connections until everything goes its usual way
SLOT_AFTER_S = 25.0  # from the engine's start to the slot
BARE_S = 12.0  # of the bare connections, before and after the engine
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

PROFILE = """
id: bench-meter
version: 1
name: A meter with thirty points in one block
family: bench
status: unverified
sources: [{title: "bench/many_devices.py"}]
variants: {any: {title: "any"}}
products: [{ref: BENCH, variant: any, match: {product_code: BENCH}}]
transport: {tcp: {port: 502, unit: 1}}
defaults: {fc: 3, word_order: big, nan: {u16: 0xFFFF, s16: 0x7FFF, u32: 0xFFFFFFFF, s32: 0x7FFFFFFF}}
blocks: [{start: 0, words: 50, poll: fast}]
points:
"""
SHORT = {
    "voltage": ("l1-n", "l2-n", "l3-n", "l1-l2", "l2-l3", "l3-l1"),
    "power_factor": ("total", "l1", "l2", "l3"),
}
LONG = {
    "current": ("l1", "l2", "l3", "n"),
    "active_power": ("total", "l1", "l2", "l3"),
    "reactive_power": ("total", "l1", "l2", "l3"),
    "apparent_power": ("total", "l1", "l2", "l3"),
    "active_energy.import": ("total",),
    "active_energy.export": ("total",),
    "reactive_energy.import": ("total",),
    "reactive_energy.export": ("total",),
}


@dataclass(frozen=True, slots=True)
class Use:
    """What a process used while all points of its devices were read so many times."""

    cores: float
    reads_per_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """How the engine did: by how much its loop was late at worst, and which share of the points was fresh at last."""

    lag_s: float
    fresh: float


def profile_text() -> str:
    """The profile of the meters, as a user would write one: short points first, then long ones, without a gap."""
    names = [f"{name}.{phase}" for group in (SHORT, LONG) for name, phases in group.items() for phase in phases]
    shorts = sum(map(len, SHORT.values()))
    assert len(names) == POINTS
    rows = [
        f"  - {{name: {name}, addr: {number}, type: u16, scale: 0.01, recorded: true{_unit(name)}}}"
        if number < shorts
        else f"  - {{name: {name}, addr: {2 * number - shorts}, type: s32, scale: 0.1, recorded: true{_unit(name)}}}"
        for number, name in enumerate(names)
    ]
    return PROFILE + "\n".join(rows) + "\n"


def _unit(name: str) -> str:
    units = {"voltage": "V", "current": "A", "active_power": "W", "reactive_power": "var", "apparent_power": "VA"}
    energies = {"active_energy": "Wh", "reactive_energy": "varh"}
    unit = (units | energies).get(name.split(".", maxsplit=1)[0])
    return f", unit: {unit}" if unit else ""


def host(number: int) -> str:
    return f"127.1.{number >> 8}.{number & 0xFF}"


def plant_of(devices: int, port: int, mapped: DeviceMap) -> Plant:
    numbers, ids = range(1, devices + 1), itertools.count(1)
    return Plant(
        revision=1,
        server=UUID(int=1),
        zone="Europe/Paris",
        buses=tuple(TcpBus(n, f"B{n}", host(n), port, timeout_s=1.0, retries=1) for n in numbers),
        devices=tuple(Device(n, f"M{n}", n, 1, "bench-meter", "BENCH") for n in numbers),
        circuits=tuple(Circuit(n, f"C{n}", n) for n in numbers),
        series=tuple(
            _series(next(ids), n, point, aggregate)
            for n in numbers
            for point in mapped.points
            for aggregate in point.name.measures.recorded
        ),
    )


def _series(number: int, circuit: int, point: MappedPoint, aggregate: Aggregate) -> Series:
    name = point.name
    parts = (name.quantity, name.direction, name.phase, name.order)
    return Series(number, UUID(int=number), circuit, *parts, aggregate, point.decimals)


class BareConnection(asyncio.Protocol):
    """Sends one request each second and drops what comes back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is no subclass of it
        self._ask()

    def _ask(self) -> None:
        self._transport.write(bytes.fromhex("000100000006010300000032"))
        asyncio.get_running_loop().call_later(PERIOD_S, self._ask)


def be_bare(devices: int, port: int) -> None:
    """The process of the bare connections; ends when it is killed."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        connections = [await loop.create_connection(BareConnection, host(n), port) for n in range(1, devices + 1)]
        await asyncio.Event().wait()
        del connections

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def use_of(pid: int, server: Peer, seconds: float) -> Use:
    server.report()
    used_s, started = _used_s(pid), time.monotonic()
    time.sleep(seconds)
    spent_s, elapsed_s = _used_s(pid) - used_s, time.monotonic() - started
    _, whole_reads = server.report()
    return Use(spent_s / elapsed_s, whole_reads / elapsed_s)


def _used_s(pid: int) -> float:
    """Processor time of all threads of a process, in and outside the kernel (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def bare_use(devices: int, server: Peer) -> Use:
    with forked(be_bare, devices, int(server.place)) as pid:
        _until_read(server, devices)
        return use_of(pid, server, BARE_S)


def engine_use(devices: int, seconds: float, server: Peer, root: Path, profile: Path | None) -> tuple[Use, Health]:
    folder = data_folder(root)
    (folder.profiles / "bench-meter.yaml").write_text(profile_text(), encoding="utf-8")
    catalog = load_catalog(folder.profiles)
    assert not catalog.broken, catalog.broken
    meter = catalog.profile("bench-meter")
    plant = plant_of(devices, int(server.place), device_map(meter, meter.product("BENCH")))
    with running_engine(folder, plant, slot_after_s=SLOT_AFTER_S, profile=profile) as (pid, client):
        _until_read(server, devices)
        time.sleep(SETTLE_S)
        use = use_of(pid, server, seconds)
        return use, Health(client.state().loop_lag_s, _fresh(client, devices))


def _fresh(client: EngineClient, devices: int) -> float:
    live = client.live()
    fresh = [one for one in live if one.quality is LiveQuality.GOOD and one.age_s is not None]
    return sum(one.age_s <= PERIOD_S + 1.0 for one in fresh) / (devices * POINTS)


def _until_read(server: Peer, devices: int) -> None:
    deadline, answers = time.monotonic() + WITHIN_S, 0
    while answers < 2 * devices:
        assert time.monotonic() < deadline, "the server is not asked"
        time.sleep(0.2)
        answers += server.report()[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=55.0)
    parser.add_argument("--profile", type=Path)
    arguments = parser.parse_args()
    devices = arguments.devices
    with tempfile.TemporaryDirectory() as name:
        folder, program = Path(name), compiled("libmodbus_server", Path(name))
        with running(program, "any", REGISTERS) as server:
            bare = [bare_use(devices, server)]
            use, health = engine_use(devices, arguments.seconds, server, folder / "data", arguments.profile)
            bare.append(bare_use(devices, server))
    bare_cores = min(one.cores for one in bare)
    refreshed = use.reads_per_s / (devices / PERIOD_S)
    print(f"{devices} devices x {POINTS} points: the engine used {use.cores:.3f} cores over {arguments.seconds:g} s")
    print(
        f"bare connections of the same loop: {bare_cores:.3f} cores; the engine {use.cores / bare_cores:.1f} times that"
    )
    print(f"read {refreshed:.1%} of the points each second; fresh at the end {health.fresh:.1%}")
    print(f"the engine's loop was late by {health.lag_s:.2f} s at worst")
    if arguments.profile:
        return 0
    least = min(refreshed, health.fresh)
    return reported(
        Figure(
            "500 devices x 30 points each second",
            f"<= {MOST_CORES} core",
            f"{use.cores:.3f} ({use.cores / bare_cores:.1f} x bare)",
            use.cores <= MOST_CORES,
        ),
        Figure(
            "of these points read each second", f">= {LEAST_REFRESHED:.0%}", f"{least:.1%}", least >= LEAST_REFRESHED
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
