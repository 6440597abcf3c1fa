"""A plant made ready for acquisition: what fits is read, what does not is refused by itself."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from wattledger.catalog import Catalog, DeviceMap, PollClass
from wattledger.engine.acquisition import POLL_PERIOD_S
from wattledger.engine.api import LiveQuality
from wattledger.engine.assembly import assemble
from wattledger.engine.clock import Clock
from wattledger.engine.live import LiveTable
from wattledger.measure import Aggregate, Kind
from wattledger.plant import Circuit, Installation, Parity, Plant, RecordingInterval, RtuBus, Series

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_same_plant_gives_equal_setups_so_that_nothing_is_disturbed(plant: Plant, catalog: Catalog) -> None:
    assert assemble(plant, catalog) == assemble(replace(plant, revision=2), catalog)


@pytest.mark.parametrize("unit_id", [0, 248])
def test_a_unit_that_no_serial_line_has_is_refused_and_its_neighbours_are_read(
    plant: Plant, catalog: Catalog, unit_id: int
) -> None:
    line = RtuBus(1, "Cellar", "/dev/ttyUSB0", 19200, Parity.EVEN, None, timeout_s=0.25, retries=1)
    wrong = replace(plant.devices[0], id=2, unit_id=unit_id)
    on_tcp = replace(plant, devices=(*plant.devices, wrong))

    assert assemble(on_tcp, catalog).refusals == ()
    assembly = assemble(replace(on_tcp, buses=(line,)), catalog)

    assert [(refusal.kind, refusal.id) for refusal in assembly.refusals] == [("device", 2)]
    assert "1 to 247" in assembly.refusals[0].reason
    assert [setup.device.id for setup in assembly.buses[0].devices] == [1]


def test_a_device_on_a_bus_that_is_not_there_is_refused(plant: Plant, catalog: Catalog) -> None:
    assembly = assemble(replace(plant, buses=()), catalog)

    assert [(refusal.kind, refusal.id) for refusal in assembly.refusals] == [("device", 1)]


def test_a_series_that_the_product_does_not_measure_is_refused_alone(plant: Plant, catalog: Catalog) -> None:
    odd = Series(99, UUID(int=99), 1, "water_volume", None, None, 0, Aggregate.LAST, decimals=3)
    wrong = Series(98, UUID(int=98), 1, "no_such_quantity", None, None, 0, Aggregate.LAST, decimals=0)

    assembly = assemble(replace(plant, series=(*plant.series, odd, wrong)), catalog)

    assert {(refusal.kind, refusal.id) for refusal in assembly.refusals} == {("series", 99), ("series", 98)}
    assert assembly.buses == assemble(plant, catalog).buses


def test_a_device_of_an_unknown_profile_is_refused_and_its_neighbours_are_read(plant: Plant, catalog: Catalog) -> None:
    strange = replace(plant.devices[0], id=2, unit_id=2, profile="nobody")

    assembly = assemble(replace(plant, devices=(*plant.devices, strange)), catalog)

    assert [refusal.id for refusal in assembly.refusals] == [2]
    assert [setup.device.id for setup in assembly.buses[0].devices] == [1]


def test_a_disabled_device_is_not_read(plant: Plant, catalog: Catalog) -> None:
    disabled = replace(plant.devices[0], enabled=False)

    assembly = assemble(replace(plant, devices=(disabled,)), catalog)

    assert assembly.buses[0].devices == ()
    assert assembly.refusals == ()


def test_each_kind_of_measurement_has_its_own_interval(plant: Plant, catalog: Catalog) -> None:
    chosen = replace(plant, intervals=(RecordingInterval(Kind.POWER, 15),))

    groups = assemble(chosen, catalog).buses[0].devices[0].groups

    assert {(group.minutes, group.energies) for group in groups} == {(15, False), (5, True), (10, False)}


def test_a_three_channel_meter_fills_the_circuit_of_each_channel(plant: Plant, catalog: Catalog) -> None:
    meter = replace(plant.devices[0], product="ECR180T")
    circuits = tuple(Circuit(number, f"M{number}", 1, channel=number) for number in (1, 2, 3))
    series = tuple(
        Series(number, UUID(int=number), number, "active_energy", "import", "total", 0, Aggregate.LAST, decimals=0)
        for number in (1, 2, 3)
    )

    assembly = assemble(replace(plant, devices=(meter,), circuits=circuits, series=series), catalog)

    members = assembly.buses[0].devices[0].groups[0].members
    assert [(member.series, member.point.channel) for member in members] == [(1, 1), (2, 2), (3, 3)]
    assert assembly.refusals == ()


def test_a_ratio_that_the_meter_does_not_know_multiplies_power_and_energy_but_no_voltage(
    plant: Plant, catalog: Catalog, ecr380d: DeviceMap
) -> None:
    meter = replace(plant.devices[0], installations=(Installation(1, SINCE, ratio=40.0),))

    setup = assemble(replace(plant, devices=(meter,)), catalog).buses[0].devices[0]

    factors = {name: setup.factor(point) for name in FACTORS if (point := ecr380d.point(name))}
    assert factors == FACTORS


FACTORS = {
    "active_energy.import.total": 40.0,
    "active_power.total": 40.0,
    "current.l1": 40.0,
    "voltage.l1-n": 1.0,
    "frequency": 1.0,
    "power_factor.total": 1.0,
}


class Moving(Clock):
    """A clock for the age of live values."""

    seconds = 100.0

    def now(self) -> datetime:
        return SINCE

    def monotonic(self) -> float:
        return self.seconds


def test_a_live_value_grows_old_and_a_missing_one_is_no_zero(
    plant: Plant, catalog: Catalog, ecr380d: DeviceMap
) -> None:
    clock = Moving()
    table = LiveTable(clock)
    setup = assemble(plant, catalog).buses[0].devices[0]
    power, missing = ecr380d.point("active_power.total"), ecr380d.point("current.l1")
    assert power is not None
    assert missing is not None
    table.put(setup, {power: 1200.0, missing: None}, read_s=clock.seconds, periods=POLL_PERIOD_S)

    fresh = {value.point: (value.value, value.quality) for value in table.values()}
    clock.seconds += 3 * POLL_PERIOD_S[PollClass.FAST] + 0.1
    old = {value.quality for value in table.values()}
    table.keep_only({})

    assert fresh == {
        "active_power.total": (1200.0, LiveQuality.GOOD),
        "current.l1": (None, LiveQuality.NOT_AVAILABLE),
    }
    assert old == {LiveQuality.STALE}
    assert table.values() == ()
