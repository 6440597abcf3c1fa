"""The writer's side of `hot.db`: its one connection, what it remembers of the file, and its transactions."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wattledger.archive.embedded import feed, frames
from wattledger.archive.embedded.connection import translated
from wattledger.archive.embedded.feed import Span
from wattledger.archive.embedded.late_rows import count_late_rows
from wattledger.archive.embedded.layouts import Layout, LayoutBook, write_layout
from wattledger.archive.embedded.scaled import Scaled
from wattledger.archive.embedded.schema import (
    DAY_S,
    FILES_FORMAT,
    SEALED_FORMAT,
    create_day,
    days_of,
    drop_day,
    forgotten_series,
    need_reader,
    read_meta,
    write_meta,
)
from wattledger.archive.embedded.sealed import SealedName
from wattledger.archive.embedded.segments import (
    SealedGoneError,
    SealedSet,
    lost_files,
    name_file,
    sealed_set,
    unname_file,
)
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.staging import stage, staged_until
from wattledger.archive.errors import ArchiveError

MANY_LATE = 30_000  # more are not counted


@dataclass(slots=True)
class Memory:
    """What the writer knows without asking the file; right after each commit, dropped after each failure."""

    book: LayoutBook
    days: set[int]
    highest_slot: int | None
    late_until: int  # no late row has a later slot; -1 without any
    late_count: int  # rows, or MANY_LATE
    sealed: SealedSet
    forgotten: frozenset[int]
    generation: int  # the highest that a sealed file has
    staged_until: int  # no staged reading has a later slot; -1 without any
    staged_s: float = 0.0  # monotonic: when something was staged last
    let_go: int = 0  # how often months were dropped; what is on its way into a file is then begun anew
    writes: Counter[int] = field(default_factory=Counter)  # frames written, by day

    @classmethod
    def of(cls, connection: sqlite3.Connection, folder: Path) -> Memory:
        book = LayoutBook()
        book.catch_up(connection)
        highest = read_meta(connection, "highest_slot")
        (latest,) = connection.execute("SELECT max(slot) FROM late").fetchone()
        return cls(
            book,
            set(days_of(connection)),
            highest if isinstance(highest, int) else None,
            -1 if latest is None else latest,
            count_late_rows(connection, most=MANY_LATE),
            sealed_set(connection, folder, lost=lost_files(connection, folder)),
            forgotten_series(connection),
            int(str(read_meta(connection, "generation") or 0)),
            staged_until(connection),
        )


@dataclass(slots=True)
class Writing:
    """One transaction on its way: what it has found, and what must be noted at its end."""

    connection: sqlite3.Connection
    memory: Memory
    _written: dict[int, set[int]] = field(default_factory=dict)  # layouts of which frames were written, by slot
    _other_spans: list[Span] = field(default_factory=list)
    _layouts_at: dict[int, set[int]] = field(default_factory=dict)  # by slot

    @property
    def snapshot(self) -> Snapshot:
        memory = self.memory
        return Snapshot(self.connection, memory.book, sorted(memory.days), memory.sealed, memory.forgotten)

    def layouts_at(self, slot: int) -> set[int]:
        """The layouts that have a frame at `slot`."""
        if slot not in self._layouts_at:
            day = slot // DAY_S
            known = day in self.memory.days
            self._layouts_at[slot] = frames.layouts_at(self.connection, slot, day=day) if known else set()
        return self._layouts_at[slot]

    def layout(self, series: tuple[int, ...], decimals: tuple[int, ...], step_s: int) -> Layout:
        """The layout of this content; made where there is none."""
        layout = self.memory.book.find(series, decimals, step_s)
        if layout is None:
            layout = Layout(self.memory.book.highest + 1, series, decimals, step_s)
            write_layout(self.connection, layout)
            self.memory.book.add(layout)
        return layout

    def write_frame(self, row: frames.Row) -> None:
        """Store a frame, in the place of the one with the same slot and layout."""
        slot, layout = row[:2]
        day = slot // DAY_S
        if day not in self.memory.days:
            create_day(self.connection, day)
            self.memory.days.add(day)
        frames.write_row(self.connection, day, row)
        self.memory.writes[day] += 1
        self.layouts_at(slot).add(layout)
        self._written.setdefault(slot, set()).add(layout)

    def note(self, span: Span) -> None:
        """Tell those who follow the changes of a span of whatever else changed."""
        self._other_spans.append(span)

    def stage(self, series: int, readings: Scaled) -> None:
        """Keep many readings, of slots at which there is nothing."""
        stage(self.connection, series, readings)
        first, last = int(readings.slots[0]), int(readings.slots[-1])
        self.note(Span(first, last, series=frozenset({series})))
        self.memory.staged_until = max(self.memory.staged_until, last)
        self.memory.staged_s = time.monotonic()
        need_reader(self.connection, SEALED_FORMAT)

    def note_late(self, series: int, slots: Iterable[int]) -> None:
        """Late rows of `series` at `slots` were written."""
        ordered = sorted(slots)
        if ordered:
            self._other_spans.append(Span(ordered[0], ordered[-1], series=frozenset({series})))
            self.memory.late_until = max(self.memory.late_until, ordered[-1])
            self.memory.late_count += len(ordered)

    def look_at_overlay(self) -> None:
        """Late rows or staged readings went."""
        self.memory.late_count = count_late_rows(self.connection, most=MANY_LATE)
        self.memory.staged_until = staged_until(self.connection)

    def seal(self, name: SealedName, *, size: int, instead_of: Iterable[SealedName]) -> None:
        """Let a sealed file stand in the place of what it was made of."""
        self.unname(instead_of)
        name_file(self.connection, name, size=size)
        self.memory.generation = max(self.memory.generation, name.generation)
        write_meta(self.connection, "generation", self.memory.generation)
        need_reader(self.connection, FILES_FORMAT)
        self._look_at_files()

    def unname(self, names: Iterable[SealedName]) -> None:
        """Let sealed files no longer be part of the archive."""
        for name in names:
            unname_file(self.connection, name)
        self._look_at_files()

    def _look_at_files(self) -> None:
        before = self.memory.sealed
        self.memory.sealed = sealed_set(self.connection, before.folder, lost=before.lost)

    def drop_day(self, day: int) -> None:
        """Let the frames of a day go."""
        drop_day(self.connection, day)
        self.memory.days.discard(day)
        self._layouts_at.clear()

    def finish(self) -> None:
        """Note in the file what came of the transaction."""
        spans = [*self._spans_of_frames(), *self._other_spans]
        if spans:
            feed.append(self.connection, spans)
        highest = max(self._written, default=-1)
        if highest >= 0 and (self.memory.highest_slot is None or highest > self.memory.highest_slot):
            self.memory.highest_slot = highest
            write_meta(self.connection, "highest_slot", highest)

    def _spans_of_frames(self) -> list[Span]:
        """What was recorded, a span per day."""
        of_days: dict[int, list[int]] = {}
        for slot in sorted(self._written):
            of_days.setdefault(slot // DAY_S, []).append(slot)
        return [
            Span(slots[0], slots[-1], layouts=frozenset().union(*(self._written[slot] for slot in slots)))
            for slots in of_days.values()
        ]


class HotStore:
    """Applies work to `hot.db`, several pieces in one durable commit. Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._memory: Memory | None = None

    def apply(self, works: Iterable[Callable[[Writing], None]]) -> None:
        """Do all of `works` in one transaction, durable on return.

        Raises ArchiveError, and then nothing of them is stored and they may be applied again.
        """
        memory, self._memory = self._memory, None  # what a failed transaction remembered is not true
        with translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                writing = Writing(self._connection, memory or Memory.of(self._connection, self._path.parent))
                for work in works:
                    work(writing)
                writing.finish()
                self._connection.execute("COMMIT")
            except SealedGoneError as error:
                self._roll_back()
                raise ArchiveError(f"{error}; the next try goes on without it") from error
            except BaseException:
                self._roll_back()
                raise
        self._memory = writing.memory

    def close(self) -> None:
        self._connection.close()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # SQLite has ended it by itself after some errors
            self._connection.execute("ROLLBACK")
