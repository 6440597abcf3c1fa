"""Sees that readings held while the clock was in doubt are dated as soon as it is trusted."""

from __future__ import annotations

import asyncio
import logging

from wattledger.archive import Archive, ArchiveError
from wattledger.engine.applied import AppliedPlant
from wattledger.engine.clock import Clock, ClockWatch, Verdict
from wattledger.engine.events import EngineEvents
from wattledger.engine.holding import date_held
from wattledger.journal import Code

log = logging.getLogger(__name__)

KEY = "clock"
LOOK_EVERY_S = 1.0
RETRY_S = 5.0


class HeldReadings:
    """Dates what is held, once for each time that trust returns; tells the journal when the clock is in doubt."""

    def __init__(self, archive: Archive, clock: Clock, *, events: EngineEvents) -> None:
        self._archive = archive
        self._clock = clock
        self._events = events
        self._trusted = asyncio.Event()

    def judged(self, verdict: Verdict) -> None:
        """The clock was judged, at the start or anew."""
        if verdict.trusted:
            self._events.end(Code.CLOCK_UNTRUSTED, KEY)
            self._trusted.set()
        else:
            self._events.begin(Code.CLOCK_UNTRUSTED, KEY, params={"reason": verdict.reason})
            self._trusted.clear()

    async def run(self, applied: AppliedPlant, watch: ClockWatch) -> None:
        """Date what is held whenever the clock has become trusted, until cancelled."""
        while True:
            await self._trusted.wait()
            self._trusted.clear()
            if not await self._date(applied, watch):
                await asyncio.sleep(RETRY_S)
                self._trusted.set()

    async def count(self) -> int:
        """How many frames are held."""
        held = await asyncio.wrap_future(self._archive.held())
        return len(held)

    async def _date(self, applied: AppliedPlant, watch: ClockWatch) -> bool:
        """True when nothing is left to be dated; False asks to try again."""
        try:
            held = await asyncio.wrap_future(self._archive.held())
            now = watch.trusted_now()
            if not held or now is None:
                return True
            if applied.plant is None:
                return False
            dated = date_held(
                held,
                applied.groups(),
                boot=self._clock.boot,
                now=now,
                monotonic_s=self._clock.monotonic(),
                zone=applied.zone,
            )
            await asyncio.wrap_future(self._archive.release(dated.frames))
        except ArchiveError as error:
            log.error("held readings could not be dated yet: %s", error)
            return False
        for frame in dated.frames:
            watch.saw_slot(frame.slot)
        if dated.undatable:
            self._events.note(Code.READINGS_UNDATED, params={"count": dated.undatable})
        return True


async def keep_looking(watch: ClockWatch) -> None:
    """Look at the clock every second, so that a step or its end is seen even when no bus is polled."""
    while True:
        watch.trusted_now()
        await asyncio.sleep(LOOK_EVERY_S)
