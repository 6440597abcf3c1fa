"""The kept plant reads back as the very plant, and nothing else passes for one."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from wattledger.measure import Aggregate, Kind
from wattledger.plant import (
    Assignment,
    Circuit,
    ClientIdentity,
    Device,
    Installation,
    Parity,
    Plant,
    PlantError,
    RecordingInterval,
    RtuBus,
    Series,
    TcpBus,
    TlsSetup,
    TlsVersion,
    from_bytes,
    to_bytes,
)

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
PLANT = Plant(
    revision=7,
    server=UUID(int=1),
    zone="Europe/Paris",
    buses=(
        TcpBus(1, "Main board", "192.0.2.7", 502, timeout_s=0.25, retries=2),
        TcpBus(3, "Roof", "192.0.2.8", 802, timeout_s=1, retries=1, tls=TlsSetup(ClientIdentity("PEM", "v1.0.AA"))),
        TcpBus(
            4, "Yard", "192.0.2.9", 802, timeout_s=1, retries=1, tls=TlsSetup(None, TlsVersion.V1_1, is_legacy=True)
        ),
        RtuBus(2, "Cellar", "/dev/ttyUSB0", 19200, Parity.EVEN, None, timeout_s=0.25, retries=1),
    ),
    devices=(Device(1, "Küche ½", 1, 5, "hager-ecr", "ECR380D", installations=(Installation(1, SINCE, serial="34"),)),),
    circuits=(Circuit(1, "Kitchen", 1, assignments=(Assignment(SINCE, zone=3, limit_a=63.0),)),),
    series=(Series(9, UUID(int=2), 1, "active_power", None, "total", 0, Aggregate.MEAN, decimals=0),),
    intervals=(RecordingInterval(Kind.VOLTAGE, 15),),
)


def test_a_kept_plant_reads_back_equal() -> None:
    assert from_bytes(to_bytes(PLANT)) == PLANT


def test_a_plant_that_was_kept_when_every_bus_was_tcp_still_reads() -> None:
    tcp_only = replace(PLANT, buses=PLANT.buses[:1])
    kept = to_bytes(tcp_only)
    without_kind = re.sub(rb',\s*"kind": "modbus-tcp"', b"", kept)

    assert without_kind != kept
    assert from_bytes(without_kind) == tcp_only


def test_a_plant_that_was_kept_when_every_connection_was_in_clear_still_reads() -> None:
    in_clear = replace(PLANT, buses=PLANT.buses[:1])
    kept = to_bytes(in_clear)
    without_tls = re.sub(rb',\s*"tls": null', b"", kept)

    assert without_tls != kept
    assert from_bytes(without_tls) == in_clear


def test_a_plant_that_was_kept_before_buses_had_manners_reads_with_the_cautious_ones() -> None:
    kept = to_bytes(PLANT)
    without_manners = re.sub(rb',\s*"(echo|in_flight)": \w+', b"", kept)

    assert (without_manners.count(b"echo"), without_manners.count(b"in_flight")) == (0, 0)
    assert from_bytes(without_manners) == PLANT


@pytest.mark.parametrize("kind", [b"modbus-rtu", b"bacnet"])
def test_a_bus_that_does_not_fit_its_kind_is_refused(kind: bytes) -> None:
    with pytest.raises(PlantError, match="damaged"):
        from_bytes(to_bytes(PLANT).replace(b"modbus-tcp", kind))


@pytest.mark.parametrize("cut", [0, 5, 30, -1, -20])
def test_a_cut_plant_is_refused(cut: int) -> None:
    with pytest.raises(PlantError, match="kept plant"):
        from_bytes(to_bytes(PLANT)[:cut])


def test_a_kind_without_a_chosen_interval_has_the_factorys() -> None:
    assert PLANT.interval_min(Kind.VOLTAGE) == 15
    assert PLANT.interval_min(Kind.ENERGY) == 5
    assert PLANT.interval_min(Kind.CURRENT) == 10
