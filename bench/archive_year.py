"""What a long history costs: 5,000 series every 5 minutes, sealed and drawn together as in a server.

    python bench/archive_year.py [--folder DIR] [--days 40] [--devices 100]

`--days 365` is the year of the limits, 520 million readings: half an hour; with `--devices 20` its charts are the same
and take six minutes. Prints bytes at rest and written to the card per reading, the longest slice of upkeep, what charts
take, before the days of the last month were drawn together and afterwards, and the memory of an archive. Bytes written
are what the kernel hands to the block layer, so DIR must lie on a disk.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from zoneinfo import ZoneInfo

from archive_tick import written_bytes
from meter_days import SERIES_A_DEVICE, TICKS_A_DAY, Building
from wattledger.archive import EmbeddedArchive, EmbeddedReader, Rhythm

ZONE = ZoneInfo("Europe/Paris")
START = datetime(2026, 1, 1, tzinfo=UTC)
RHYTHM = Rhythm(keep_unnamed_s=0.0)  # days go by in seconds
ROUNDS = 40
MOST_BYTES_AT_REST, MOST_GB, MOST_CHART_MS, MOST_YEAR_MS, MOST_SLICE_MS, MOST_MB = 0.8, 0.42, 5.0, 15.0, 20.0, 60.0


def fill(folder: Path, *, days: int, devices: int) -> list[float]:
    """Record `days` and tend all but the last; gives what the slices took, in ms."""
    slices_ms: list[float] = []
    with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
        for number, tick in enumerate(Building(devices, start=START).ticks(days), start=1):
            archive.record(tick).result()
            if number % TICKS_A_DAY == 0 and number < days * TICKS_A_DAY:
                slices_ms += tend(archive, START + timedelta(days=number // TICKS_A_DAY, hours=3))
    return slices_ms


def draw_together(folder: Path, *, now: datetime) -> list[float]:
    """Do all that is due; gives what the slices took, in ms."""
    with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
        return tend(archive, now)


def tend(archive: EmbeddedArchive, now: datetime) -> list[float]:
    slices_ms, more = [], True
    while more:
        started = time.perf_counter()
        more = archive.tend(now=now, zone=ZONE).result().more
        slices_ms.append((time.perf_counter() - started) * 1000)
    return slices_ms


def timed(work: Callable[[], object]) -> float:
    """The median of some rounds, in ms."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def seal_and_weigh(folder: Path, ticks: Connection, answer: Connection) -> None:
    """In a process of its own: record what comes, seal it, and answer with the private memory it took at most."""
    most = 0.0
    with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
        while (tick := ticks.recv()) is not None:
            archive.record(tick).result()
        for days in (2, 60):
            more = True
            while more:
                more = archive.tend(now=START + timedelta(days=days), zone=ZONE).result().more
                most = max(most, private_mb())
    answer.send(most)


def memory_mb(folder: Path, *, devices: int) -> float:
    """What an archive takes at most that seals a day and draws a month together, without the makers of the data."""
    context = get_context("spawn")
    (theirs, ours), (answer, question) = context.Pipe(duplex=False), context.Pipe(duplex=False)
    child = context.Process(target=seal_and_weigh, args=(folder, theirs, question))
    child.start()
    for tick in Building(devices, start=START).ticks(1):
        ours.send(tick)
    ours.send(None)
    most = float(answer.recv())
    child.join()
    return most


def private_mb() -> float:
    """The memory that is this process's alone."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(lines[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the card to be measured; default: the temporary folder")
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--devices", type=int, default=100, help="of 50 series each")
    arguments = parser.parse_args()
    days, devices = arguments.days, arguments.devices
    readings = days * TICKS_A_DAY * devices * SERIES_A_DEVICE
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        folder = Path(place) / "archive"
        written, started = written_bytes(), time.perf_counter()
        slices_ms = fill(folder, days=days, devices=devices)
        newest = START + timedelta(days=days)
        every_tenth = tuple(range(1, 1001, 10))  # a hundred series, of many devices
        reader = EmbeddedReader.open(folder)
        open_month_ms = timed(lambda: reader.read([7], newest - timedelta(days=31), newest))
        first_day, last_day = max(START, newest - timedelta(days=365)).date(), (newest - timedelta(days=1)).date()
        open_year_ms = timed(lambda: reader.daily(every_tenth, first_day, last_day, zone=ZONE))
        today_ms = timed(lambda: reader.daily(every_tenth, last_day, newest.date(), zone=ZONE))
        slices_ms += draw_together(folder, now=newest + timedelta(days=40))
        took_s = time.perf_counter() - started
        os.sync()
        written = written_bytes() - written
        weighed_mb = memory_mb(Path(place) / "weighed", devices=devices)
        at_rest = sum(path.stat().st_size for path in (folder / "sealed").iterdir())
        month_ms = timed(lambda: reader.read([7], newest - timedelta(days=31), newest))
        day_ms = timed(lambda: reader.read([7], newest - timedelta(days=1), newest))
        oldest_ms = timed(lambda: reader.read([7], START, START + timedelta(days=31)))
        year_ms = timed(lambda: reader.daily(every_tenth, first_day, newest.date(), zone=ZONE))
        latest_ms = timed(lambda: reader.latest(range(1, devices * SERIES_A_DEVICE + 1)))
    a_year_gb = at_rest / readings * 365 * TICKS_A_DAY * 5000 / 1e9
    print(f"{readings / 1e6:.0f} million readings of {devices * SERIES_A_DEVICE} series in {days} days, {took_s:.0f} s")
    for name, value, most, unit in (
        ("at rest", at_rest / readings, MOST_BYTES_AT_REST, "bytes a reading"),
        ("a year of 5,000 series", a_year_gb, MOST_GB, "GB"),
        ("written", written / readings, 15.0, "bytes a reading"),
        ("longest slice of upkeep", max(slices_ms), MOST_SLICE_MS, "ms"),
        ("slices, 99 of 100", statistics.quantiles(slices_ms, n=100)[-1], MOST_SLICE_MS, "ms"),
        ("chart of a month", month_ms, MOST_CHART_MS, "ms"),
        ("chart of the oldest month", oldest_ms, MOST_CHART_MS, "ms"),
        ("chart of a month of days", open_month_ms, MOST_CHART_MS, "ms"),
        ("days of a year, 100 series", year_ms, MOST_YEAR_MS, "ms"),
        ("with a month of days yet", open_year_ms, None, "ms"),
        ("today of 100 series", today_ms, None, "ms"),
        ("chart of a day", day_ms, MOST_CHART_MS, "ms"),
        ("latest of all series", latest_ms, None, "ms"),
        ("memory at most", weighed_mb, MOST_MB, "MB private"),
    ):
        limit = "" if most is None else f"   limit {most:g}: {'kept' if value <= most else 'NOT KEPT'}"
        print(f"{name:26} {value:9.2f} {unit}{limit}")


if __name__ == "__main__":
    main()
