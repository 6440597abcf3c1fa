"""Reading the archive beside its writer, from any process and any thread.

Each call opens a connection of its own and closes it before it returns. That costs less than a millisecond and buys
what matters: threads need no lock, nothing open crosses a fork, no transaction outlives its call, and a file that was
set aside and begun anew, or an error that is over, is found by the next call without anybody knowing of it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from wattledger.archive.embedded.buckets import NO_BUCKETS, buckets, daily
from wattledger.archive.embedded.columns import Ints
from wattledger.archive.embedded.connection import reading
from wattledger.archive.embedded.exchanging import by_month, chunks_of, pieces_of
from wattledger.archive.embedded.feed import read_changes
from wattledger.archive.embedded.latest import latest
from wattledger.archive.embedded.layouts import LayoutBook
from wattledger.archive.embedded.scaled import NO_READINGS
from wattledger.archive.embedded.schema import check_readable, days_of, forgotten_series, read_meta
from wattledger.archive.embedded.sealed import SealedName
from wattledger.archive.embedded.segments import SealedGoneError, sealed_set
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.using import USUAL_BYTES_A_READING, allowed_on_card, usage
from wattledger.archive.interface import Buckets, Changes, Chunk, Columns, Exported, Usage
from wattledger.archive.validation import first_second_from
from wattledger.measure import Reading, day_start

log = logging.getLogger(__name__)

T = TypeVar("T")

NO_CHUNKS: tuple[Chunk, ...] = ()
CHANGES_AT_ONCE = 200  # that an export draws together


class EmbeddedReader:
    """Reads the archive in a folder. While there is none yet, or not even the folder, everything is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._books = _Books()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """A reader of `folder`; touches nothing before the first call."""
        return cls(folder)

    def read(self, series: Sequence[int], start: datetime, end: datetime) -> Mapping[int, Columns]:
        """The readings of each series with start <= slot < end; a series without readings has empty columns."""
        first, behind = first_second_from(start), first_second_from(end)

        def columns(snapshot: Snapshot) -> Mapping[int, Columns]:
            readings = snapshot.readings(series, start=first, end=behind)
            return {each: readings.get(each, NO_READINGS).columns() for each in series}

        return self._ask(columns, dict.fromkeys(series, NO_READINGS.columns()))

    def latest(self, series: Sequence[int]) -> Mapping[int, Reading]:
        """The newest reading of each series; a series that has none is absent."""
        return self._ask(lambda snapshot: latest(snapshot, series), {})

    def buckets(self, series: Sequence[int], bounds: Sequence[datetime]) -> Mapping[int, Buckets]:
        """What the readings between one bound and the next come to; at least two bounds, rising."""
        seconds = np.array([first_second_from(bound) for bound in bounds], dtype=np.int64)
        if len(seconds) < 2 or (np.diff(seconds) <= 0).any():
            raise ValueError("bounds are at least two and rise by a second or more")
        return self._ask(lambda snapshot: buckets(snapshot, series, seconds), dict.fromkeys(series, NO_BUCKETS))

    def daily(self, series: Sequence[int], start: date, end: date, *, zone: ZoneInfo) -> Mapping[int, Buckets]:
        """What the readings of each local day with start <= day < end come to."""
        bounds = _midnights(start, end, zone)
        nothing = dict.fromkeys(series, NO_BUCKETS)
        if len(bounds) < 2:
            return nothing
        return self._ask(lambda snapshot: daily(snapshot, series, bounds, zone=zone), nothing)

    def changes(self, after: int, *, epoch: str | None = None, limit: int = 1000) -> Changes:
        """At most `limit` changes after the cursor, oldest first; 0 is before the first."""
        if after < 0 or limit < 1:
            raise ValueError(f"after {after}, limit {limit}: a cursor is not negative and a limit is positive")
        return self._ask(
            lambda snapshot: read_changes(
                snapshot.connection,
                snapshot.book,
                after=after,
                limit=limit,
                epoch=epoch,
                forgotten=snapshot.forgotten,
            ),
            Changes(0, (), "", is_reset=True) if epoch and after else Changes(after, (), ""),
        )

    def export_chunks(self, after: int) -> Iterator[Exported]:
        """What happened after the cursor, piece by piece."""
        while (told := self.changes(after, limit=CHANGES_AT_ONCE)).changes:
            for piece in pieces_of(told):
                chunks = self._ask(partial(chunks_of, piece=piece), NO_CHUNKS)
                if chunks:
                    yield Exported(after, told.epoch, chunks)
            after = told.cursor
            yield Exported(after, told.epoch, ())

    def export_series(self, series: Sequence[int], start: datetime, end: datetime) -> Iterator[tuple[Chunk, ...]]:
        """All that there is of the series with start <= slot < end, piece by piece."""
        for piece in by_month(series, first_second_from(start), first_second_from(end)):
            yield self._ask(partial(chunks_of, piece=piece), NO_CHUNKS)

    def usage(self) -> Usage:
        """What the archive takes and may take."""
        return self._ask(
            usage, Usage(0, allowed_on_card(0, folder=_present(self._folder)), None, USUAL_BYTES_A_READING)
        )

    def close(self) -> None:
        """Nothing is open between calls; here for those archives that need it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ask(self, question: Callable[[Snapshot], T], nothing: T) -> T:
        """The answer from one snapshot, or `nothing` where nothing was ever written.

        A file that went since the snapshot was taken means that there is a newer state: ask that one. A file that is
        gone again was lost, and the others are read without it.
        """
        gone: set[SealedName] = set()
        lost: set[SealedName] = set()
        while True:
            try:
                with self._snapshot(lost) as snapshot:
                    return nothing if snapshot is None else question(snapshot)
            except SealedGoneError as error:
                if error.name in gone:
                    log.error("%s: the file %s is lost; its readings are missing", self._folder, error.name)
                    lost.add(error.name)
                gone.add(error.name)

    @contextmanager
    def _snapshot(self, lost: Collection[SealedName] = ()) -> Iterator[Snapshot | None]:
        with reading(self._folder) as connection:
            if connection is None:
                yield None
                return
            check_readable(connection)
            epoch = str(read_meta(connection, "epoch"))
            yield Snapshot(
                connection,
                self._books.of(epoch, connection=connection),
                days_of(connection),
                sealed_set(connection, self._folder, lost=lost),
                forgotten_series(connection),
            )


@lru_cache(maxsize=16)  # charts ask for the same years
def _midnights(first: date, last: date, zone: ZoneInfo) -> Ints:
    """When each local day from the first to the last begins."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return np.array([int(day_start(day, zone=zone).timestamp()) for day in days], dtype=np.int64)


def _present(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


class _Books:
    """The layouts that were read before: they never change, so each call reads only the new ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._epoch = ""
        self._book = LayoutBook()

    def of(self, epoch: str, *, connection: sqlite3.Connection) -> LayoutBook:
        with self._lock:
            if epoch != self._epoch:
                self._epoch, self._book = epoch, LayoutBook()
            self._book.catch_up(connection)
            return self._book
