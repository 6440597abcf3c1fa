"""Hands frames to the archive and sees that none is lost while the card is full or slow."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import islice

from wattledger.archive import Archive, ArchiveError, ArchiveFullError, Frame, HeldFrame
from wattledger.engine.events import EngineEvents
from wattledger.journal import Code

log = logging.getLogger(__name__)

# A day of 100 devices with three frames each 5 minutes, about 40 MB of memory; then the oldest go, and it is said.
MOST_WAITING_FRAMES = 90_000
MOST_FRAMES_A_COMMIT = 1000  # what piled up is written in pieces, so that none of them takes long
RETRY_S = 5.0
KEY = "archive"


class Recorder:
    """Writes frames in their order. A frame leaves the queue only when the archive has it on the card."""

    def __init__(self, archive: Archive, *, events: EngineEvents, on_recorded: Callable[[Frame], None]) -> None:
        self._archive = archive
        self._events = events
        self._on_recorded = on_recorded
        self._waiting: deque[Frame] = deque(maxlen=MOST_WAITING_FRAMES)
        self._arrived = asyncio.Event()
        self._standing: Code | None = None
        self._settled = False
        self.dropped = 0

    @property
    def state(self) -> str:
        """ok, full or failed."""
        return {None: "ok", Code.ARCHIVE_FULL: "full"}.get(self._standing, "failed")

    def record(self, frames: Sequence[Frame]) -> None:
        """Take frames to be written; returns at once."""
        overflow = len(self._waiting) + len(frames) - MOST_WAITING_FRAMES
        if overflow > 0:
            self.dropped += overflow
            log.error("the archive cannot be written: %d readings' frames dropped so far", self.dropped)
        self._waiting.extend(frames)
        if frames:
            self._arrived.set()

    def hold(self, frames: Sequence[HeldFrame]) -> None:
        """Take frames that wait for a trusted clock; returns at once."""
        if frames:
            self._archive.hold(frames).add_done_callback(_log_failure)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                if not await self._write_some():
                    await asyncio.sleep(RETRY_S)

    async def flush(self) -> None:
        """Write what waits as far as it can be written; for a clean stop."""
        while self._waiting:
            if not await self._write_some():
                return

    async def _write_some(self) -> bool:
        """Write the oldest that wait; False when the archive cannot take them now."""
        frames = list(islice(self._waiting, MOST_FRAMES_A_COMMIT))
        try:
            await asyncio.wrap_future(self._archive.record(frames))
        except ArchiveFullError:
            self._failing(Code.ARCHIVE_FULL, {})
            return False
        except ArchiveError as error:
            self._failing(Code.ARCHIVE_FAILED, {"reason": str(error)})
            return False
        written = {id(frame) for frame in frames}
        while self._waiting and id(self._waiting[0]) in written:
            self._waiting.popleft()
        self._working()
        for frame in frames:
            self._on_recorded(frame)
        return True

    def _failing(self, code: Code, params: dict[str, str | int | float]) -> None:
        if self._standing is not code:
            self._working()
            self._standing = code
            self._events.begin(code, KEY, params=params)

    def _working(self) -> None:
        if self._standing is not None or not self._settled:
            for code in (Code.ARCHIVE_FULL, Code.ARCHIVE_FAILED):
                self._events.end(code, KEY)
        self._standing, self._settled = None, True


def _log_failure(held: Future[int]) -> None:
    error = held.exception()
    if error is not None:
        log.error("undated readings could not be kept: %s", error)
