"""What lies over a period when its file is begun, and letting go of it once it is in there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.scaled import DELETED, NO_READINGS, Cell, Scaled, from_cells
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class LateRows:
    """Rows of `late` by series."""

    cells: dict[int, list[Cell]]

    @classmethod
    def of(cls, snapshot: Snapshot, period: Period) -> LateRows:
        """The rows of the period. A month leaves those of days that have frames, which would lie over the month."""
        hot = set() if period.span is Span.DAY else set(snapshot.days)
        cells: dict[int, list[Cell]] = {}
        for series, slot, value, decimals, quality in snapshot.connection.execute(
            "SELECT series, slot, value, decimals, quality FROM late WHERE slot >= ? AND slot < ?"
            " ORDER BY series, slot",
            (period.start, period.end),
        ):
            if slot // DAY_S not in hot:
                cell = (slot, 0, decimals, DELETED) if value is None else (slot, value, decimals, quality)
                cells.setdefault(series, []).append(cell)
        return cls(cells)

    @property
    def series(self) -> Sequence[int]:
        return tuple(self.cells)

    def readings(self, series: int) -> Scaled:
        return from_cells(self.cells[series]) if series in self.cells else NO_READINGS

    def forget(self, writing: Writing) -> None:
        """Delete the rows that are still what they were; a person may have had another word since."""
        writing.connection.executemany(
            "DELETE FROM late WHERE series = ? AND slot = ? AND value IS ? AND decimals = ? AND (quality = ? OR ?)",
            (
                (series, slot, None if quality == DELETED else value, decimals, quality, quality == DELETED)
                for series, cells in self.cells.items()
                for slot, value, decimals, quality in cells
            ),
        )


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
