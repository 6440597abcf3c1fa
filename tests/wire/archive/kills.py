"""Kill a recording process again and again and count what it had acknowledged and the archive has not.

It records a tick each two hours, so that days are sealed and months drawn together all the time, corrects what it
recorded just before and some days ago, and imports the readings of three years before.

    python kills.py --folder DIR [--kills 15] [--seed 1]

Run it with DIR on the card that is to be judged. Prints one JSON object; exit code 1 when anything was lost or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.archive import EmbeddedArchive, EmbeddedReader, Frame, Point, Rhythm, check
from wattledger.archive.embedded.schema import read_meta
from wattledger.archive.embedded.sealed import FOLDER, sealed_name
from wattledger.measure import Quality

DEVICES, SERIES_A_DEVICE, STEP_S = 10, 40, 7200
ALL_SERIES = tuple(range(1, DEVICES * SERIES_A_DEVICE + 1))
FIRST_SLOT = int(datetime(2026, 3, 1, 22, tzinfo=UTC).timestamp())
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
CORRECTED_SERIES = 1
CORRECTED_LATER = 40  # ticks after which there is another word on a slot: its day is sealed by then
ZONE = ZoneInfo("Europe/Paris")
IMPORTED_SERIES, IMPORTED, IMPORTED_BEFORE_S = 9001, 24, 3 * 365 * 86_400  # a reading each five minutes
RHYTHM = Rhythm(
    slice_s=0.002,
    seal_after_s=0,
    compact_after_s=0,
    enough_late=10,
    late_look_every_s=0.0,
    fold_again_after_s=0.0,
    most_single=10,
    fold_imports_after_s=0.0,
)
PATIENCE_S = 60.0  # a child that acknowledges nothing for so long is a fault of its own


@dataclass(slots=True)
class Verdict:
    kills: int = 0
    in_mid_tick: int = 0  # kills that left a tick in the file which nobody had acknowledged
    in_mid_sealing: int = 0  # kills that left a file which is not part of the archive
    acknowledged: int = 0
    corrections: int = 0
    imports: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Acknowledged:
    ticks: set[int] = field(default_factory=set)
    corrections: set[int] = field(default_factory=set)
    imports: set[int] = field(default_factory=set)

    def take(self, line: bytes) -> None:
        kinds = {b"t": self.ticks, b"c": self.corrections, b"i": self.imports}
        kinds[line[:1]].add(int(line[1:]))


def scaled(series: int, slot: int) -> int:
    """The value of a reading, such that no two neighbours have the same."""
    return (slot // STEP_S * 7919 + series * 104_729) % 1_000_003 - 500_000


def corrected(slot: int) -> float:
    return scaled(CORRECTED_SERIES, slot) / 10 + 1_000_000


def imported_slots(slot: int) -> range:
    """The slots of the import that goes with a tick."""
    start = slot - IMPORTED_BEFORE_S
    return range(start, start + IMPORTED * 300, 300)


def imported(slot: int) -> float:
    return float(slot // 300 * 7919 % 1_000_003)


def tick(folder: Path, acknowledgements: int) -> None:
    """Record until somebody kills this process, and write a line for each tick and correction that is stored."""
    archive = EmbeddedArchive.open(folder, rhythm=RHYTHM)
    highest = archive.highest_slot().result()
    slot = FIRST_SLOT if highest is None else int(highest.timestamp())  # the last one again: it may be there in part
    while True:
        stored = [archive.record([frame(device, slot)]) for device in range(DEVICES)]
        tended = [archive.tend(now=datetime.fromtimestamp(slot, UTC), zone=ZONE) for _ in range(5)]
        for future in stored:
            future.result()
        os.write(acknowledgements, b"t%d\n" % slot)
        if slot // STEP_S % 5 == 0:
            for corrected_slot in (slot, max(FIRST_SLOT, slot - (CORRECTED_LATER + 1) * STEP_S)):
                point = Point(datetime.fromtimestamp(corrected_slot, UTC), corrected(corrected_slot))
                archive.correct(CORRECTED_SERIES, [point], decimals=1).result()
                os.write(acknowledgements, b"c%d\n" % corrected_slot)
        if slot // STEP_S % 7 == 0:
            points = [Point(datetime.fromtimestamp(each, UTC), imported(each)) for each in imported_slots(slot)]
            archive.backfill(IMPORTED_SERIES, points, decimals=0).result()
            os.write(acknowledgements, b"i%d\n" % slot)
        for future in tended:
            future.result()
        slot += STEP_S


def frame(device: int, slot: int) -> Frame:
    series = ALL_SERIES[device * SERIES_A_DEVICE : (device + 1) * SERIES_A_DEVICE]
    values = tuple(scaled(each, slot) for each in series)
    return Frame(datetime.fromtimestamp(slot, UTC), STEP_S, 0.1 * device, series, (1,) * len(series), values)


def kill_once(folder: Path, chance: random.Random) -> Acknowledged:
    """Let a child record and kill it at a random moment; gives what it had acknowledged."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        try:
            tick(folder, writable)
        finally:
            os._exit(3)  # only a fault ends the ticking
    os.close(writable)
    with os.fdopen(readable, "rb", buffering=0) as acknowledgements:
        try:
            received = _receive(acknowledgements.fileno(), lines=chance.choice([0, 1, 2, 5, 20, 60, 150]))
            time.sleep(chance.uniform(0, 0.012))  # about a tick: the moment of the kill falls anywhere within one
        finally:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        received += acknowledgements.readall() or b""
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError("the recording process ended by itself")
    acknowledged = Acknowledged()
    for line in received.split(b"\n")[:-1]:
        acknowledged.take(line)
    return acknowledged


