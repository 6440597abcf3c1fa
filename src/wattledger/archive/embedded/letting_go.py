"""Letting readings go: the oldest months, and series that a person wants to be gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wattledger.archive.embedded.feed import Span as ChangedSpan
from wattledger.archive.embedded.feed import note_let_go
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.late_rows import months_with_late_rows
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.sealed import SealedName, Section
from wattledger.archive.embedded.segments import OF_READINGS
from wattledger.archive.embedded.staging import staged_months


def forget(writing: Writing, series: Sequence[int]) -> int:
    """Let series be gone at once; their bytes go when the files are written anew. Gives how many are newly so."""
    fresh = set(series) - writing.memory.forgotten
    if fresh:
        writing.connection.executemany("INSERT INTO forgotten VALUES (?)", ((each,) for each in fresh))
        writing.connection.executemany("DELETE FROM late WHERE series = ?", ((each,) for each in fresh))
        writing.connection.executemany("DELETE FROM staged WHERE series = ?", ((each,) for each in fresh))
        writing.memory.forgotten |= fresh
        memory = writing.memory
        last = max(memory.highest_slot or 0, memory.late_until, memory.staged_until, *_ends(writing), 0)
        writing.note(ChangedSpan(0, last, series=frozenset(fresh)))
    return len(fresh)


def _ends(writing: Writing) -> Iterator[int]:
    return (name.period.end for name in writing.memory.sealed.names if name.period.span in OF_READINGS)


def drop_before(writing: Writing, moment: int) -> list[Period]:
    """Let all months go that end before `moment`; gives them, oldest first. Their rows of days stay."""
    gone = [month for month in months_of(writing) if month.end <= moment]
    for month in gone:
        drop_month(writing, month)
    return gone


def drop_month(writing: Writing, month: Period) -> list[SealedName]:
    """Let all readings of a month go; gives the files, which may be removed once this is committed."""
    names = [name for span in OF_READINGS for name in writing.memory.sealed.of(span, start=month.start, end=month.end)]
    writing.unname(names)
    note_let_go(writing.connection, month.end)
    writing.memory.let_go += 1
    writing.connection.execute("DELETE FROM late WHERE slot >= ? AND slot < ?", (month.start, month.end))
    writing.connection.execute("DELETE FROM staged WHERE month = ?", (month.name,))
    for day in sorted(writing.memory.days):
        if month.start <= day * DAY_S < month.end:
            writing.drop_day(day)
    return names


def months_of(writing: Writing) -> list[Period]:
    """The months of which there is something, oldest first."""
    days = (period_at(day * DAY_S, Span.MONTH) for day in writing.memory.days)
    sealed = (name.period.within(Span.MONTH) for name in writing.memory.sealed.names if name.period.span in OF_READINGS)
    connection = writing.connection
    return sorted({*days, *sealed, *months_with_late_rows(connection), *staged_months(connection)})


class Forgetting:
    """Finds the months that hold forgotten series yet; remembers which do not, as a file never changes."""

    def __init__(self) -> None:
        self._without: set[SealedName] = set()
        self._forgotten: frozenset[int] = frozenset()

    def months(self, writing: Writing) -> Iterator[Period]:
        """Months whose file is to be written anew."""
        forgotten = writing.memory.forgotten
        if forgotten != self._forgotten:
            self._without, self._forgotten = set(), forgotten
        sealed = writing.memory.sealed
        for name in sealed.names if forgotten else ():
            if name.period.span is not Span.MONTH or name in self._without:
                continue
            with sealed.opened(name) as file:
                if file is not None and np.isin(file.file.keys(Section.CHUNKS), [*forgotten]).any():
                    yield name.period
                else:
                    self._without.add(name)
