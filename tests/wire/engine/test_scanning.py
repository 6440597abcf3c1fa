"""Steps of a scan beside the reading of a bus: who is found, who is spared, and that slots come first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from wattledger.engine.api import DeviceCondition, EngineRefusedError, LineSettings, ScanCertainty, ScanRequest
from wattledger.plant import Device, Parity, Plant, RtuBus

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SLOWER = LineSettings(9600, Parity.NONE)


@pytest.fixture
def line(make_plant: Callable[..., Plant], serial_line: Any) -> Plant:
    bus = RtuBus(1, "Cellar", serial_line.device_file, 115200, Parity.EVEN, None, timeout_s=0.25, retries=1)
    return replace(make_plant(0), buses=(bus,))


def step(*unit_ids: int, bus: int = 1, settings: LineSettings | None = None) -> ScanRequest:
    return ScanRequest(bus, unit_ids, settings, "test")


async def test_a_step_finds_the_meter_behind_a_gateway_and_knows_it_as_configured(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, ecr380d: Any
) -> None:
    async with start(folder, clock, make_plants(make_plant(ecr380d.port))) as running:
        await running.applied()
        scanned = await running.ask(running.client.scan, step(1, 2, 255))

    [found] = scanned.found
    assert (scanned.asked, scanned.spared) == (3, ())
    assert (found.unit_id, found.device, found.certainty, found.garbled) == (1, 1, ScanCertainty.SURE, "")
    assert [(one.profile, one.product) for one in found.proposals] == [("hager-ecr", "ECR380D")]
    assert found.said["serial"] == "3426010001"


async def test_a_device_that_answers_is_spared_at_other_settings_and_a_silent_one_is_asked(
    folder: Any, clock: Any, start: Any, line: Plant, make_plants: Any
) -> None:
    silent = Device(2, "Attic", 1, 2, "hager-ecr", "ECR380D")
    plant = replace(line, devices=(*line.devices, silent))
    async with start(folder, clock, make_plants(plant)) as running:
        await running.until(lambda: _conditions(running) == [DeviceCondition.ANSWERING, DeviceCondition.SILENT])
        usual = await running.ask(running.client.scan, step(1, 2, settings=LineSettings(115200, Parity.EVEN)))
        elsewhere = await running.ask(running.client.scan, step(1, 2, 3, settings=SLOWER))
        after = await running.ask(running.client.scan, step(1))

    assert [(one.unit_id, one.device) for one in usual.found] == [(1, 1)]
    assert (usual.asked, usual.spared) == (2, ())
    assert (elsewhere.asked, elsewhere.spared, elsewhere.found) == (3, (1,), ())
    assert [one.unit_id for one in after.found] == [1]


async def test_a_slot_is_recorded_at_its_time_while_a_line_is_scanned(
    folder: Any, clock: Any, start: Any, line: Plant, make_plants: Any
) -> None:
    async with start(folder, clock, make_plants(line)) as running:
        await running.applied()
        steps = 0
        while not running.readings(1):
            scanned = await running.ask(running.client.scan, step(*range(2, 248), settings=SLOWER))
            assert scanned.asked < 246
            steps += 1
        energy = running.readings(1)
        events = running.events("device_silent")

    assert [slot for slot, _ in energy] == [NOON]
    assert steps
    assert events == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (step(1, bus=7), "unknown_bus"),
        (step(256), "unknown_unit"),
        (step(1, settings=SLOWER), "no_line"),
        (step(1), "unreachable"),
    ],
)
async def test_what_cannot_be_scanned_is_refused(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, ecr380d: Any, asked: Any, code: str
) -> None:
    ecr380d.stop()
    async with start(folder, clock, make_plants(make_plant(ecr380d.port))) as running:
        await running.applied()
        with pytest.raises(EngineRefusedError) as refused:
            await running.ask(running.client.scan, asked)

    assert refused.value.code == code


async def test_settings_that_no_line_has_are_refused(
    folder: Any, clock: Any, start: Any, line: Plant, make_plants: Any
) -> None:
    async with start(folder, clock, make_plants(line)) as running:
        await running.applied()
        with pytest.raises(EngineRefusedError, match="speed 300"):
            await running.ask(running.client.scan, step(1, settings=LineSettings(300, Parity.EVEN)))


def _conditions(running: Any) -> list[DeviceCondition]:
    return [state.condition for state in running.client.state().devices]
