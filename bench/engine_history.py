"""The whole engine with 5,000 series while it tends its history, and while years of readings are imported.

    python bench/engine_history.py [--days 6] [--series 60] [--months 4]

A hundred meters on the network with 30 points each are read every second; what is recorded of them, 5,400 series, falls
into a slot of a minute, five times as often as in life. The engine finds an archive with `days` of 5,000 series to be
sealed, most of them of a month that is to be drawn together, and does that beside reading; then somebody imports
readings of `months` for some of the series, newest month first. Both are compared with the engine that only reads.

Counted are: the slots of which a reading is missing; the private memory of the engine's process at most; by how much
its loop was late at worst, which on a busy computer is the computer's doing; and how fast the import went.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import numpy as np

from engine_process import data_folder, running_engine
from figures import Figure, reported
from many_devices import REGISTERS, plant_of, profile_text
from meter_days import Building
from peers import compiled, running
from wattledger.archive import EmbeddedArchive, EmbeddedReader
from wattledger.catalog import device_map, load_catalog
from wattledger.engine.api import EngineClient, GivenPoint, GivenReadings
from wattledger.measure import Kind
from wattledger.plant import Plant, RecordingInterval

DEVICES = 100
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # when the engine's first slot comes
HISTORY_END = datetime(2026, 5, 2, tzinfo=UTC)  # all days before are due then, and April too
MONTH = 2026 * 12 + 3  # April
MOST_MB = 60.0
LOOK_S = 0.5
ALONE_S = 70.0  # the loop's lag is the worst of a minute
READINGS_A_CALL = 2000  # of an import
READINGS_OF_ALL = 500 * 13 * 8760  # 13 months of 500 series
WITHIN_S = 900.0


@dataclass
class Watched:
    """What was seen of the engine in one phase."""

    most_mb: float = 0.0
    lags_s: list[float] = field(default_factory=list)

    @property
    def lag_ms(self) -> float:
        return max(self.lags_s) * 1000


def fill(folder: Path, days: int) -> None:
    """Record days that nobody has sealed."""
    start = HISTORY_END - timedelta(days=days)
    with EmbeddedArchive.open(folder, durable=False) as archive:
        for tick in Building(DEVICES, start=start).ticks(days):
            archive.record(tick).result()


def private_mb(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(lines[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1024


@contextmanager
def watching(pid: int, client: EngineClient) -> Iterator[Watched]:
    """Look at the engine meanwhile."""
    watched, over = Watched(), Event()

    def look() -> None:
        began = time.monotonic()
        while not over.wait(LOOK_S):
            watched.most_mb = max(watched.most_mb, private_mb(pid))
            if time.monotonic() - began > 60:  # the lag is that of the last minute
                watched.lags_s.append(client.state().loop_lag_s)

    thread = Thread(target=look)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()
        watched.lags_s.append(client.state().loop_lag_s)


def until(holds: Callable[[], object]) -> float:
    """Wait; gives how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < WITHIN_S, "it never came to that"
        time.sleep(LOOK_S)
    return time.monotonic() - began


def import_history(client: EngineClient, series: list[int], months: int) -> tuple[int, float]:
    """Import, newest month first; gives readings and seconds."""
    random, count, began = np.random.default_rng(1), 0, time.monotonic()
    for month in range(1, months + 1):
        year, number = divmod(MONTH - month, 12)
        start = datetime(year, number + 1, 1, tzinfo=UTC)
        slots = [start + timedelta(minutes=5 * number) for number in range(28 * 288)]
        for each in series:
            index = np.cumsum(random.integers(0, 300, len(slots))).tolist()
            for first in range(0, len(slots), READINGS_A_CALL):
                piece = slice(first, first + READINGS_A_CALL)
                points = tuple(GivenPoint(*pair) for pair in zip(slots[piece], index[piece], strict=True))
                count += client.backfill(GivenReadings(each, points, "bench")).count
    return count, time.monotonic() - began


def missing_slots(folder: Path, plant: Plant, since: datetime, until_slot: datetime) -> int:
    """How many readings are missing of the slots of a minute from `since` to `until_slot`."""
    wanted = int((until_slot - since).total_seconds() // 60) + 1
    with EmbeddedReader.open(folder) as reader:
        found = reader.read([one.id for one in plant.series], since, until_slot + timedelta(seconds=1))
    return sum(wanted - len(columns) for columns in found.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--series", type=int, default=60, help="of which history is imported")
    parser.add_argument("--months", type=int, default=4, help="that are imported of each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place, program = Path(name), compiled("libmodbus_server", Path(name))
        folder = data_folder(place / "data")
        (folder.profiles / "bench-meter.yaml").write_text(profile_text(), encoding="utf-8")
        filler = multiprocessing.get_context("spawn").Process(target=fill, args=(folder.archive, arguments.days))
        filler.start()
        filler.join()
        meter = load_catalog(folder.profiles).profile("bench-meter")
        with running(program, "any", REGISTERS) as server:
            plant = plant_of(DEVICES, int(server.place), device_map(meter, meter.product("BENCH")))
            plant = replace(plant, intervals=tuple(RecordingInterval(kind, 1) for kind in Kind))
            with running_engine(folder, plant, slot_after_s=15.0) as (pid, client):
                sealed = folder.archive / "sealed"
                with watching(pid, client) as tending:
                    sealing_s = until(lambda: [*sealed.glob("2026-04.g*")])
                with watching(pid, client) as alone:
                    time.sleep(ALONE_S)
                with watching(pid, client) as importing:
                    chosen = [one.id for one in plant.series][: arguments.series]
                    count, import_s = import_history(client, chosen, arguments.months)
                    until(lambda: len([*sealed.glob("20??-??.g*")]) > arguments.months)
                last = client.state().highest_slot
        assert last is not None
        missing = missing_slots(folder.archive, plant, NOON + timedelta(minutes=1), last)
    most_mb = max(tending.most_mb, alone.most_mb, importing.most_mb)
    print(f"{arguments.days} days of 5,000 series sealed and drawn together in {sealing_s:.0f} s, beside reading")
    all_min = import_s / count * READINGS_OF_ALL / 60
    print(f"{count} readings imported in {import_s:.0f} s; 13 months of 500 series would take {all_min:.0f} minutes")
    for phase, seen in (("reading alone", alone), ("sealing and compaction", tending), ("an import", importing)):
        print(f"{phase}: {seen.most_mb:.0f} MB private at most, loop late by {seen.lag_ms:.0f} ms at worst")
    return reported(
        Figure(
            "engine with 5,000 series, upkeep and import",
            f"<= {MOST_MB:g} MB private",
            f"{most_mb:.0f}",
            most_mb <= MOST_MB,
        ),
        Figure("readings missed meanwhile", "0", f"{missing}", missing == 0),
    )


if __name__ == "__main__":
    sys.exit(main())
