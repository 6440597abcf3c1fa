"""Checking an archive beside its running writer, without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from wattledger.archive.embedded.codec import decode_frames
from wattledger.archive.embedded.connection import HOT, reading
from wattledger.archive.embedded.feed import runs
from wattledger.archive.embedded.finding import Finding
from wattledger.archive.embedded.layouts import LayoutBook
from wattledger.archive.embedded.schema import DAY_S, check_readable, day_table, days_of
from wattledger.archive.embedded.sealed_checking import check_sealed
from wattledger.archive.errors import ArchiveError
from wattledger.archive.interface import MOST_SERIES_A_FRAME
from wattledger.archive.validation import instant


def check(folder: Path) -> list[Finding]:
    """What is wrong with the archive in `folder`; nothing when it is sound or was never written.

    Looks at SQLite's pages, the layouts, the check sum of each frame and of each blob of the sealed files, and that no
    reading is there twice. Each day is read in a transaction of its own, so that the writer's log can be folded back in
    between.
    """
    return [
        *_in_snapshot(folder, _pages),
        *_in_snapshot(folder, _layouts),
        *_frames(folder),
        *check_sealed(folder),
    ]


def _in_snapshot(folder: Path, look: Callable[[Connection], Iterator[Finding]]) -> list[Finding]:
    try:
        with reading(folder) as connection:
            return [] if connection is None else list(look(connection))
    except ArchiveError as error:
        return [Finding(HOT, str(error))]


def _pages(connection: Connection) -> Iterator[Finding]:
    check_readable(connection)
    for (verdict,) in connection.execute("PRAGMA quick_check"):
        if verdict != "ok":
            yield Finding(HOT, verdict)


def _layouts(connection: Connection) -> Iterator[Finding]:
    for layout in _book(connection):
        place = f"layout {layout.id}"
        if not 0 < len(layout.series) <= MOST_SERIES_A_FRAME:
            yield Finding(place, f"{len(layout.series)} series")
        if len(layout.series) != len(layout.decimals):
            yield Finding(place, f"{len(layout.series)} series but {len(layout.decimals)} decimals")
        if len(set(layout.series)) != len(layout.series):
            yield Finding(place, "a series stands twice")


def _frames(folder: Path) -> Iterator[Finding]:
    try:
        with reading(folder) as connection:
            days = [] if connection is None else days_of(connection)
    except ArchiveError:
        return  # told already, by the look at the pages
    for day in days:
        yield from _in_snapshot(folder, partial(_day, day=day))


def _day(connection: Connection, *, day: int) -> Iterator[Finding]:
    book = _book(connection)
    if day not in days_of(connection):
        return  # sealed since
    slot, seen = -1, Counter[int]()
    rows = connection.execute(f"SELECT slot, layout, blob FROM {day_table(day)} ORDER BY slot, layout")  # noqa: S608
    for row_slot, number, blob in rows:
        place = f"{day_table(day)}, slot {instant(row_slot)}, layout {number}"
        if row_slot // DAY_S != day:
            yield Finding(place, "a slot of another day")
        if number not in book:
            yield Finding(place, "a layout that is not there")
            continue
        block = decode_frames([blob], width=len(book[number].series))
        if block.damaged:
            yield Finding(place, "the check sum is wrong")
            continue
        if row_slot != slot:
            slot, seen = row_slot, Counter()
        seen.update(each for each, present in zip(book[number].series, block.present[0], strict=True) if present)
        twice = [each for each in book[number].series if seen[each] > 1]
        if twice:
            yield Finding(place, f"series {runs(twice)} are in an earlier frame of this slot, too")


def _book(connection: Connection) -> LayoutBook:
    book = LayoutBook()
    book.catch_up(connection)
    return book
