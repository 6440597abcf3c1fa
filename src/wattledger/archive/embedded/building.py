"""Making a sealed file, a little at a time: of a day from its frames, of a month from its days.

What lies over them is folded in. Nothing of it counts before the transaction that names the new file and lets go of
what it was made of; a process that dies before has lost nothing but the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from wattledger.archive.embedded.chunk import decode_chunk, encode_chunk, layouts_of
from wattledger.archive.embedded.day_filing import ZONE, RowsOfDay, RowsOfYear, file_meta
from wattledger.archive.embedded.days import midnights, rows_of
from wattledger.archive.embedded.frames import layouts_between, rows_between
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.integers import distinct
from wattledger.archive.embedded.late_rows import LateRows
from wattledger.archive.embedded.layout_offsets import LayoutOffsets
from wattledger.archive.embedded.newest_list import NewestList
from wattledger.archive.embedded.periods import Period, Span
from wattledger.archive.embedded.scaled import NO_READINGS, Scaled, joined, laid_over
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.sealed import SealedName, SealedWriter, Section
from wattledger.archive.embedded.segments import LAST_SLOT, OF_READINGS, SealedReadings, together
from wattledger.archive.embedded.settling import keep_aside
from wattledger.archive.embedded.snapshot import columns_of_frames
from wattledger.archive.embedded.staging import StagedRows
from wattledger.archive.embedded.using import READINGS

LOOK_S = 7200  # of a day that is looked through at once for the layouts in it


@dataclass(slots=True)
class Sources:
    """The files that a new one takes the place of."""

    names: list[SealedName] = field(default_factory=list)
    sound: list[SealedReadings] = field(default_factory=list)
    damaged: list[SealedName] = field(default_factory=list)  # not even their index can be read

    def readings(self, series: int) -> Scaled:
        """What they have of a series, the days over the month."""
        return together(self.sound, series)

    def faulty(self) -> list[SealedName]:
        """Those of which something could not be read."""
        return [*self.damaged, *(source.name for source in self.sound if source.damage)]


class Build:
    """One sealed file on its way. Ends with `name_it` or `discard`."""

    def __init__(self, writing: Writing, period: Period, *, zone: ZoneInfo, durable: bool) -> None:
        """Begin the file of a day or a month. Raises OSError where the card does not take it."""
        folder = writing.memory.sealed.folder
        self.period = period
        self.set_aside: tuple[Path, ...] = ()  # where files with damage were put once they were replaced
        self._snapshot = writing.snapshot
        self._memory = writing.memory
        self._writes = Counter(writing.memory.writes)
        self._let_go = writing.memory.let_go
        self._zone = zone
        self._bounds = midnights(period.start, period.end, zone=zone)
        self._late = LateRows(self._snapshot, period)
        is_month = period.span is Span.MONTH
        self._staged = StagedRows.of(writing.connection, period) if is_month else StagedRows((), ())
        self._open = ExitStack()
        self._made = ExitStack()
        try:
            self.sources = self._opened_sources()
            self.name = SealedName(period, writing.memory.generation + 1)
            self._file = SealedWriter(self.name.path(folder), durable=durable)
            self._made.callback(self._file.discard)
            self._year = self._begun_year(durable=durable) if is_month else None
        except BaseException:
            self.discard()
            raise
        self._rows = self._year or RowsOfDay(self._file)
        self._unchanged = self._only_source()
        self._offsets = LayoutOffsets(self._file, self.sources.sound)
        self._newest = NewestList(self._snapshot, period, instead_of=self.sources.names)
        self._count = 0  # readings in the file
        self._last_slot = period.start  # of them
        self._steps = self._work()

    def step(self) -> bool:
        """Do a few milliseconds of the work; False when there is none left."""
        return next(self._steps, False)

    def is_outdated(self, writing: Writing) -> bool:
        """Whether what it is made of changed since it was begun."""
        now, before = writing.snapshot, self._snapshot
        days = range(self.period.start // DAY_S, self.period.end // DAY_S)
        return (
            writing.memory is not self._memory
            or writing.memory.let_go != self._let_go
            or (now.sealed.names, now.forgotten) != (before.sealed.names, before.forgotten)
            or set(now.days).intersection(days) != set(before.days).intersection(days)
            or any(self._memory.writes[day] != self._writes[day] for day in days)
        )

    def name_it(self, writing: Writing) -> Iterator[bool]:
        """Let the new file take the place of what it was made of; gives the steps in which the rest of that goes.

        For the caller's transaction; what is done here counts when that is committed. The steps may be done in later
        ones, or never: what they delete says what the file says.
        """
        self._finish(writing)
        if self.period.span is Span.DAY:
            writing.drop_day(self.period.start // DAY_S)
        self.set_aside = tuple(keep_aside(name.path(writing.memory.sealed.folder)) for name in self.sources.faulty())
        self._open.close()
        return chain(self._late.forget(), self._staged.forget(writing.connection))

    def discard(self) -> None:
        """Give up, and leave nothing behind."""
        self._open.close()
        self._made.close()

    def _finish(self, writing: Writing) -> None:
        if not self._file.keys(Section.CHUNKS):
            writing.unname(self.sources.names)
            self._made.close()
            return
        size = self._file.finish(
            {**file_meta(self.name), ZONE: self._zone.key, READINGS: self._count, LAST_SLOT: self._last_slot}
        )
        writing.seal(self.name, size=size, instead_of=self.sources.names)
        if self._year is not None:
            size = self._year.file.finish(self._year.meta(self._zone))
            writing.seal(self._year.name, size=size, instead_of=())
        self._made.pop_all()  # from now on they are not to be discarded

    def _work(self) -> Iterator[bool]:
        seen: set[int] = set()
        for layouts, group in self._groups():
            framed = self._framed(layouts, group)
            yield True
            for series in group:
                if series not in seen and series not in self._snapshot.forgotten:
                    yield from self._add(series, framed.get(series, NO_READINGS))
            seen.update(group)
        yield from self._rows.finish(forgotten=self._snapshot.forgotten)
        yield from self._newest.put_into(self._file if self._year is None else self._year.file)

    def _add(self, series: int, framed: Scaled) -> Iterator[bool]:
        if self._unchanged is not None and series not in self._late.series and series not in self._staged.series:
            self._copy(series, self._unchanged)
            yield True
            return
        staged = self._staged.readings(self._snapshot.connection, series, self.period)
        layers = (staged, self.sources.readings(series), framed, self._late.readings(series))
        readings = reduce(laid_over, layers)
        yield True
        if len(readings):
            layouts = [each for each in self._snapshot.book.of_series(series) if each in self._offsets]
            yield True
            self._note(series, readings)
            self._file.add(Section.CHUNKS, series, encode_chunk(readings, layouts=layouts, offsets=self._offsets))
            self._rows.add(series, rows_of(series, readings, self._bounds))
            yield True

    def _copy(self, series: int, source: SealedReadings) -> None:
        """Take over what nobody changed: corrections of one series must not cost the work of all."""
        blob = source.chunk(series)
        if blob is not None:
            readings = decode_chunk(blob, {})
            self._file.add(Section.CHUNKS, series, blob)
            self._note(series, readings)
            if self._year is not None:
                self._year.keep(series)
            else:
                self._rows.add(series, rows_of(series, readings, self._bounds))
            for layout in layouts_of(blob):
                _ = layout in self._offsets  # puts them into the file

    def _note(self, series: int, readings: Scaled) -> None:
        self._newest.add(series, readings)
        self._count += len(readings)
        self._last_slot = max(self._last_slot, int(readings.slots[-1]))

    def _groups(self) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
        """Layouts to be read from the frames, and series that are then complete."""
        day, book = self.period.start // DAY_S, self._snapshot.book
        if self.period.span is Span.DAY and day in self._snapshot.days:
            present: set[int] = set()
            for start in range(self.period.start, self.period.end, LOOK_S):
                present |= layouts_between(self._snapshot.connection, day, start=start, end=start + LOOK_S)
                yield (), ()
            for layout in sorted(present):
                series = book[layout].series
                yield sorted(present & book.sharing(series)), series
        keys = [source.file.keys(Section.CHUNKS) for source in self.sources.sound]
        yield (
            (),
            distinct(
                np.concatenate([*keys, np.array([*self._late.series, *self._staged.series], dtype=np.int64)])
            ).tolist(),
        )

    def _framed(self, layouts: Sequence[int], group: Sequence[int]) -> dict[int, Scaled]:
        if not layouts:
            return {}
        day, wanted = self.period.start // DAY_S, set(group)
        rows = rows_between(self._snapshot.connection, day, layouts, start=self.period.start, end=self.period.end)
        parts: dict[int, list[Scaled]] = {}
        for number, (of_layout, block) in self._snapshot.decoded(rows, day=day).items():
            self._offsets.add_frames(number, of_layout)
            columns = columns_of_frames(self._snapshot.book[number], of_layout, block, wanted=wanted)
            for each, part in columns.items():
                parts.setdefault(each, []).append(part)
        return {each: joined(pieces) for each, pieces in parts.items()}

    def _opened_sources(self) -> Sources:
        sources = Sources()
        for span in OF_READINGS:
            for name in self._snapshot.sealed.named_of(span, start=self.period.start, end=self.period.end):
                if len(name.period.name) < self.period.span:
                    continue  # the month of a day that came late: it stays, and folds the day in later
                sources.names.append(name)
                if name in self._snapshot.sealed.lost:
                    continue
                file = self._snapshot.sealed.open(name, self._open)
                if file is None:
                    sources.damaged.append(name)
                else:
                    sources.sound.append(file)
        return sources

    def _only_source(self) -> SealedReadings | None:
        """The file of the period itself, where nothing but single readings is added to it.

        Of a month also only where its rows are of the site's days.
        """
        if len(self.sources.names) != 1 or not self.sources.sound:
            return None
        (source,) = self.sources.sound
        has_frames = self.period.start // DAY_S in self._snapshot.days if self._year is None else False
        is_whole = source.name.period == self.period and not has_frames
        return source if is_whole and (self._year is None or self._year.is_of(self._zone)) else None

    def _begun_year(self, *, durable: bool) -> RowsOfYear:
        sealed = self._snapshot.sealed
        year = self.period.within(Span.YEAR)
        before = sealed.named(year)
        before = None if before in sealed.lost else before
        file = None if before is None else sealed.open(before, self._open)
        if before is not None and file is None:
            self.sources.damaged.append(before)
        name = SealedName(year, self.name.generation + 1)
        rows = RowsOfYear([self.period], name, file, folder=sealed.folder, durable=durable)
        self._made.callback(rows.file.discard)
        return rows
