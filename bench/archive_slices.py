"""How long upkeep holds up recording: the slices in which days are sealed, a month drawn together, imports folded in.

    python bench/archive_slices.py [--folder DIR] [--days 31] [--devices 20]

A slice is what a tick may have to wait for. It is counted in processor time of the archive's thread, which repeats well
on a busy computer, and in time of the wall; the bound is held against the former. `--devices 100` is the size of the
limits, 5,000 series, and takes ten minutes: steps hardly depend on it, only what begins and ends a file does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from figures import Figure, reported
from meter_days import SERIES_A_DEVICE, STEP_S, TICKS_A_DAY, Building
from wattledger.archive import EmbeddedArchive, Point, Rhythm

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
RHYTHM = Rhythm(keep_unnamed_s=0.0, fold_imports_after_s=0.0, fold_again_after_s=0.0)
IMPORT_READINGS = (2000, 2000, 2000, 500, 500)  # of each series, a call each
MOST_SLICE_MS = 20.0


@dataclass
class Slices:
    """What slices took, in ms."""

    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def tend(self, archive: EmbeddedArchive, now: datetime) -> None:
        """Do all that is due; this thread only waits, so that the processor's time is that of the slice."""
        more = True
        while more:
            started, used_s = time.perf_counter(), time.process_time()
            more = archive.tend(now=now, zone=ZONE).result().more
            self.cpu_ms.append((time.process_time() - used_s) * 1000)
            self.wall_ms.append((time.perf_counter() - started) * 1000)

    def __str__(self) -> str:
        parts = [
            f"{name} {statistics.median(ms):.1f}, 99 of 100 {_p99(ms):.1f}, most {max(ms):.1f}"
            for name, ms in (("processor", self.cpu_ms), ("wall", self.wall_ms))
        ]
        return f"{len(self.cpu_ms)} slices, ms: " + "; ".join(parts)


def _p99(ms: Sequence[float]) -> float:
    return statistics.quantiles(ms, n=100, method="inclusive")[98]


def import_before(archive: EmbeddedArchive, series: int) -> None:
    """Take in readings of the month before, of some series, in pieces as an importer gives them."""
    slot = START - timedelta(days=30)
    for count in IMPORT_READINGS:
        slots = [slot + timedelta(seconds=STEP_S * number) for number in range(count)]
        slot = slots[-1] + timedelta(seconds=STEP_S)
        for each in range(1, series + 1):
            archive.backfill(each, [Point(at, float(at.minute)) for at in slots], decimals=0).result()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the card to be measured; default: the temporary folder")
    parser.add_argument("--days", type=int, default=31, help="of January that are recorded")
    parser.add_argument("--devices", type=int, default=20, help="of 50 series each")
    arguments = parser.parse_args()
    days, devices = arguments.days, arguments.devices
    sealing, compaction, folding = Slices(), Slices(), Slices()
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as place,
        EmbeddedArchive.open(Path(place) / "archive", rhythm=RHYTHM) as archive,
    ):
        for number, tick in enumerate(Building(devices, start=START).ticks(days), start=1):
            archive.record(tick).result()
            if number % TICKS_A_DAY == 0:
                sealing.tend(archive, START + timedelta(days=number // TICKS_A_DAY, hours=3))
        compaction.tend(archive, START + timedelta(days=40))
        import_before(archive, devices * SERIES_A_DEVICE // 10)
        folding.tend(archive, START + timedelta(days=40))
    for name, slices in (("sealing", sealing), ("compaction", compaction), ("folding an import", folding)):
        print(f"{name:18} {slices}")
    most_ms = max(max(slices.cpu_ms) for slices in (sealing, compaction, folding))
    kept = most_ms <= MOST_SLICE_MS
    return reported(Figure("slice of upkeep, processor time", f"<= {MOST_SLICE_MS:g} ms", f"{most_ms:.1f}", kept))


if __name__ == "__main__":
    sys.exit(main())
