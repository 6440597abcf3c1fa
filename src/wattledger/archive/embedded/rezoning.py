"""Rows of days when the site's zone has changed, or when they are of an earlier format: made anew from what there is.

`daily` is right without it, but has to read what the rows would say. A year's file is made anew by itself, from the
files of its months, which stay as they are; the file of a day is made anew as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.archive.embedded.day_filing import ZONE, RowsOfYear, zone_key
from wattledger.archive.embedded.days import midnights, rows_joined, rows_of
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.newest_list import NewestList
from wattledger.archive.embedded.periods import Period, Span
from wattledger.archive.embedded.sealed import FORMAT, Meta, SealedName, Section
from wattledger.archive.embedded.segments import SealedGoneError, SealedReadings, SealedSet
from wattledger.archive.embedded.settling import keep_aside

FILES_REMEMBERED = 64
UNKNOWN: Mapping[str, str | int] = {}


class YearBuild:
    """A year's file on its way, with rows of the site's days. Ends with `name_it` or `discard`."""

    def __init__(self, writing: Writing, year: Period, *, zone: ZoneInfo, durable: bool) -> None:
        """Begin the file. Raises OSError where the card does not take it."""
        self.period = year
        self.name = SealedName(year, writing.memory.generation + 1)
        self.set_aside: tuple[Path, ...] = ()  # where the file was put, had it damage, once it was replaced
        self._zone = zone
        self._snapshot = writing.snapshot
        self._memory = writing.memory
        self._let_go = writing.memory.let_go
        self._open = ExitStack()
        self._made = ExitStack()
        sealed = self._snapshot.sealed
        try:
            self._before = _opened_year(sealed, year, self._open)
            months = [name for name in _months(sealed, year) if _zone_of(sealed, name) != zone.key]
            self._months = [file for name in months if (file := sealed.open(name, self._open)) is not None]
            self._rows = RowsOfYear(
                [name.period for name in months], self.name, self._before, folder=sealed.folder, durable=durable
            )
            self._made.callback(self._rows.file.discard)
        except BaseException:
            self.discard()
            raise
        self._newest = NewestList(self._snapshot, None, instead_of=())
        self._steps = self._work()

    def step(self) -> bool:
        """Do a few milliseconds of the work; False when there is none left."""
        return next(self._steps, False)

    def is_outdated(self, writing: Writing) -> bool:
        """Whether what it is made of changed since it was begun."""
        now, before = writing.snapshot, self._snapshot
        return (
            writing.memory is not self._memory
            or writing.memory.let_go != self._let_go
            or (now.sealed.names, now.forgotten) != (before.sealed.names, before.forgotten)
        )

    def name_it(self, writing: Writing) -> Iterator[bool]:
        """Let the new file take the place of the one before, in the caller's transaction; nothing else goes."""
        before = self._snapshot.sealed.named(self.period)
        size = self._rows.file.finish(self._rows.meta(self._zone))
        writing.seal(self.name, size=size, instead_of=())
        self._made.pop_all()  # from now on it is not to be discarded
        if before is not None and before not in self._snapshot.sealed.lost and self._has_damage():
            self.set_aside = (keep_aside(before.path(self._snapshot.sealed.folder)),)
        self._open.close()
        return iter(())

    def discard(self) -> None:
        """Give up, and leave nothing behind."""
        self._open.close()
        self._made.close()

    def _has_damage(self) -> bool:
        return self._before is None or self._before.damage > 0

    def _work(self) -> Iterator[bool]:
        wanted = {series for month in self._months for series in month.file.keys(Section.CHUNKS).tolist()}
        bounds = {month.name: midnights(month.name.period.start, month.name.period.end, zone=self._zone)
                  for month in self._months}  # fmt: skip
        for series in sorted(wanted.difference(self._snapshot.forgotten)):
            parts = []
            for month in self._months:
                parts.append(rows_of(series, month.readings(series), bounds[month.name]))
                yield True
            self._rows.add(series, rows_joined(parts))
            yield True
        yield from self._rows.finish(forgotten=self._snapshot.forgotten)
        yield from self._newest.put_into(self._rows.file)


def years_of_other_days(sealed: SealedSet, zone: ZoneInfo) -> Iterator[Period]:
    """The years whose file is to be made anew for rows of the days of `zone`, newest first."""
    years = {name.period.within(Span.YEAR) for name in sealed.names if name.period.span is not Span.DAY}
    for year in sorted(years, reverse=True):
        name = sealed.named(year)
        is_known = name is not None and name not in sealed.lost
        noted = _noted_in(sealed.folder, name) if name is not None and is_known else UNKNOWN
        is_old = bool(noted) and int(noted["format"]) < FORMAT
        if is_old or any(noted.get(zone_key(month.period)) != zone.key for month in _months(sealed, year)):
            yield year


def days_of_other_days(sealed: SealedSet, zone: ZoneInfo) -> Iterator[Period]:
    """The UTC days whose file has rows of the local days of another zone, newest first."""
    for name in reversed(sealed.names):
        if name.period.span is Span.DAY and name not in sealed.lost:
            noted = _noted_in(sealed.folder, name)
            if noted and noted.get(ZONE) != zone.key:
                yield name.period


def _months(sealed: SealedSet, year: Period) -> list[SealedName]:
    return sealed.of(Span.MONTH, start=year.start, end=year.end)


def _zone_of(sealed: SealedSet, month: SealedName) -> str | int | None:
    """By whose days the rows of a month are."""
    year = sealed.named(month.period.within(Span.YEAR))
    noted = UNKNOWN if year is None or year in sealed.lost else _noted_in(sealed.folder, year)
    return noted.get(zone_key(month.period))


def _opened_year(sealed: SealedSet, year: Period, stack: ExitStack) -> SealedReadings | None:
    name = sealed.named(year)
    return None if name is None or name in sealed.lost else sealed.open(name, stack)


@lru_cache(maxsize=FILES_REMEMBERED)
def _noted_in(folder: Path, name: SealedName) -> Meta:
    """What a file says of itself, which never changes; nothing where it cannot be read."""
    try:
        with SealedSet(folder).opened(name) as file:
            return UNKNOWN if file is None else file.file.meta
    except SealedGoneError:
        return UNKNOWN
