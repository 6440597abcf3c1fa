"""What a day of recording writes to the card, with all that follows of it: log, checkpoints, sealing, compaction.

    python bench/card_writes.py [--folder DIR] [--slots 288]

Two sites: 31 meters on one serial line, whose answers to a slot come one by one for twelve seconds, and a hundred
meters on the network, 5,000 series, that answer within one. Frames are handed to the archive in the commits that the
engine makes of them, and for the first site also one by one. Bytes are what the kernel hands to the block layer
(`write_bytes` of /proc/self/io), so DIR must lie on a disk; what the card's own controller makes of them is not in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from archive_tick import written_bytes
from figures import Figure, reported
from meter_days import STEP_S, TICKS_A_DAY, Building
from wattledger.archive import EmbeddedArchive, Frame, Rhythm
from wattledger.engine.gathering import Gathering

START = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
ENERGIES = 8  # the first series of each meter, which have frames of their own
MOST_MB_A_DAY = 22.0

Arrival = tuple[float, Frame]  # seconds after the slot
Commits = Iterator[list[Frame]]


@dataclass(frozen=True, slots=True)
class Site:
    """How long after the slot each meter answers its energies and the rest."""

    name: str
    meters: int
    energies_s: float  # from one meter to the next
    others_s: float


LINE = Site("31 meters on a line", 31, 0.07, 0.325)  # as `rtu_cycle.py` measures it
NETWORK = Site("5,000 series on the network", 100, 0.005, 0.005)


def arrivals(site: Site, tick: Sequence[Frame]) -> list[Arrival]:
    """The frames of a slot in the order in which they come."""
    energies = [(site.energies_s * (number + 1), _part(frame, 0, ENERGIES)) for number, frame in enumerate(tick)]
    begin_s = energies[-1][0]
    others = [
        (begin_s + site.others_s * (number + 1), _part(frame, ENERGIES, None)) for number, frame in enumerate(tick)
    ]
    return energies + others


def _part(frame: Frame, start: int, end: int | None) -> Frame:
    cut = slice(start, end)
    return replace(frame, series=frame.series[cut], decimals=frame.decimals[cut], values=frame.values[cut])


def gathered(slot_s: float, came: Sequence[Arrival], gathering: Gathering) -> Commits:
    """The commits that the engine makes of one slot."""
    commit: list[Frame] = []
    for at_s, frame in came:
        if commit and slot_s + at_s > (due_s := gathering.due_s()):
            gathering.committed(due_s)
            yield commit
            commit = []
        gathering.came(slot_s + at_s)
        commit.append(frame)
    gathering.committed(gathering.due_s())
    yield commit


def written(folder: Path, site: Site, *, slots: int, commits: Callable[[float, Sequence[Arrival]], Commits]) -> float:
    """Megabytes a day."""
    before, count, readings = written_bytes(), 0, 0
    with EmbeddedArchive.open(folder, rhythm=Rhythm(keep_unnamed_s=0.0)) as archive:
        for number, tick in zip(range(slots), Building(site.meters, start=START).ticks(1), strict=False):
            for commit in commits(number * STEP_S, arrivals(site, tick)):
                archive.record(commit).result()
                count += 1
                readings += sum(value is not None for frame in commit for value in frame.values)
        os.sync()
        ticks = written_bytes() - before
        for days in (2, 40):  # the day is sealed, its month drawn together
            while archive.tend(now=START + timedelta(days=days), zone=ZONE).result().more:
                pass
    os.sync()
    total = written_bytes() - before
    a_day_mb = total / slots * TICKS_A_DAY / 1e6
    a_slot, a_reading = count / slots, total / readings
    print(
        f"{site.name}: {a_slot:.1f} commits a slot, {a_day_mb:.1f} MB a day, {a_reading:.1f} bytes a reading,"
        f" {ticks / readings:.1f} of them when it was recorded"
    )
    return a_day_mb


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the card to be measured; default: the temporary folder")
    parser.add_argument("--slots", type=int, default=TICKS_A_DAY, help="of five minutes, at most a day")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        measured = {}
        for site in (LINE, NETWORK):
            gathering = Gathering()
            measured[site] = written(
                Path(place) / site.name,
                site,
                slots=arguments.slots,
                commits=lambda slot_s, came, gathering=gathering: gathered(slot_s, came, gathering),
            )
        print("one by one, ", end="")
        single = written(
            Path(place) / "single",
            LINE,
            slots=max(1, arguments.slots // 6),  # enough to be scaled, and it takes long
            commits=lambda _, came: ([frame] for _, frame in came),
        )
    print(f"a commit for each frame writes {single / measured[LINE]:.1f} times as much")
    return reported(
        *(
            Figure(f"written in a day, {site.name}", f"<= {MOST_MB_A_DAY:g} MB", f"{mb:.1f}", mb <= MOST_MB_A_DAY)
            for site, mb in measured.items()
        )
    )


if __name__ == "__main__":
    sys.exit(main())
