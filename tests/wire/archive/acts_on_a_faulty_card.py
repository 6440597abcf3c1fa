"""Do all that an archive writes on a card that fails first and then does not; `faulty_card.c` must be preloaded.

    python acts_on_a_faulty_card.py FOLDER FAULT_FILE FAULT

Prints a line for each act: its name, the error that the fault made of it (or "done"), whether all readings were there
meanwhile, and whether it was done afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.archive import ArchiveError, EmbeddedArchive, Frame, Point, Rhythm

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
ZONE = ZoneInfo("Europe/Paris")
RHYTHM = Rhythm(most_single=10, fold_imports_after_s=0.0, fold_again_after_s=0.0, slice_s=1.0)
SOUND = "0 0"


def tick(number: int) -> Frame:
    return Frame(NOON + number * STEP, 300, 0.5, (1, 2), (0, 0), (number, -number))


def imported() -> list[Point]:
    return [Point(NOON - timedelta(days=200) + number * STEP, float(number)) for number in range(50)]


def tend(archive: EmbeddedArchive, *, days: int) -> None:
    while archive.tend(now=NOON + timedelta(days=days), zone=ZONE).result().more:
        pass


def main() -> int:
    folder, fault_file, fault = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    fault_file.write_text(SOUND)
    with EmbeddedArchive.open(folder, rhythm=RHYTHM) as archive:

        def readings() -> list[float]:
            found = archive.read([1, 2], *EVER)
            return [*found[1].values.tolist(), *found[2].values.tolist()]

        def record() -> None:
            archive.record([tick(50)]).result()

        def take_in() -> None:
            archive.backfill(1, imported(), decimals=0).result()

        acts: dict[str, Callable[[], None]] = {
            "tick": record,
            "seal": lambda: tend(archive, days=2),
            "compaction": lambda: tend(archive, days=40),
            "import": take_in,
            "fold": lambda: tend(archive, days=40),
        }
        archive.record([tick(number) for number in range(50)]).result()
        for name, act in acts.items():
            before, files = readings(), sorted(path.name for path in folder.glob("sealed/*"))
            fault_file.write_text(fault)
            try:
                act()
                said = "done"
            except ArchiveError as error:
                said = type(error).__name__
            there = said == "done" or readings() == before
            fault_file.write_text(SOUND)
            act()
            changed = readings() != before or sorted(path.name for path in folder.glob("sealed/*")) != files
            sys.stdout.write(f"{name} {said} {there} {changed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
