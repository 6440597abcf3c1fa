"""Imports of many readings: a chunk per series and month, which lies under all else until it is folded into its month.

As single rows over the files, thirteen months of 500 series would take gigabytes and be written three times.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from wattledger.archive.embedded.chunk import decode_chunk, encode_chunk
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.scaled import NO_READINGS, Scaled, joined
from wattledger.archive.embedded.schema import knows_sealed
from wattledger.archive.errors import ArchiveDamagedError

log = logging.getLogger(__name__)

FORGOTTEN_AT_ONCE = 64  # chunks; some 5 ms


def stage(connection: sqlite3.Connection, series: int, readings: Scaled) -> None:
    """Keep readings of slots at which there is nothing."""
    for month, of_month in by_month(readings):
        row = (month.name, series, encode_chunk(of_month))
        connection.execute("INSERT INTO staged (month, series, blob) VALUES (?, ?, ?)", row)


def by_month(readings: Scaled) -> Iterable[tuple[Period, Scaled]]:
    """The readings of each UTC month, oldest first."""
    while len(readings):
        month = period_at(int(readings.slots[0]), Span.MONTH)
        behind = int(np.searchsorted(readings.slots, month.end))
        yield month, readings.picked(slice(0, behind))
        readings = readings.picked(slice(behind, None))


def staged(connection: sqlite3.Connection, series: Collection[int], *, start: int, end: int) -> dict[int, Scaled]:
    """What was imported of each series with start <= slot < end; a series without any is absent."""
    if start >= end or not knows_sealed(connection):
        return {}
    rows = connection.execute(
        "SELECT staged.series, staged.blob FROM json_each(?) AS asked CROSS JOIN staged"
        " ON staged.series = asked.value AND staged.month BETWEEN ? AND ?",
        (json.dumps([*series]), period_at(start, Span.MONTH).name, period_at(end - 1, Span.MONTH).name),
    )
    parts: dict[int, list[Scaled]] = {}
    for each, blob in rows:
        part = _decoded(each, blob).between(start, end)
        if len(part):
            parts.setdefault(each, []).append(part)
    return {each: joined(of_series) for each, of_series in parts.items()}


def staged_months(connection: sqlite3.Connection) -> list[Period]:
    """The months of which something is staged, newest first: they are looked at most."""
    if not knows_sealed(connection):
        return []
    rows = connection.execute("SELECT DISTINCT month FROM staged ORDER BY month DESC")
    return [Period(month) for (month,) in rows]


def staged_until(connection: sqlite3.Connection) -> int:
    """No staged reading has a later slot; -1 without any."""
    (month,) = connection.execute("SELECT max(month) FROM staged").fetchone()
    return -1 if month is None else Period(month).end - 1


@dataclass(frozen=True, slots=True)
class StagedRows:
    """What is staged of a month when its file is begun."""

    ids: tuple[int, ...]
    series: tuple[int, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection, month: Period) -> StagedRows:
        rows = connection.execute("SELECT id, series FROM staged WHERE month = ?", (month.name,)).fetchall()
        return cls(tuple(number for number, _ in rows), tuple(sorted({series for _, series in rows})))

    def readings(self, connection: sqlite3.Connection, series: int, month: Period) -> Scaled:
        """Those of one series."""
        if series not in self.series:
            return NO_READINGS
        return staged(connection, [series], start=month.start, end=month.end).get(series, NO_READINGS)

    def forget(self, connection: sqlite3.Connection) -> Iterator[bool]:
        """Delete them, in steps, now that they are in the file."""
        for first in range(0, len(self.ids), FORGOTTEN_AT_ONCE):
            ids = self.ids[first : first + FORGOTTEN_AT_ONCE]
            connection.executemany("DELETE FROM staged WHERE id = ?", ((number,) for number in ids))
            yield True


def _decoded(series: int, blob: bytes) -> Scaled:
    try:
        return decode_chunk(blob, {})
    except ArchiveDamagedError as error:
        log.warning("an import of series %d: %s; its readings are missing", series, error)
        return NO_READINGS
