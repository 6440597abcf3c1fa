"""What an archive promises, whoever keeps the readings.

Two sides: `Archive` is the one writer, held by the engine; `ArchiveReader` is opened by as many processes as like. All
times are UTC; a slot is a whole second from 1970 on. A value is stored as an integer with the decimals of its frame and
read back as a float of the series' unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Protocol, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattledger.measure import Quality, Reading

MOST_SERIES_A_FRAME = 64
MOST_HELD_FRAMES = 10_000  # a month of one meter, 8 hours of a hundred; all of them must fit into memory at release


@dataclass(frozen=True, slots=True)
class Frame:
    """The readings that one device gave for one slot.

    `series`, `decimals` and `values` run in parallel, at most 64 of each, no series twice. A value is the scaled
    integer, None is missing. `step_s` is the recording interval, `offset_s` how long after the slot the device was
    asked. `qualities` None: all good.
    """

    slot: datetime
    step_s: int
    offset_s: float
    series: tuple[int, ...]
    decimals: tuple[int, ...]
    values: tuple[int | None, ...]
    qualities: tuple[Quality, ...] | None = None


@dataclass(frozen=True, slots=True)
class HeldFrame:
    """A frame without a trusted time: what was read while the clock was in doubt.

    `boot` is the kernel's boot id and `monotonic_s` its monotonic clock at the reading; once the clock is trusted
    within the same boot, the two date the frame.
    """

    boot: str
    monotonic_s: float
    series: tuple[int, ...]
    decimals: tuple[int, ...]
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One reading given from outside the acquisition: an import or a correction. Value None deletes (corrections)."""

    slot: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings of one series, in slot order, one entry per reading; a missing slot has no entry."""

    slots: NDArray[np.int64]  # seconds since 1970 UTC
    values: NDArray[np.float64]
    qualities: NDArray[np.uint8]
    offsets_s: NDArray[np.float32]  # how long after its slot the value was read; 0 where nobody knows

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, slots=True)
class Buckets:
    """What the readings of one series come to, in order of time, one entry per stretch that has a reading."""

    starts: NDArray[np.int64]  # seconds since 1970 UTC
    counts: NDArray[np.int64]  # readings
    lasts: NDArray[np.float64]
    means: NDArray[np.float64]  # of the readings, each of the same weight
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]
    qualities: NDArray[np.uint8]  # of the most doubtful reading

    def __len__(self) -> int:
        return len(self.starts)

    def picked(self, which: slice) -> Buckets:
        return Buckets(*(getattr(self, column.name)[which] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Change:
    """Readings of `series` (in order) within [start, end], both included, came, changed or went.

    It may name more than what changed, never less.
    """

    series: tuple[int, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after a cursor; `cursor` is where to go on.

    `epoch` names the life of the archive and is new when it began anew (damaged, restored, reset): a cursor of another
    epoch means nothing. `is_reset`: the cursor that was asked with is such a one, or of a time that was undone, and
    these are the changes from the first on: forget what was made of earlier ones.

    Who finds nothing where something was must know whether what he made of it is to go, too. It is where a series is
    `forgotten`; it stays where readings only had to make room, which may be so before `let_go_until` (None: nowhere).
    """

    cursor: int
    changes: tuple[Change, ...]
    epoch: str
    is_reset: bool = False
    forgotten: tuple[int, ...] = ()  # of those that are named, in order
    let_go_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Readings of one series with slots, qualities and offsets, and what a person deleted, in bytes with a check sum.

    Every release reads the chunks of every earlier one, on every machine.
    """

    series: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class ChunkContents:
    """What a chunk holds: how many readings and deletions, from the first slot to the last."""

    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Exported:
    """A piece of an export. Once it has arrived, go on from `cursor`; one that comes again does no harm.

    `epoch` as in Changes.
    """

    cursor: int
    epoch: str
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Tended:
    """What one slice of upkeep did."""

    more: bool  # whether something is due yet
    dropped: str = ""  # the month that had to go for the sake of space, as 2026-03
    set_aside: tuple[str, ...] = ()  # names of damaged files that were replaced by what could be read of them


@dataclass(frozen=True, slots=True)
class Usage:
    """What an archive takes on its card. `oldest` None: it has no reading."""

    taken_bytes: int
    most_bytes: int  # that it may take; beyond, its oldest month goes
    oldest: datetime | None  # the beginning of the day or month in which its readings begin
    bytes_a_reading: float  # in its newest sealed month, or what is usual


class ArchiveReader(Protocol):
    """Reads beside a running writer, from any process and any thread; each call sees one consistent state.

    Before the writer has written for the first time, everything is empty. Calls raise ArchiveError where the archive
    cannot be read, and work again when it can; they raise ValueError for times without a zone.
    """

    def read(self, series: Sequence[int], start: datetime, end: datetime) -> Mapping[int, Columns]:
        """The readings of each series with start <= slot < end; a series without readings has empty columns."""

    def latest(self, series: Sequence[int]) -> Mapping[int, Reading]:
        """The newest reading of each series; a series that has none is absent."""

    def buckets(self, series: Sequence[int], bounds: Sequence[datetime]) -> Mapping[int, Buckets]:
        """What the readings between one bound and the next come to; at least two bounds, rising.

        A reading belongs to the stretch that begins with its slot. A series without readings has none.
        """

    def daily(self, series: Sequence[int], start: date, end: date, *, zone: ZoneInfo) -> Mapping[int, Buckets]:
        """What the readings of each local day with start <= day < end come to; days of 23 to 25 hours.

        As `buckets`, but quick over years, and for days too whose readings are gone. Those that were added up by
        another zone then are uncertain.
        """

    def changes(self, after: int, *, epoch: str | None = None, limit: int = 1000) -> Changes:
        """At most `limit` changes after the cursor, oldest first; 0 is before the first.

        Who gives the `epoch` of his cursor, too, is told when it means nothing any more. Cursors outlive sealing and
        compaction. Who reads the named spans again has what the archive has. Nothing is ever missed: where the list
        grows too long, its oldest changes are drawn together into one that names all of their series and their whole
        time. That the oldest months went for want of space, or by `forget_before`, is no change of its own, see
        `Changes.let_go_until`.
        """

    def export_chunks(self, after: int) -> Iterator[Exported]:
        """What came, changed or went after the cursor of `changes`, in pieces of a month of some series at most."""

    def export_series(self, series: Sequence[int], start: datetime, end: datetime) -> Iterator[tuple[Chunk, ...]]:
        """All that there is of the series with start <= slot < end, in pieces of a month of some series at most."""

    def usage(self) -> Usage:
        """What the archive takes and may take."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Archive(ArchiveReader, Protocol):
    """The one writer. Writing calls return at once; their future is done when the readings would survive a power cut.

    A future fails with ArchiveFullError when the card is full, ArchiveBusyError when more waits than may wait, and
    ArchiveError when the archive cannot be written; nothing of the call is stored then, and it may be given again. What
    was given cannot be cancelled. Calls raise ValueError at once for what no archive takes: a slot that is not a whole
    second in UTC, columns of unequal length, a series twice, more than MOST_SERIES_A_FRAME, a value beyond 64 bits.
    """

    def record(self, frames: Sequence[Frame]) -> Future[int]:
        """Store frames; gives the number of frames that brought a reading. For a recorded slot the first reading wins.

        Whatever frames they come in, for a series and slot that has a reading the reading stands, and only what is
        missing is added. A reading that a person deleted stays deleted.
        """

    def backfill(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Store past readings, marked late; slots that have a reading keep it. Gives the number stored.

        A reading that a person deleted stays deleted. The call is one step: give imports in pieces of some thousand.
        """

    def import_chunks(self, chunks: Sequence[Chunk], *, keep_words: bool = False) -> Future[int]:
        """Take in what another archive exported; gives the number of readings that came or changed.

        Slots that have a reading keep it, unless a person corrected or deleted it there. With `keep_words` what a
        person said here stands even then: the other archive may be an older copy of this one. Raises ValueError at once
        for bytes that no archive has written, whoever made them. The call is one step: give a chunk or two at once.
        """

    def correct(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Set or delete readings on a person's word, marked corrected. Gives the number changed.

        The last word on a slot stands.
        """

    def hold(self, frames: Sequence[HeldFrame]) -> Future[int]:
        """Keep frames until the clock is trusted; gives how many are held now.

        The oldest go when MOST_HELD_FRAMES is reached.
        """

    def held(self) -> Future[tuple[HeldFrame, ...]]:
        """What is held, oldest first."""

    def release(self, frames: Sequence[Frame]) -> Future[int]:
        """Record frames that were held and forget all that is held, in one step; gives as `record` does."""

    def tend(self, *, now: datetime, zone: ZoneInfo, most_bytes: int | None = None) -> Future[Tended]:
        """Do a little of what keeps the archive small and quick, as far as it is due at `now`.

        Call it with a trusted clock, again after a short pause while there is more, otherwise every minute. It takes at
        most some 20 ms, in which other calls wait. `zone` is the site's, by whose days roll-ups are made. No reading
        changes; but where the archive takes more than `most_bytes` (None: its share of the card), its oldest month
        goes, never the last two, and the roll-ups of its days stay. Fails with ArchiveFullError where there is no space
        for the work itself.
        """

    def forget(self, series: Sequence[int]) -> Future[int]:
        """Let series be gone for ever, with all readings; gives how many were not gone yet.

        What is given of them from now on is not stored: the id of a series is never used again.
        """

    def forget_before(self, moment: datetime) -> Future[int]:
        """Let the readings of the months go that end before `moment`; gives how many. Roll-ups of their days stay."""

    def highest_slot(self) -> Future[datetime | None]:
        """The latest slot of which readings were ever recorded; None for a new archive.

        Imports and corrections do not count.
        """
