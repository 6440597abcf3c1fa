"""What a tick costs: 5,000 readings in frames of 50, durable, against the same readings as SQLite rows.

    python bench/archive_tick.py [--folder DIR] [--ticks 288]

Prints milliseconds of the wall and of the processor, and bytes written to the card per reading, and how many times more
the rows cost in the same run.
Bytes are what the kernel hands to the block layer (`write_bytes` of /proc/self/io), so DIR must lie on a disk.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from figures import Figure, reported
from wattledger.archive import EmbeddedArchive, Frame

DEVICES, SERIES_A_DEVICE, STEP_S = 100, 50, 300
POINTS = DEVICES * SERIES_A_DEVICE
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
MOST_BYTES, MOST_MS = 15.0, 10.0  # the limits of a tick

Tick = Sequence[Frame]


@dataclass(frozen=True, slots=True)
class Cost:
    median_ms: float
    p95_ms: float
    cpu_ms: float
    bytes_a_point: float


def ticks(count: int) -> Iterator[Tick]:
    """A working day of three-phase meters: counters that grow, loads that wander, voltages that stay."""
    random = np.random.default_rng(20260105)
    counters = random.integers(10**5, 10**9, (DEVICES, 8))
    loads_w = random.uniform(200, 20_000, (DEVICES, 1))
    for number in range(count):
        loads_w *= np.exp(random.normal(0, 0.03, (DEVICES, 1)))
        counters[:, :5] += (loads_w * random.uniform(0.1, 1, (DEVICES, 5)) * STEP_S / 3600).astype(np.int64)
        phases_w = loads_w * random.normal(1 / 3, 0.015, (DEVICES, 12))
        phases_w[:, 6:] *= -0.3  # what is reactive leads as often as it lags
        currents_ma = np.abs(phases_w[:, :4]) / 230 * 1000
        voltages_dv = random.normal(2300, 8, (DEVICES, 6))
        shares = random.normal(950, 12, (DEVICES, 4))
        distortion = random.normal(35, 3, (DEVICES, 9))
        steady = np.tile([5000, 215, 218, 1, 0, 400, 12], (DEVICES, 1))
        gauges = np.concatenate([currents_ma, voltages_dv, phases_w, shares, distortion, steady], axis=1)
        table = np.concatenate([counters, gauges.astype(np.int64)], axis=1)
        yield [_frame(device, row, number) for device, row in enumerate(table.tolist())]


def _frame(device: int, row: list[int], number: int) -> Frame:
    first = device * SERIES_A_DEVICE + 1
    slot = START + timedelta(seconds=number * STEP_S)
    series = tuple(range(first, first + SERIES_A_DEVICE))
    return Frame(slot, STEP_S, 0.02 * device, series, (0,) * SERIES_A_DEVICE, tuple(row))


def frames_cost(folder: Path, count: int) -> Cost:
    with EmbeddedArchive.open(folder) as archive:

        def store(tick: Tick) -> None:
            archive.record(tick).result()  # as the engine does, which gathers

        return _cost(store, count)


def rows_cost(folder: Path, count: int, *, key: str) -> Cost:
    with closing(sqlite3.connect(folder / "rows.db", isolation_level=None)) as connection:
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = OFF", "cache_size = -8000"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"CREATE TABLE reading (series, slot, value, quality, PRIMARY KEY ({key})) WITHOUT ROWID")

        def store(tick: Tick) -> None:
            rows = [
                (series, int(frame.slot.timestamp()), value, 0)
                for frame in tick
                for series, value in zip(frame.series, frame.values, strict=True)
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")

        return _cost(store, count)


def _cost(store: Callable[[Tick], None], count: int) -> Cost:
    times_ms, used_ms = [], []
    written = written_bytes()
    for tick in ticks(count):
        started, used_s = time.perf_counter(), time.process_time()
        store(tick)
        used_ms.append((time.process_time() - used_s) * 1000)
        times_ms.append((time.perf_counter() - started) * 1000)
    os.sync()  # checkpoints write without waiting
    spent = written_bytes() - written
    p95_ms = statistics.quantiles(times_ms, n=20)[-1]
    return Cost(statistics.median(times_ms), p95_ms, statistics.median(used_ms), spent / count / POINTS)


def written_bytes() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the card to be measured; default: the temporary folder")
    parser.add_argument("--ticks", type=int, default=288, help="ticks to write; default: a day of five minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        costs = {"frames": frames_cost(Path(folder) / "archive", arguments.ticks)}
        for key in ("slot, series", "series, slot"):
            place = Path(folder) / key.replace(", ", "-")
            place.mkdir()
            costs[f"rows by ({key})"] = rows_cost(place, arguments.ticks, key=key)
    print(f"{POINTS} readings a tick, {arguments.ticks} ticks")
    ours = costs["frames"]
    for name, cost in costs.items():
        times, ratio = cost.median_ms / ours.median_ms, cost.bytes_a_point / max(ours.bytes_a_point, 1e-9)
        print(f"{name:22} {cost.median_ms:6.1f} ms (p95 {cost.p95_ms:6.1f}, cpu {cost.cpu_ms:4.1f}) {times:5.2f} x"
              f"   {cost.bytes_a_point:8.1f} bytes a reading {ratio:7.1f} x")  # fmt: skip
    name, median_ms, written = "tick of 5,000 readings, durable", ours.median_ms, ours.bytes_a_point
    return reported(
        Figure(name, f"<= {MOST_MS:g} ms", f"{median_ms:.1f}", median_ms <= MOST_MS),
        Figure(name, f"<= {MOST_BYTES:g} bytes a reading", f"{written:.1f}", written <= MOST_BYTES),
    )


if __name__ == "__main__":
    sys.exit(main())
