"""A plant of one ECR380D and a clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from wattledger.catalog import Catalog, DeviceMap, device_map, load_catalog
from wattledger.measure import Aggregate
from wattledger.plant import Circuit, Device, Plant, Series, TcpBus

PRODUCT = "ECR380D"


@dataclass
class HandClock:
    """A clock that moves when told to: `pass_` as time does, `step` as a hand or a daemon does."""

    wall: datetime = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
    seconds: float = 1000.0
    is_synchronised: bool = False
    boot: str = "boot-1"
    log: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def synchronised(self) -> bool:
        return self.is_synchronised

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def step(self, by: timedelta) -> None:
        self.wall += by


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def ecr380d(catalog: Catalog) -> DeviceMap:
    profile = catalog.profile("hager-ecr")
    return device_map(profile, profile.product(PRODUCT))


@pytest.fixture(scope="session")
def plant() -> Plant:
    """One meter whose energy, power (with mean and maximum) and frequency are recorded."""
    wanted = (
        ("active_energy", "import", "total", Aggregate.LAST),
        ("active_power", None, "total", Aggregate.LAST),
        ("active_power", None, "total", Aggregate.MEAN),
        ("active_power", None, "total", Aggregate.MAX),
        ("frequency", None, None, Aggregate.LAST),
    )
    return Plant(
        revision=1,
        server=UUID(int=1),
        zone="Europe/Paris",
        buses=(TcpBus(1, "Board", "127.0.0.1", 502, timeout_s=0.25, retries=1),),
        devices=(Device(1, "Main meter", 1, 1, "hager-ecr", PRODUCT),),
        circuits=(Circuit(1, "Main", 1),),
        series=tuple(
            Series(number, UUID(int=number), 1, quantity, direction, phase, 0, aggregate, decimals=0)
            for number, (quantity, direction, phase, aggregate) in enumerate(wanted, start=1)
        ),
    )
