"""Which plant is applied: the current configuration, or the last one that could be read."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Protocol

from wattledger.engine.api import Refusal
from wattledger.engine.applied import AppliedPlant
from wattledger.engine.events import EngineEvents
from wattledger.engine.forgetting import Forgetting
from wattledger.journal import Code
from wattledger.plant import Plant, PlantError, from_bytes, to_bytes

log = logging.getLogger(__name__)

KEY = "configuration"
LOOK_EVERY_S = 10.0  # a saved change is told at once; this finds what nobody could tell, as while the engine started


class PlantSource(Protocol):
    """Where the configuration comes from. Both calls block and raise PlantError when it cannot be read."""

    def revision(self) -> int:
        """The revision of the saved configuration."""

    def load(self) -> Plant:
        """The saved configuration, whole."""


class PlantKeeper:
    """Applies each new revision, and keeps a copy of it beside the archive.

    `configuration` says which plant runs: current, last_good or none; `error` why the current one could not be read.
    """

    def __init__(
        self, source: PlantSource, kept: Path, applied: AppliedPlant, *, forgetting: Forgetting, events: EngineEvents
    ) -> None:
        self._source = source
        self._kept = kept
        self._applied = applied
        self._forgetting = forgetting
        self._events = events
        self._one_at_a_time = asyncio.Lock()
        self._told: frozenset[Refusal] = frozenset()
        self.configuration = "none"
        self.error = ""

    async def start(self) -> None:
        """Apply the saved configuration, or the kept plant where that cannot be read."""
        if not await self.reload():
            await self._apply_kept()

    async def reload(self, *, at_least: int = 0) -> bool:
        """Apply the saved configuration; False, and all goes on as it is, when it cannot be read.

        Does nothing where a revision of `at_least` that is above 0 runs already.
        """
        async with self._one_at_a_time:
            if at_least and self.configuration == "current" and self._revision >= at_least:
                return True
            try:
                plant = await asyncio.to_thread(self._source.load)
            except PlantError as error:
                self._unreadable(error)
                return False
            await self._applied.apply(plant)
            await self._forgetting.settle(plant)
            await asyncio.to_thread(self._keep, plant)
            self._readable()
            self._tell_refusals()
            return True

    async def watch(self) -> None:
        """Look for a new revision, and for profiles that somebody put into the folder, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                revision = await asyncio.to_thread(self._source.revision)
            except PlantError as error:
                self._unreadable(error)
                continue
            is_outdated = revision != self._revision or await asyncio.to_thread(self._applied.has_old_profiles)
            if self.configuration != "current" or is_outdated:
                await self.reload()
            else:
                self._readable()
                await self._forget_what_is_left()

    @property
    def _revision(self) -> int:
        return self._applied.plant.revision if self._applied.plant else -1

    async def _forget_what_is_left(self) -> None:
        if self._applied.plant is not None:
            await self._forgetting.settle(self._applied.plant)

    async def _apply_kept(self) -> None:
        try:
            plant = from_bytes(await asyncio.to_thread(self._kept.read_bytes))
        except FileNotFoundError:
            return
        except (OSError, PlantError) as error:
            log.error("the kept plant cannot be used either: %s", error)
            return
        await self._applied.apply(plant)
        await self._forgetting.settle(plant)
        self.configuration = "last_good"

    def _keep(self, plant: Plant) -> None:
        """Written beside and renamed, so that there is a whole one at every moment; a full card keeps the old one."""
        beside = self._kept.with_suffix(".new")
        try:
            with beside.open("wb") as file:
                file.write(to_bytes(plant))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._kept)
        except OSError as error:
            log.error("the plant could not be kept beside the archive: %s", error)

    def _unreadable(self, error: PlantError) -> None:
        if not self.error:
            self._events.begin(Code.CONFIGURATION_UNREADABLE, KEY, params={"reason": str(error)})
        self.error = str(error)

    def _readable(self) -> None:
        if self.error or self.configuration != "current":
            self._events.end(Code.CONFIGURATION_UNREADABLE, KEY)
        self.configuration, self.error = "current", ""

    def _tell_refusals(self) -> None:
        refusals = frozenset(self._applied.refusals)
        for refusal in refusals - self._told:
            part = f"{refusal.kind} {refusal.id}"
            self._events.note(Code.CONFIGURATION_REFUSED, params={"part": part, "reason": refusal.reason})
        self._told = refusals
