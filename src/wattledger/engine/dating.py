"""Sees that readings held while the clock was in doubt are dated as soon as it is trusted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from wattledger.archive import MOST_HELD_FRAMES, Archive, ArchiveError, HeldFrame
from wattledger.engine.applied import AppliedPlant
from wattledger.engine.clock import Clock, ClockWatch, Verdict
from wattledger.engine.events import EngineEvents
from wattledger.engine.holding import HoldingQueue, date_held
from wattledger.journal import Code

log = logging.getLogger(__name__)

KEY = "clock"
LOOK_EVERY_S = 1.0
RETRY_S = 5.0


class HeldReadings:
    """Keeps what is read while the clock is in doubt, and dates it whenever trust has returned."""

    def __init__(
        self,
        archive: Archive,
        clock: Clock,
        queue: HoldingQueue,
        *,
        events: EngineEvents,
        before_writing: Callable[[Sequence[HeldFrame]], Awaitable[None]],
    ) -> None:
        self._archive = archive
        self._before_writing = before_writing
        self._clock = clock
        self._queue = queue
        self._events = events
        self.count = 0  # frames that are held

    def judged(self, verdict: Verdict) -> None:
        """The clock was judged, at the start or anew."""
        if verdict.trusted:
            self._events.end(Code.CLOCK_UNTRUSTED, KEY)
        else:
            self._events.begin(Code.CLOCK_UNTRUSTED, KEY, params={"reason": verdict.reason})
        self._queue.arrived.set()

    async def run(self, applied: AppliedPlant, watch: ClockWatch) -> None:
        """Keep what comes and date what is held, until cancelled; what cannot be done now is tried again."""
        left_over = await asyncio.wrap_future(self._archive.held())
        self.count = len(left_over)
        while True:
            await self._queue.arrived.wait()
            if watch.trusted_now() is None:
                await self._queue.gathering.complete()
            self._queue.arrived.clear()
            try:
                await self._keep()
                done = await self._date(applied, watch)
            except ArchiveError as error:
                log.error("held readings can neither be kept nor dated now: %s", error)
                done = False
            if not done:
                await asyncio.sleep(RETRY_S)
                self._queue.arrived.set()

    async def _keep(self) -> None:
        frames = self._queue.waiting()
        if not frames:
            return
        await self._before_writing(frames)
        pushed_out = self.count + len(frames) - MOST_HELD_FRAMES
        self.count = await asyncio.wrap_future(self._archive.hold(frames))
        self._queue.forget(frames)
        if pushed_out > 0:
            self._events.begin(Code.READINGS_DROPPED, KEY, params={"count": pushed_out})

    async def _date(self, applied: AppliedPlant, watch: ClockWatch) -> bool:
        """False where there is something to be dated that cannot be yet."""
        now = watch.trusted_now()
        if not self.count or now is None:
            return True
        if applied.plant is None:
            return False
        held = await asyncio.wrap_future(self._archive.held())
        monotonic_s = self._clock.monotonic()
        dated = date_held(
            held, applied.groups(), boot=self._clock.boot, now=now, monotonic_s=monotonic_s, zone=applied.zone
        )
        await asyncio.wrap_future(self._archive.release(dated.frames))
        self.count = 0
        for frame in dated.frames:
            watch.saw_slot(frame.slot)
        if dated.undatable:
            self._events.note(Code.READINGS_UNDATED, params={"count": dated.undatable})
        self._events.end(Code.READINGS_DROPPED, KEY)
        return True


async def keep_looking(watch: ClockWatch) -> None:
    """Look at the clock every second, so that a step or its end is seen even when no bus is polled."""
    while True:
        watch.trusted_now()
        await asyncio.sleep(LOOK_EVERY_S)
