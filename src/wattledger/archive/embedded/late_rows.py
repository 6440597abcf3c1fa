"""What lies over a period while its file is made, and letting go of it once it is in there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from wattledger.archive.embedded.integers import among
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.scaled import NO_READINGS, Scaled
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.snapshot import Snapshot, late_rows_of

FORGOTTEN_AT_ONCE = 1000  # rows; some 3 ms


class LateRows:
    """Rows of `late`, read series by series: corrections of years are too many for one slice, and for the memory.

    A month leaves those of days that have frames, which would lie over the month.
    """

    def __init__(self, snapshot: Snapshot, period: Period) -> None:
        self._snapshot = snapshot
        self._period = period
        self._hot = np.array([] if period.span is Span.DAY else snapshot.days, dtype=np.int64)
        rows = snapshot.connection.execute(
            "SELECT DISTINCT series FROM late WHERE slot >= ? AND slot < ?", (period.start, period.end)
        )
        self.series = frozenset(series for (series,) in rows)
        self._read: dict[int, Scaled] = {}

    def readings(self, series: int) -> Scaled:
        """Those of one series, which may be forgotten from then on."""
        if series not in self.series:
            return NO_READINGS
        rows = self._snapshot.late([series], start=self._period.start, end=self._period.end).get(series, NO_READINGS)
        self._read[series] = rows.picked(~among(rows.slots // DAY_S, self._hot))
        return self._read[series]

    def forget(self) -> Iterator[bool]:
        """Delete what was read, in steps, as far as it is still what it was: a person may have had another word since.

        Until then it lies over the file and says the same.
        """
        for series, found in self._read.items():
            for rows in _batches(found):
                self._snapshot.connection.executemany(
                    "DELETE FROM late WHERE series = ? AND slot = ? AND value IS ? AND decimals = ?"
                    " AND (value IS NULL OR quality = ?)",
                    ((series, row.slot, row.value, row.decimals, row.quality) for row in late_rows_of(rows)),
                )
                yield True


def _batches(found: Scaled) -> Iterator[Scaled]:
    for first in range(0, len(found), FORGOTTEN_AT_ONCE):
        yield found.picked(slice(first, first + FORGOTTEN_AT_ONCE))


def months_with_late_rows(connection: sqlite3.Connection) -> Iterator[Period]:
    """The months over which something lies, oldest first."""
    after = 0
    while True:
        (slot,) = connection.execute("SELECT min(slot) FROM late WHERE slot >= ?", (after,)).fetchone()
        if slot is None:
            return
        month = period_at(slot, Span.MONTH)
        yield month
        after = month.end


def count_late_rows(connection: sqlite3.Connection, *, most: int) -> int:
    """How many rows of `late` there are, up to `most`."""
    (count,) = connection.execute("SELECT count(*) FROM (SELECT 1 FROM late LIMIT ?)", (most,)).fetchone()
    return int(count)
