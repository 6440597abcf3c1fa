"""What an archive promises, whoever keeps the readings.

Two sides: `Archive` is the one writer, held by the engine; `ArchiveReader` is opened by as many processes as like. All
times are UTC; a slot is a whole second. A value is stored as an integer with the decimals of its frame and read back as
a float of the series' unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wattledger.measure import Quality, Reading

MOST_SERIES_A_FRAME = 64


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
class Change:
    """Readings of `series` in [start, end] came, changed or went."""

    series: tuple[int, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after a cursor; `cursor` is where to go on."""

    cursor: int
    changes: tuple[Change, ...]


class ArchiveReader(Protocol):
    """Reads beside a running writer, from any process; each call sees one consistent state."""

    def read(self, series: Sequence[int], start: datetime, end: datetime) -> Mapping[int, Columns]:
        """The readings of each series with start <= slot < end; a series without readings has empty columns."""

    def latest(self, series: Sequence[int]) -> Mapping[int, Reading]:
        """The newest reading of each series; a series that never had one is absent."""

    def changes(self, after: int, *, limit: int = 1000) -> Changes:
        """At most `limit` changes after the cursor, oldest first; 0 is before the first."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Archive(ArchiveReader, Protocol):
    """The one writer. Writing calls return at once; their future is done when the readings would survive a power cut.

    A future fails with ArchiveFullError when the card is full and ArchiveError when it cannot be written; nothing of
    the call is stored then, and it may be given again.
    """

    def record(self, frames: Sequence[Frame]) -> Future[int]:
        """Store frames; gives the number of frames that were new. For a recorded slot the first reading wins.

        Where a frame of the same series for the same slot is already there, its values stand and only those missing
        in it are added.
        """

    def backfill(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Store past readings, marked late; slots that have a reading keep it. Gives the number stored."""

    def correct(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Set or delete readings on a person's word, marked corrected. Gives the number changed."""

    def hold(self, frames: Sequence[HeldFrame]) -> Future[int]:
        """Keep frames until the clock is trusted. The oldest go when MOST_HELD_FRAMES is reached."""

    def held(self) -> Future[tuple[HeldFrame, ...]]:
        """What is held, oldest first."""

    def release(self, frames: Sequence[Frame]) -> Future[int]:
        """Record frames that were held and forget all that is held, in one step; gives the frames that were new."""

    def highest_slot(self) -> Future[datetime | None]:
        """The latest slot that was ever recorded; None for a new archive."""
