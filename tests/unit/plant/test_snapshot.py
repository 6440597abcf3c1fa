"""The kept plant reads back as the very plant, and nothing else passes for one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from wattledger.measure import Aggregate, Kind
from wattledger.plant import (
    Assignment,
    Circuit,
    Device,
    Installation,
    Plant,
    PlantError,
    RecordingInterval,
    Series,
    TcpBus,
    from_bytes,
    to_bytes,
)

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
PLANT = Plant(
    revision=7,
    server=UUID(int=1),
    zone="Europe/Paris",
    buses=(TcpBus(1, "Main board", "192.0.2.7", 502, timeout_s=0.25, retries=2),),
    devices=(Device(1, "Küche ½", 1, 5, "hager-ecr", "ECR380D", installations=(Installation(1, SINCE, serial="34"),)),),
    circuits=(Circuit(1, "Kitchen", 1, assignments=(Assignment(SINCE, zone=3, limit_a=63.0),)),),
    series=(Series(9, UUID(int=2), 1, "active_power", None, "total", 0, Aggregate.MEAN, decimals=0),),
    intervals=(RecordingInterval(Kind.VOLTAGE, 15),),
)


def test_a_kept_plant_reads_back_equal() -> None:
    assert from_bytes(to_bytes(PLANT)) == PLANT


@pytest.mark.parametrize("cut", [0, 5, 30, -1, -20])
def test_a_cut_plant_is_refused(cut: int) -> None:
    with pytest.raises(PlantError, match="kept plant"):
        from_bytes(to_bytes(PLANT)[:cut])


def test_a_kind_without_a_chosen_interval_has_the_factorys() -> None:
    assert PLANT.interval_min(Kind.VOLTAGE) == 15
    assert PLANT.interval_min(Kind.ENERGY) == 5
    assert PLANT.interval_min(Kind.CURRENT) == 10
