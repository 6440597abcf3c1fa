"""Which sealed files make up the archive, as one transaction sees it, and what stands in them.

A file is named in the same transaction in which what it was made of goes, so that whoever begins with `hot.db` finds
each reading once. The file itself may go while somebody is about to open it: another generation has taken its place,
and he begins again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.chunk import check_chunk, decode_chunk
from wattledger.archive.embedded.day_codec import Packed, picked, unpacked
from wattledger.archive.embedded.days import DayRows, rows_joined
from wattledger.archive.embedded.newest import Newest, decode_newest
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.scaled import NO_READINGS, Scaled, joined, laid_over
from wattledger.archive.embedded.schema import knows_sealed
from wattledger.archive.embedded.sealed import ALL_SERIES, NEWEST, SealedFile, SealedName, Section, opened
from wattledger.archive.errors import ArchiveDamagedError

log = logging.getLogger(__name__)

SLOTS_REMEMBERED = 128  # series of one file; 9 MB where all of them are months of five minutes
FILES_REMEMBERED = 64
LAST_SLOT = "last_slot"  # under which key a file notes it
LAYOUTS_REMEMBERED = 8  # of one file; the series of one layout are read together
OF_READINGS = (Span.MONTH, Span.DAY)  # the later lies over the earlier


class SealedGoneError(Exception):
    """A sealed file that the snapshot names is not there; never leaves this package."""

    def __init__(self, name: SealedName) -> None:
        super().__init__(f"the file {name} is gone")
        self.name = name


@dataclass(frozen=True, slots=True)
class SealedSet:
    """The sealed files of a snapshot, by time; `lost` are those that are known to be missing."""

    folder: Path
    names: tuple[SealedName, ...] = ()
    lost: frozenset[SealedName] = frozenset()
    _by_period: dict[str, SealedName] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_period", {name.period.name: name for name in self.names})

    def named(self, period: Period) -> SealedName | None:
        """The file of exactly this period."""
        return self._by_period.get(period.name)

    def of(self, span: Span, *, start: int, end: int) -> list[SealedName]:
        """The files of periods of this length that reach into [start, end), but for the lost ones."""
        return [name for name in self.named_of(span, start=start, end=end) if name not in self.lost]

    def named_of(self, span: Span, *, start: int, end: int) -> list[SealedName]:
        """As `of`, with those that are lost."""
        if start >= end:
            return []
        first, last = period_at(start, span), period_at(end - 1, span)
        return [name for name in self.names if len(name.period.name) == span and first <= name.period <= last]

    def taken(self, series: Iterable[int], *, slot: int) -> set[int]:
        """Those of `series` that have a reading or a deletion at `slot`."""
        names = [self._by_period.get(period_at(slot, span).name) for span in OF_READINGS]
        return {
            each
            for name in names
            if name is not None and slot <= _last_slot_in(self.folder, name)
            for each in series
            if _holds(_slots_in(self.folder, name, each), slot)
        }

    def readings(self, series: Collection[int], *, start: int, end: int) -> dict[int, Scaled]:
        """What the files have of each series with start <= slot < end; a series without any is absent.

        Raises SealedGoneError.
        """
        found: dict[int, Scaled] = {}
        for span in OF_READINGS:
            parts: dict[int, list[Scaled]] = {}
            for name in self.of(span, start=start, end=end):
                with self.opened(name) as file:
                    for each in series:
                        part = NO_READINGS if file is None else file.readings(each).between(start, end)
                        if len(part):
                            parts.setdefault(each, []).append(part)
            for each, pieces in parts.items():
                found[each] = laid_over(found.get(each, NO_READINGS), joined(pieces))
        return found

    def backwards(self) -> Iterator[list[SealedName]]:
        """The files of readings that there are, the latest first: each day by itself, or a month with its days."""
        of_readings = [name for name in self.names if name.period.span in OF_READINGS and name not in self.lost]
        groups: dict[Period, list[SealedName]] = {}
        for name in of_readings:
            month = name.period.within(Span.MONTH)
            groups.setdefault(month if month.name in self._by_period else name.period, []).append(name)
        for period in sorted(groups, key=lambda each: each.end, reverse=True):
            yield groups[period]

    def newest(self) -> Newest | None:
        """The newest reading of each series in the files; None where nobody has listed them. Raises SealedGoneError."""
        name = max(self.names, key=lambda each: each.generation, default=None)
        if name is None or name in self.lost:
            return None
        with self.opened(name) as file:
            return None if file is None else file.newest()

    def holds(self, slot: int) -> bool:
        """Whether there is a file of the time of `slot`."""
        return any(period_at(slot, span).name in self._by_period for span in OF_READINGS)

    @contextmanager
    def opened(self, name: SealedName) -> Iterator[SealedReadings | None]:
        """An open file; None where its index cannot be read, which is reported. Raises SealedGoneError."""
        with ExitStack() as stack:
            yield self.open(name, stack)

    def open(self, name: SealedName, stack: ExitStack) -> SealedReadings | None:
        """As `opened`, until `stack` ends."""
        path = name.path(self.folder)
        try:
            return SealedReadings(name, stack.enter_context(opened(path)))
        except FileNotFoundError as error:
            raise SealedGoneError(name) from error
        except (ArchiveDamagedError, OSError) as error:
            log.warning("%s: %s; its readings are missing", path, error)
            return None


@lru_cache(maxsize=SLOTS_REMEMBERED)
def _slots_in(folder: Path, name: SealedName, series: int) -> NDArray[np.int64]:
    """The slots that a file has of a series; a file never changes."""
    try:
        with SealedSet(folder).opened(name) as file:
            return NO_READINGS.slots if file is None else file.readings(series).slots
    except SealedGoneError:
        return NO_READINGS.slots


@lru_cache(maxsize=FILES_REMEMBERED)
def _last_slot_in(folder: Path, name: SealedName) -> int:
    """The last slot of any series in a file: the open month has one where an import was folded into it."""
    try:
        with SealedSet(folder).opened(name) as file:
            return -1 if file is None else int(file.file.meta.get(LAST_SLOT, name.period.end))
    except SealedGoneError:
        return -1


def _holds(slots: NDArray[np.int64], slot: int) -> bool:
    at = int(np.searchsorted(slots, slot))
    return at < len(slots) and bool(slots[at] == slot)


class SealedReadings:
    """The chunks of one open file. A damaged one counts as missing and is reported."""

    def __init__(self, name: SealedName, file: SealedFile) -> None:
        self.name = name
        self.file = file
        self.offsets: Mapping[int, Scaled] = _FileOffsets(file)
        self.damage = 0  # blobs that could not be read

    def readings(self, series: int) -> Scaled:
        """All that the file has of a series."""
        blob = self.chunk(series)
        return NO_READINGS if blob is None else decode_chunk(blob, self.offsets)

    def chunk(self, series: int) -> bytes | None:
        """The blob of a series, which can be decoded; None where there is none."""
        try:
            blob = self.file.blob(Section.CHUNKS, series)
            if blob is not None:
                check_chunk(blob)
        except (ArchiveDamagedError, OSError) as error:
            self._report(f"series {series}", error)
            return None
        return blob

    def days(self, series: Collection[int]) -> DayRows:
        """The rows of days that the file has of `series` (rising)."""
        shared = self.name.period.span is Span.DAY
        found = []
        try:
            for key, blob in self.file.blobs(Section.DAYS, [ALL_SERIES] if shared else series):
                try:
                    found.append(Packed.of(blob, series=None if shared else key))
                except ArchiveDamagedError as error:
                    self._report(f"rows of days {key}", error)
        except OSError as error:
            self._report("rows of days", error)
        if not shared:
            return unpacked(found)
        return rows_joined([picked(part, np.array([*series], dtype=np.int64)) for part in found])

    def newest(self) -> Newest | None:
        """The list of the newest readings of all series; None where it has none."""
        try:
            blob = self.file.blob(Section.DAYS, NEWEST)
            return None if blob is None else decode_newest(blob)
        except (ArchiveDamagedError, OSError) as error:
            self._report("newest readings", error)
            return None

    def _report(self, what: str, error: Exception) -> None:
        self.damage += 1
        log.warning("%s, %s: %s; what it held is missing", self.name, what, error)


def together(files: Collection[SealedReadings], series: int) -> Scaled:
    """What files have of a series, the days over the month."""
    found = NO_READINGS
    for span in OF_READINGS:
        parts = [file.readings(series) for file in files if file.name.period.span is span]
        found = laid_over(found, joined(parts))
    return found


class _FileOffsets(dict[int, Scaled]):
    """The offsets of a file's layouts, decoded when they are wanted."""

    def __init__(self, file: SealedFile) -> None:
        super().__init__()
        self._file = file

    def __contains__(self, layout: object) -> bool:
        return isinstance(layout, int) and (super().__contains__(layout) or self._load(layout))

    def _load(self, layout: int) -> bool:
        try:
            blob = self._file.blob(Section.OFFSETS, layout)
            if blob is not None:
                while len(self) >= LAYOUTS_REMEMBERED:
                    del self[next(iter(self))]
                self[layout] = decode_chunk(blob, {})
        except (ArchiveDamagedError, OSError) as error:
            log.warning("offsets of layout %d: %s; they are taken for 0", layout, error)
            return False
        return blob is not None


