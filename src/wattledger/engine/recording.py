"""Hands frames to the archive and sees that none is lost while the card is full or slow."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from wattledger.archive import Archive, ArchiveError, ArchiveFullError, Frame
from wattledger.engine.events import EngineEvents
from wattledger.engine.gathering import Gathering, monotonic_s
from wattledger.journal import Code

log = logging.getLogger(__name__)

# A day of 100 devices with three frames each 5 minutes, about 40 MB of memory; then the oldest go, and it is said.
MOST_WAITING_FRAMES = 90_000
MOST_FRAMES_A_COMMIT = 1000  # what piled up is written in pieces, so that none of them takes long
RETRY_S = 5.0
KEY = "archive"


class Recorder:
    """Writes frames in their order, some seconds of them in one commit.

    A frame leaves the queue only when the archive has it on the card. What waits is lost with the power; a process that
    starts again within the tolerance of the slot asks for it again.
    `before_writing` sees to what must be on the card before the frames are.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        events: EngineEvents,
        before_writing: Callable[[Sequence[Frame]], Awaitable[None]],
        on_recorded: Callable[[Frame], None],
    ) -> None:
        self._archive = archive
        self._before_writing = before_writing
        self._events = events
        self._on_recorded = on_recorded
        self._waiting: deque[Frame] = deque(maxlen=MOST_WAITING_FRAMES)
        self._arrived = asyncio.Event()
        self._gathering = Gathering()
        self._standing: Code | None = None
        self._settled = False
        self._dropped = 0  # since the archive worked last

    @property
    def state(self) -> str:
        """ok, full or failed."""
        return {None: "ok", Code.ARCHIVE_FULL: "full"}.get(self._standing, "failed")

    def record(self, frames: Sequence[Frame]) -> None:
        """Take frames to be written; returns at once."""
        if not frames:
            return
        self._drop(len(self._waiting) + len(frames) - MOST_WAITING_FRAMES)
        self._waiting.extend(frames)
        self._gathering.came(monotonic_s())
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._arrived.wait()
            await self._gathering.complete()
            self._arrived.clear()
            await self._flush_whatever_it_takes()

    async def _flush_whatever_it_takes(self) -> None:
        while True:
            if await self.flush():
                return
            await asyncio.sleep(RETRY_S)

    async def flush(self) -> bool:
        """Write what waits now; what comes meanwhile goes on waiting. False when the archive cannot take it."""
        left = len(self._waiting)
        while left > 0:
            if not await self._write_some(min(left, MOST_FRAMES_A_COMMIT)):
                return False
            left -= MOST_FRAMES_A_COMMIT
        return True

    async def _write_some(self, count: int) -> bool:
        """Write the oldest that wait; False when the archive cannot take them now."""
        frames = list(islice(self._waiting, count))
        await self._before_writing(frames)
        try:
            await asyncio.wrap_future(self._archive.record(frames))
        except ArchiveFullError:
            self._failing(Code.ARCHIVE_FULL, {})
            return False
        except ArchiveError as error:
            self._failing(Code.ARCHIVE_FAILED, {"reason": str(error)})
            return False
        except Exception:
            log.exception("the archive refuses what it was given; it is given again one by one")
            await self._sort_out(frames)
            return True
        self._forget(frames)
        self._working()
        for frame in frames:
            self._on_recorded(frame)
        return True

    async def _sort_out(self, frames: list[Frame]) -> None:
        """Write frame by frame, so that one that cannot be stored takes no other with it."""
        for frame in frames:
            try:
                await asyncio.wrap_future(self._archive.record([frame]))
            except ArchiveError:
                return  # full or failing meanwhile: what is left goes on waiting
            except Exception:
                log.exception("a frame that cannot be stored is dropped: %s", frame)
                self._drop(1)
            self._forget([frame])

    def _forget(self, frames: list[Frame]) -> None:
        written = {id(frame) for frame in frames}
        while self._waiting and id(self._waiting[0]) in written:
            self._waiting.popleft()

    def _drop(self, count: int) -> None:
        if count > 0:
            self._dropped += count
            self._events.begin(Code.READINGS_DROPPED, KEY, params={"count": self._dropped})

    def _failing(self, code: Code, params: dict[str, str | int | float]) -> None:
        if self._standing is not code:
            self._working()
            self._standing = code
            self._events.begin(code, KEY, params=params)

    def _working(self) -> None:
        if self._standing is not None or not self._settled:
            for code in (Code.ARCHIVE_FULL, Code.ARCHIVE_FAILED):
                self._events.end(code, KEY)
        if self._dropped or not self._settled:
            self._events.end(Code.READINGS_DROPPED, KEY)
        self._standing, self._settled, self._dropped = None, True, 0
