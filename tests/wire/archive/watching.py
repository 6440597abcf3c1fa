"""Read an archive without pause until a slot appears; every reading call must see whole ticks only.

    python watching.py FOLDER SERIES LAST_SLOT

Prints a line when it begins to watch and, at the end, how often it read while ticks were missing yet.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from wattledger.archive import EmbeddedReader

EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def main(folder: str, series: str, last_slot: str) -> None:
    wanted = tuple(range(1, int(series) + 1))
    reader = EmbeddedReader.open(Path(folder))
    rounds, cursor, told = 0, 0, 0
    print("watching", flush=True)  # noqa: T201 - read by the test
    while True:
        columns = reader.read(wanted, *EVER)
        seen = {tuple(columns[each].slots.tolist()) for each in wanted}
        if len(seen) != 1:
            sys.exit(f"torn: {sorted(len(slots) for slots in seen)}")
        if len({reading.slot for reading in reader.latest(wanted).values()}) > 1:
            sys.exit("torn: the latest readings are of two ticks")
        changes = reader.changes(cursor)
        cursor, told = changes.cursor, told + len(changes.changes)
        (slots,) = seen
        if slots and slots[-1] == int(last_slot):
            break
        rounds += 1
    told += len(reader.changes(cursor).changes)
    print(rounds, told)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main(*sys.argv[1:])
