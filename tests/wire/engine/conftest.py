"""A running engine: real archive, journal and socket, a simulated meter, and a clock that tests shift."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from wattledger.archive import EmbeddedReader
from wattledger.engine.api import EngineClient, EngineUnreachableError
from wattledger.engine.service import EngineSettings, run_engine
from wattledger.fieldbus import Board
from wattledger.journal import Event, Journal
from wattledger.measure import Aggregate
from wattledger.plant import Circuit, DataFolder, Device, Plant, PlantError, Series, TcpBus

RECORDED = (
    ("active_energy", "import", "total", Aggregate.LAST),
    ("active_power", None, "total", Aggregate.LAST),
    ("active_power", None, "total", Aggregate.MEAN),
    ("active_power", None, "total", Aggregate.MAX),
)
WITHIN_S = 15.0


class ShiftedClock:
    """The computer's own time, shifted by as much as a test likes."""

    def __init__(self, wall: datetime) -> None:
        self.boot = "boot-1"
        self.is_synchronised = False
        self._shift = wall - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        return self.is_synchronised

    def step(self, by: timedelta) -> None:
        self._shift += by


@dataclass
class Plants:
    """Where the engine loads its plant from; damaged when a test says so."""

    plant: Plant
    damage: str = ""

    def revision(self) -> int:
        return self.load().revision

    def load(self) -> Plant:
        if self.damage:
            raise PlantError(self.damage)
        return self.plant


@dataclass
class Running:
    """A running engine and what one can ask of it."""

    folder: DataFolder
    clock: ShiftedClock
    plants: Plants
    client: EngineClient
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, question: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(question, *args)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until a question, asked again and again, is answered with something; gives the answer."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            answer = await asyncio.to_thread(holds)
            if answer:
                return answer
            assert time.monotonic() < deadline, f"{holds} never held"
            await asyncio.sleep(0.02)

    async def applied(self) -> None:
        """Wait until the engine has its plant; it answers before."""
        await self.until(lambda: self.client.state().revision)

    def readings(self, series: int) -> list[tuple[datetime, float]]:
        with EmbeddedReader.open(self.folder.archive) as reader:
            first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
            columns = reader.read([series], first, last)[series]
        return [
            (datetime.fromtimestamp(slot, UTC), value)
            for slot, value in zip(columns.slots.tolist(), columns.values.tolist(), strict=True)
        ]

    def events(self, code: str) -> list[Event]:
        with Journal(self.folder.journal) as journal:
            return list(journal.events(codes=[code]).events)


def plant_of(port: int, *, revision: int = 1, name: str = "Main meter") -> Plant:
    return Plant(
        revision=revision,
        server=UUID(int=1),
        zone="Europe/Paris",
        buses=(TcpBus(1, "Board", "127.0.0.1", port, timeout_s=0.25, retries=1),),
        devices=(Device(1, name, 1, 1, "hager-ecr", "ECR380D"),),
        circuits=(Circuit(1, "Main", 1),),
        series=tuple(
            Series(number, UUID(int=number), 1, quantity, direction, phase, 0, aggregate, decimals=0)
            for number, (quantity, direction, phase, aggregate) in enumerate(RECORDED, start=1)
        ),
    )


@asynccontextmanager
async def engine_on(
    folder: DataFolder, clock: ShiftedClock, plants: Plants, *, board: Board | None = None
) -> AsyncIterator[Running]:
    running = Running(folder, clock, plants, EngineClient(folder.engine_socket))
    beats: list[float] = []
    task = asyncio.create_task(
        run_engine(
            EngineSettings(folder, clock, board),
            plants=plants,
            heartbeat=lambda: beats.append(time.monotonic()),
            stop=running.stop,
        )
    )
    try:
        await running.until(lambda: answers(running.client) or task.done())
        if task.done():
            task.result()
        yield running
        assert beats
    finally:
        running.stop.set()
        await asyncio.wait([task], timeout=WITHIN_S)
        task.result()


def answers(client: EngineClient) -> bool:
    try:
        client.state()
    except EngineUnreachableError:
        return False
    return True


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    # deeper than an AF_UNIX name may be long
    root = tmp_path / ("deep" * 20) / ("deeper" * 10)
    for path in (root, root / "run", root / "archive"):
        path.mkdir(parents=True, exist_ok=True)
    return DataFolder(root)


@pytest.fixture
def clock() -> ShiftedClock:
    """Half a second before a five-minute slot."""
    return ShiftedClock(datetime(2026, 6, 1, 11, 59, 59, 300_000, tzinfo=UTC))


@pytest.fixture
def start() -> Callable[[DataFolder, ShiftedClock, Plants], Any]:
    return engine_on


@pytest.fixture
def make_plant() -> Callable[..., Plant]:
    return plant_of


@pytest.fixture
def make_plants() -> Callable[[Plant], Plants]:
    return Plants
