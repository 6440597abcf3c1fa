"""The engine as it runs in its process: opens the stores, applies the plant, answers, and ends whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from wattledger.archive import Archive, EmbeddedArchive
from wattledger.catalog import CatalogFolder
from wattledger.engine.answers import EngineAnswers, EngineParts
from wattledger.engine.applied import AppliedPlant
from wattledger.engine.clock import Clock, ClockChange, ClockWatch, SystemClock
from wattledger.engine.control import control_server
from wattledger.engine.dating import HeldReadings, keep_looking
from wattledger.engine.events import EngineEvents
from wattledger.engine.forgetting import Forgetting
from wattledger.engine.holding import HoldingQueue
from wattledger.engine.lag import LoopLag
from wattledger.engine.live import LiveTable
from wattledger.engine.local_io import LocalIo
from wattledger.engine.plant_keeping import PlantKeeper, PlantSource
from wattledger.engine.polling import Surroundings
from wattledger.engine.recording import Recorder
from wattledger.engine.tasks import running_tasks
from wattledger.engine.upkeep import Upkeep
from wattledger.fieldbus import Board
from wattledger.journal import Code, Journal
from wattledger.plant import DataFolder
from wattledger.vault import Vault

log = logging.getLogger(__name__)

HEARTBEAT_EVERY_S = 1.0
FLUSH_S = 5.0  # a clean stop waits this long for the card


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where the engine keeps its things, what inputs and outputs its computer has (None: none), and its clock."""

    folder: DataFolder
    clock: Clock = field(default_factory=SystemClock)
    board: Board | None = None


async def run_engine(
    settings: EngineSettings, *, plants: PlantSource, heartbeat: Callable[[], None], stop: asyncio.Event
) -> None:
    """Acquire and record until `stop` is set; then write what waits and close.

    `heartbeat` is called every second by the event loop itself, so that a loop that hangs is noticed.
    Raises ArchiveError when the archive cannot be opened at all.
    """
    folder, clock = settings.folder, settings.clock
    archive = await asyncio.to_thread(EmbeddedArchive.open, folder.archive)
    events = EngineEvents(Journal(folder.journal))
    try:
        for file in archive.set_aside:
            events.note(Code.ARCHIVE_SET_ASIDE, params={"file": file.name})
        local = LocalIo(settings.board, folder.pulse_counts, boot=clock.boot, events=events)
        try:
            await local.start()
            await _acquire(folder, clock, archive, events, local, plants=plants, heartbeat=heartbeat, stop=stop)
        finally:
            await local.close()
    finally:
        await asyncio.to_thread(archive.close)
        await asyncio.to_thread(events.close)


async def _acquire(
    folder: DataFolder,
    clock: Clock,
    archive: Archive,
    events: EngineEvents,
    local: LocalIo,
    *,
    plants: PlantSource,
    heartbeat: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    queue = HoldingQueue()
    held = HeldReadings(archive, clock, queue, events=events, before_writing=local.keep_counts_of)

    def clock_changed(change: ClockChange) -> None:
        if change.step_s:
            events.note(Code.CLOCK_JUMPED, params={"seconds": round(change.step_s)})
            for poller in applied.pollers():
                poller.restart_slots()
        held.judged(change.after)

    highest_slot = await asyncio.wrap_future(archive.highest_slot())
    watch = ClockWatch(clock, highest_slot=highest_slot, on_change=clock_changed)
    recorder = Recorder(
        archive,
        events=events,
        before_writing=local.keep_counts_of,
        on_recorded=lambda frame: watch.saw_slot(frame.slot),
    )
    live, lag = LiveTable(clock), LoopLag(clock)
    async with running_tasks() as tasks:
        around = Surroundings(clock, watch, live, recorder, queue, events)
        applied = AppliedPlant(tasks, CatalogFolder(folder.profiles), Vault(folder.vault_key), around, local=local)
        upkeep = Upkeep(
            archive, now=watch.trusted_now, zone=lambda: applied.zone if applied.plant else None, events=events
        )
        keeper = PlantKeeper(plants, folder.last_plant, applied, forgetting=Forgetting(archive), events=events)

        parts = EngineParts(
            archive, clock, watch, live, recorder, lag, held, applied, local, keeper, started=clock.now()
        )
        held.judged(watch.verdict)
        async with control_server(folder.engine_socket, EngineAnswers(parts).table(), live):
            tasks.start(_beat(heartbeat), name="heartbeat")
            tasks.start(lag.run(), name="loop lag")
            tasks.start(recorder.run(), name="recorder")
            tasks.start(events.keep_flushing(), name="events")
            await keeper.start()
            tasks.start(keeper.watch(), name="configuration")
            tasks.start(held.run(applied, watch), name="held readings")
            tasks.start(keep_looking(watch), name="clock")
            tasks.start(local.keep_counts(), name="pulse counts")
            tasks.start(local.lamps.keep_lit(applied.on_lines), name="lamps")
            tasks.start(upkeep.run(), name="upkeep of the archive")
            await stop.wait()
        await applied.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                await recorder.flush()


async def _beat(heartbeat: Callable[[], None]) -> None:
    while True:
        heartbeat()
        await asyncio.sleep(HEARTBEAT_EVERY_S)