def _receive(descriptor: int, *, lines: int) -> bytes:
    received = b""
    while received.count(b"\n") < lines:
        if not select.select([descriptor], [], [], PATIENCE_S)[0]:
            raise TimeoutError(f"nothing was stored within {PATIENCE_S} s")
        piece = os.read(descriptor, 65_536)
        if not piece:
            raise RuntimeError("the recording process ended by itself")
        received += piece
    return received


def compare(reader: EmbeddedReader, acknowledged: Acknowledged, verdict: Verdict, *, since: int) -> set[int]:
    """Hold what is in the archive from `since` on against what was acknowledged; gives the slots that are there."""
    start = datetime.fromtimestamp(since, UTC)
    there: set[int] = set()
    for series, columns in reader.read(ALL_SERIES, start, EVER[1]).items():
        slots = columns.slots.tolist()
        if len(set(slots)) != len(slots):
            verdict.wrong.append(f"series {series}: a slot twice")
        for slot in acknowledged.ticks.difference(slots):
            verdict.lost.append(f"series {series}, slot {slot}")
        for slot, value, quality in zip(slots, columns.values.tolist(), columns.qualities.tolist(), strict=True):
            by_hand = quality == Quality.CORRECTED
            if value != (corrected(slot) if by_hand else scaled(series, slot) / 10):
                verdict.wrong.append(f"series {series}, slot {slot}: {value}")
            if series == CORRECTED_SERIES and slot in acknowledged.corrections and not by_hand:
                verdict.lost.append(f"correction of slot {slot}")
        there.update(slots)
    return there


def compare_imports(reader: EmbeddedReader, acknowledged: Acknowledged, verdict: Verdict) -> None:
    """Hold what was imported against what was acknowledged."""
    columns = reader.read([IMPORTED_SERIES], *EVER)[IMPORTED_SERIES]
    there = dict(zip(columns.slots.tolist(), columns.values.tolist(), strict=True))
    if len(there) != len(columns):
        verdict.wrong.append("an imported slot twice")
    for slot in (each for start in acknowledged.imports for each in imported_slots(start)):
        if slot not in there:
            verdict.lost.append(f"import of slot {slot}")
    verdict.wrong += [f"imported slot {slot}: {value}" for slot, value in there.items() if value != imported(slot)]


def is_in_mid_sealing(folder: Path) -> bool:
    """Whether there is a file that the archive does not name yet."""
    uri = f"{(folder / 'hot.db').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        known = read_meta(connection, "generation") or 0
    names = [sealed_name(path.name) for path in (folder / FOLDER).glob("*")]
    return any(name is not None and name.generation > known for name in names)


def integrity(folder: Path) -> list[str]:
    uri = f"{(folder / 'hot.db').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return [verdict for (verdict,) in connection.execute("PRAGMA integrity_check") if verdict != "ok"]


def judge(folder: Path, *, kills: int, seed: int) -> Verdict:
    chance, verdict, everything = random.Random(seed), Verdict(), Acknowledged()
    EmbeddedArchive.open(folder).close()
    for _ in range(kills):
        acknowledged = kill_once(folder, chance)
        reader = EmbeddedReader.open(folder)  # before any writer has folded the log back
        there = compare(reader, acknowledged, verdict, since=min(acknowledged.ticks, default=FIRST_SLOT))
        compare_imports(reader, acknowledged, verdict)
        verdict.kills += 1
        verdict.in_mid_tick += bool(acknowledged.ticks) and max(there) > max(acknowledged.ticks)
        verdict.in_mid_sealing += is_in_mid_sealing(folder)
        verdict.damaged += integrity(folder)
        everything.ticks |= acknowledged.ticks
        everything.corrections |= acknowledged.corrections
        everything.imports |= acknowledged.imports
    with EmbeddedArchive.open(folder) as archive:
        verdict.damaged += map(str, archive.set_aside)
        highest = archive.highest_slot().result()
    there = compare(EmbeddedReader.open(folder), everything, verdict, since=FIRST_SLOT)
    compare_imports(EmbeddedReader.open(folder), everything, verdict)
    if highest is None or int(highest.timestamp()) != max(there):
        verdict.wrong.append(f"highest slot {highest}")
    verdict.damaged += [f"{finding.place}: {finding.text}" for finding in check(folder)] + integrity(folder)
    verdict.acknowledged, verdict.corrections = len(everything.ticks), len(everything.corrections)
    verdict.imports = len(everything.imports)
    return verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    verdict = judge(arguments.folder.absolute(), kills=arguments.kills, seed=arguments.seed)
    print(json.dumps(asdict(verdict)))  # noqa: T201 - this is its result
    return 1 if verdict.lost or verdict.wrong or verdict.damaged else 0


if __name__ == "__main__":
    sys.exit(main())
