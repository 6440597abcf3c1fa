"""Keeps the archive small and quick beside everything else: little pieces of work, with pauses between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from wattledger.archive import Archive, ArchiveBusyError, ArchiveError, Tended
from wattledger.engine.events import EngineEvents
from wattledger.journal import Code

BETWEEN_PIECES_S = 0.04  # four times a piece: a fifth of one core while a month is drawn together
LOOK_EVERY_S = 60.0
KEY = "upkeep"


class Upkeep:
    """Tends the archive as long as the clock is trusted: by a clock that runs ahead, months would go too early."""

    def __init__(
        self,
        archive: Archive,
        *,
        now: Callable[[], datetime | None],
        zone: Callable[[], ZoneInfo | None],
        events: EngineEvents,
    ) -> None:
        """`now` gives None while the clock is in doubt, `zone` while no plant is applied."""
        self._archive = archive
        self._now = now
        self._zone = zone
        self._events = events
        self._is_failing: bool | None = None  # None: what stands from before the start is not known

    async def run(self) -> None:
        """Tend until cancelled; what cannot be done now is tried again."""
        while True:
            more = await self.piece()
            await asyncio.sleep(BETWEEN_PIECES_S if more else LOOK_EVERY_S)

    async def piece(self) -> bool:
        """Do one piece of work; True where more is due."""
        now, zone = self._now(), self._zone()
        if now is None or zone is None:
            return False
        try:
            tended = await asyncio.wrap_future(self._archive.tend(now=now, zone=zone))
        except ArchiveBusyError:
            return True  # the card is slow, recording comes first
        except ArchiveError as error:
            self._failing(str(error))
            return False
        self._tell(tended)
        return tended.more

    def _tell(self, tended: Tended) -> None:
        if self._is_failing is not False and not tended.more:
            self._is_failing = False
            self._events.end(Code.ARCHIVE_UPKEEP_FAILED, KEY)
        if tended.dropped:
            self._events.note(Code.ARCHIVE_MONTH_DROPPED, params={"month": tended.dropped})
        for file in tended.set_aside:
            self._events.note(Code.ARCHIVE_SET_ASIDE, params={"file": file})

    def _failing(self, reason: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._events.begin(Code.ARCHIVE_UPKEEP_FAILED, KEY, params={"reason": reason})
