"""The whole engine in a process of its own, as measurements run it: its plant never changes, its folder is empty."""

from __future__ import annotations

import asyncio
import cProfile
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from wattledger.engine.api import EngineClient, EngineUnreachableError
from wattledger.engine.service import EngineSettings, run_engine
from wattledger.plant import DataFolder, Plant

WITHIN_S = 30.0  # until a process answers, or ends


class ShiftedClock:
    """The computer's time, shifted so that the next slot comes when it suits."""

    boot = "bench"

    def __init__(self, *, slot_after_s: float) -> None:
        wanted = datetime(2026, 6, 1, 12, tzinfo=UTC) - timedelta(seconds=slot_after_s)
        self._shift = wanted - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        return True


@dataclass
class OnePlant:
    """A configuration that never changes."""

    plant: Plant

    def revision(self) -> int:
        return self.plant.revision

    def load(self) -> Plant:
        return self.plant


def data_folder(root: Path) -> DataFolder:
    """An empty one."""
    folder = DataFolder(root)
    for path in (folder.run, folder.archive, folder.profiles):
        path.mkdir(parents=True)
    return folder


@contextmanager
def running_engine(
    folder: DataFolder, plant: Plant, *, slot_after_s: float, profile: Path | None = None
) -> Iterator[tuple[int, EngineClient]]:
    """Its process id and a client, once it answers; the next slot comes `slot_after_s` after its start."""
    with forked(_be_engine, folder, plant, slot_after_s, profile) as pid:
        client = EngineClient(folder.engine_socket)
        _until_answering(client)
        yield pid, client


@contextmanager
def forked(main: Callable[..., None], *arguments: object) -> Iterator[int]:
    """The id of a process that runs `main` meanwhile."""
    process = multiprocessing.get_context("fork").Process(target=main, args=arguments)
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.terminate()
        process.join(WITHIN_S)
        process.kill()


def _be_engine(folder: DataFolder, plant: Plant, slot_after_s: float, profile: Path | None) -> None:
    """The process of the engine; ends when it is killed, or asked to by SIGTERM."""

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        settings = EngineSettings(folder, ShiftedClock(slot_after_s=slot_after_s))
        await run_engine(settings, plants=OnePlant(plant), heartbeat=lambda: None, stop=stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if profile is None:
            runner.run(run())
            return
        with cProfile.Profile() as profiler:
            runner.run(run())
        profiler.dump_stats(profile)


def _until_answering(client: EngineClient) -> None:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            client.state()
            return
        except EngineUnreachableError:
            time.sleep(0.1)
    raise TimeoutError("the engine does not answer")