def sealed_set(connection: sqlite3.Connection, folder: Path, *, lost: Collection[SealedName] = ()) -> SealedSet:
    """The files that `hot.db` names."""
    if not knows_sealed(connection):
        return SealedSet(folder)
    rows = connection.execute("SELECT period, generation FROM segment ORDER BY period")
    return SealedSet(folder, _names(tuple(rows)), frozenset(lost))


@lru_cache(maxsize=8)  # they change once a day
def _names(rows: tuple[tuple[str, int], ...]) -> tuple[SealedName, ...]:
    return tuple(SealedName(Period(period), generation) for period, generation in rows)


def lost_files(connection: sqlite3.Connection, folder: Path) -> frozenset[SealedName]:
    """Those files that `hot.db` names and that are not there; for the writer, in whose sight none goes."""
    return frozenset(name for name in sealed_set(connection, folder).names if not name.path(folder).exists())


def name_file(connection: sqlite3.Connection, name: SealedName, *, size: int) -> None:
    """Let a file stand for its period, in the place of an earlier generation."""
    connection.execute(
        "INSERT OR REPLACE INTO segment (period, generation, bytes) VALUES (?, ?, ?)",
        (name.period.name, name.generation, size),
    )


def unname_file(connection: sqlite3.Connection, name: SealedName) -> None:
    """Let a file no longer be part of the archive."""
    connection.execute("DELETE FROM segment WHERE period = ? AND generation = ?", (name.period.name, name.generation))
