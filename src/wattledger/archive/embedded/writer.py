"""The one writer: calls go through a bounded queue to one thread, which commits them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import date, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from wattledger.archive.embedded import exchanging, holding, letting_go, overlay, recording
from wattledger.archive.embedded.calls import Call, CallQueue, Waiting
from wattledger.archive.embedded.connection import HOT
from wattledger.archive.embedded.hot import HotStore, Writing
from wattledger.archive.embedded.opening import lock_folder, open_sound
from wattledger.archive.embedded.reader import EmbeddedReader
from wattledger.archive.embedded.tending import Rhythm, Tending
from wattledger.archive.errors import ArchiveError
from wattledger.archive.interface import (
    Buckets,
    Changes,
    Chunk,
    Columns,
    Exported,
    Frame,
    HeldFrame,
    Point,
    Tended,
    Usage,
)
from wattledger.archive.validation import check_frames, check_held, first_second_from, instant, scaled_points
from wattledger.measure import Reading

log = logging.getLogger(__name__)

T = TypeVar("T")

USUAL = Rhythm()


class EmbeddedArchive:
    """The archive in a folder, for the one process that writes it.

    Writing calls may come from any thread and never wait: when too many wait already, the future fails with
    ArchiveBusyError. `record` calls that wait one behind another share one commit. After a failure the archive works
    again by itself as soon as the card does. Reading calls block; they see what is committed.
    """

    set_aside: tuple[Path, ...]  # where damaged files were put when this archive was opened

    def __init__(self, folder: Path, *, durable: bool, rhythm: Rhythm) -> None:
        """Use `open`."""
        self._lock = lock_folder(folder)
        try:
            connection, self.set_aside = open_sound(folder / HOT, durable=durable)
        except BaseException:
            os.close(self._lock)
            raise
        self._store = HotStore(connection, folder / HOT)
        self._reader = EmbeddedReader.open(folder)
        self._rhythm = rhythm
        self._tending = Tending(rhythm, durable=durable)
        self._calls = CallQueue()
        self._process = os.getpid()
        self._thread = Thread(target=self._serve, name="archive writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, folder: Path, *, durable: bool = True, rhythm: Rhythm = USUAL) -> Self:
        """Open the archive in `folder` for writing, and make it where there is none.

        Damaged files are set aside, and a new `hot.db` begun (`set_aside`). Not `durable`: commits survive the death of
        the process but no power cut; for tests and demonstrations. Raises ArchiveTooNewError for an archive of a later
        release, ArchiveFullError and ArchiveError, also when another writer has it open.
        """
        return cls(folder, durable=durable, rhythm=rhythm)

    def record(self, frames: Sequence[Frame]) -> Future[int]:
        """Store frames; gives the number of frames that brought a reading. For a recorded slot the first reading wins.

        A frame that adds to one of the same layout keeps the offset of the first.
        """
        check_frames(frames)
        return self._submit(partial(recording.record, frames=tuple(frames)), shares_commit=True)

    def backfill(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Store past readings, marked late; slots that have a reading keep it. Gives the number stored."""
        if any(point.value is None for point in points):
            raise ValueError("an import has values only; a correction deletes")
        scaled = scaled_points(series, points, decimals=decimals)
        bounds = overlay.Bounds(self._rhythm.most_single, self._rhythm.most_late)
        return self._submit(partial(overlay.backfill, series=series, points=scaled, decimals=decimals, bounds=bounds))

    def import_chunks(self, chunks: Sequence[Chunk], *, keep_words: bool = False) -> Future[int]:
        """Take in what another archive exported; gives the number of readings that came or changed."""
        parts = exchanging.checked(chunks)
        return self._submit(partial(exchanging.take_in, parts=parts, keep_words=keep_words))

    def correct(self, series: int, points: Sequence[Point], *, decimals: int) -> Future[int]:
        """Set or delete readings on a person's word, marked corrected. Gives the number changed."""
        scaled = scaled_points(series, points, decimals=decimals)
        return self._submit(partial(overlay.correct, series=series, points=scaled, decimals=decimals))

    def hold(self, frames: Sequence[HeldFrame]) -> Future[int]:
        """Keep frames until the clock is trusted; gives how many are held now."""
        check_held(frames)
        return self._submit(partial(holding.hold, frames=tuple(frames)))

    def held(self) -> Future[tuple[HeldFrame, ...]]:
        """What is held, oldest first."""
        return self._submit(holding.held)

    def release(self, frames: Sequence[Frame]) -> Future[int]:
        """Record frames that were held and forget all that is held, in one step; gives as `record` does."""
        check_frames(frames)
        return self._submit(partial(_release, frames=tuple(frames)))

    def highest_slot(self) -> Future[datetime | None]:
        """The latest slot of which readings were ever recorded; None for a new archive."""
        return self._submit(_highest_slot)

    def tend(self, *, now: datetime, zone: ZoneInfo, most_bytes: int | None = None) -> Future[Tended]:
        """Do the next 20 ms of what is due at `now`: seal days, draw months together, remove what was replaced."""
        work = partial(self._tending.slice, now=first_second_from(now), zone=zone, most_bytes=most_bytes)
        return self._submit(work)

    def forget(self, series: Sequence[int]) -> Future[int]:
        """Let series be gone for ever; gives how many were not gone yet."""
        return self._submit(partial(letting_go.forget, series=tuple(series)))

    def forget_before(self, moment: datetime) -> Future[int]:
        """Let the months go that end before `moment`; gives how many."""
        return self._submit(partial(_drop_before, moment=first_second_from(moment)))

    def read(self, series: Sequence[int], start: datetime, end: datetime) -> Mapping[int, Columns]:
        """The readings of each series with start <= slot < end; a series without readings has empty columns."""
        return self._reader.read(series, start, end)

    def latest(self, series: Sequence[int]) -> Mapping[int, Reading]:
        """The newest reading of each series; a series that has none is absent."""
        return self._reader.latest(series)

    def buckets(self, series: Sequence[int], bounds: Sequence[datetime]) -> Mapping[int, Buckets]:
        """What the readings between one bound and the next come to; at least two bounds, rising."""
        return self._reader.buckets(series, bounds)

    def daily(self, series: Sequence[int], start: date, end: date, *, zone: ZoneInfo) -> Mapping[int, Buckets]:
        """What the readings of each local day with start <= day < end come to."""
        return self._reader.daily(series, start, end, zone=zone)

    def changes(self, after: int, *, epoch: str | None = None, limit: int = 1000) -> Changes:
        """At most `limit` changes after the cursor, oldest first; 0 is before the first."""
        return self._reader.changes(after, epoch=epoch, limit=limit)

    def export_chunks(self, after: int) -> Iterator[Exported]:
        """What happened after the cursor, piece by piece."""
        return self._reader.export_chunks(after)

    def export_series(self, series: Sequence[int], start: datetime, end: datetime) -> Iterator[tuple[Chunk, ...]]:
        """All that there is of the series with start <= slot < end, piece by piece."""
        return self._reader.export_series(series, start, end)

    def usage(self) -> Usage:
        """What the archive takes and may take."""
        return self._reader.usage()

    def close(self) -> None:
        """Do what was given, then let go of the folder; returns when all is done. Later calls fail."""
        if self._process != os.getpid() or not self._thread.is_alive():
            return
        self._calls.close()
        self._thread.join()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _submit(self, work: Callable[[Writing], T], *, shares_commit: bool = False) -> Future[T]:
        if self._process != os.getpid():
            raise ArchiveError("the archive was opened before a fork; open it in the process that writes")
        call = Call(work, shares_commit)
        self._calls.put(call)
        return call.future

    def _serve(self) -> None:
        while calls := self._calls.take():
            self._commit(calls)
        self._tending.give_up()
        self._store.close()

    def _commit(self, calls: Sequence[Waiting]) -> None:
        try:
            self._store.apply(call.run for call in calls)
        except ArchiveError as error:
            _fail(calls, error)
        except Exception as error:  # a fault of ours must not end recording
            log.exception("the archive could not store what it was given")
            _fail(calls, error)
        else:
            for call in calls:
                call.succeed()


def _fail(calls: Sequence[Waiting], error: Exception) -> None:
    for call in calls:
        call.fail(error)


def _release(writing: Writing, frames: Sequence[Frame]) -> int:
    holding.forget_held(writing)
    return recording.record(writing, frames)


def _drop_before(writing: Writing, moment: int) -> int:
    return len(letting_go.drop_before(writing, moment))


def _highest_slot(writing: Writing) -> datetime | None:
    slot = writing.memory.highest_slot
    return None if slot is None else instant(slot)
