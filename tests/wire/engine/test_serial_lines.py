"""The engine with a meter on a serial line: slots, identification, and an adapter that is pulled out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from wattledger.engine.api import DeviceCondition, IdentifyOutcome, IdentifyRequest
from wattledger.fieldbus import load_board
from wattledger.plant import Parity, Plant, RtuBus

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ENERGY = 1


@pytest.fixture
def plant(make_plant: Callable[..., Plant], serial_line: Any) -> Plant:
    bus = RtuBus(1, "Cellar", serial_line.device_file, 115200, Parity.EVEN, None, timeout_s=0.25, retries=1)
    return replace(make_plant(0), buses=(bus,))


@pytest.fixture
def engine(folder: Any, clock: Any, start: Any, plant: Plant, make_plants: Any) -> Callable[[], Any]:
    """Call it for an engine that reads the meter on the line."""
    return lambda: start(folder, clock, make_plants(plant))


async def test_a_slot_is_recorded_over_a_serial_line(engine: Any, ecr380d: Any) -> None:
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB060 4711")

    async with engine() as running:
        energy = await running.until(lambda: running.readings(ENERGY))
        traffic = await running.ask(running.client.statistics)
        frames = await running.ask(running.client.frames, 1)

    sent = next(frame for frame in frames if frame.happening == "request")
    assert (sent.direction, sent.unit_id, sent.device) == ("sent", 1, 1)
    assert len(bytes.fromhex(sent.hex)) == 8  # unit, function, address, count, check
    assert energy == [(NOON, 4_711_000.0)]
    assert [(row.bus, row.device) for row in traffic] == [(1, None), (1, 1)]
    assert (traffic[0].connections, traffic[0].rejected) == (1, 0)


async def test_a_changed_line_is_opened_anew(engine: Any, plant: Plant) -> None:
    async with engine() as running:
        await running.until(running.client.live)
        slower = replace(plant.buses[0], baudrate=19200)
        running.plants.plant = replace(plant, revision=2, buses=(slower,))
        await running.ask(running.client.reload, 2, "test")
        bus = await running.until(lambda: _answered(running.client.statistics()[0]))
        state = await running.ask(running.client.state)

    assert (state.revision, state.refused) == (2, ())
    assert bus.connections == 1


async def test_the_lamp_of_the_field_bus_shows_how_the_line_does(
    folder: Any, clock: Any, start: Any, plant: Plant, make_plants: Any, make_board: Any, serial_line: Any
) -> None:
    files = make_board("L")
    green, red = "class/leds/modbus:green", "class/leds/modbus:red"

    async with start(folder, clock, make_plants(plant), board=load_board(files.file)) as running:
        await running.until(lambda: files.read(f"{green}/trigger") == "timer")
        serial_line.unplug()
        await running.until(lambda: files.read(f"{red}/brightness") == "255")
        lamps = (await running.ask(running.client.io)).lamps

    assert lamps == {"modbus": "red", "power": "green"}
    assert files.read(f"{green}/trigger") == "none"
    assert [files.read(f"{color}/brightness") for color in (green, red)] == ["0", "0"]  # nothing works any more


async def test_an_adapter_that_is_pulled_out_is_told_with_its_device_file_and_comes_back(
    engine: Any, serial_line: Any
) -> None:
    async with engine() as running:
        await running.until(lambda: _condition(running) is DeviceCondition.ANSWERING)
        serial_line.unplug()
        await running.until(lambda: _condition(running) is DeviceCondition.UNREACHABLE)
        told = await running.until(lambda: running.events("device_unreachable"))
        serial_line.plug()
        await running.until(lambda: _condition(running) is DeviceCondition.ANSWERING)
        ended = await running.until(lambda: [e for e in running.events("device_unreachable") if not e.is_standing])

    assert len(told) == len(ended) == 1
    assert told[0].params == {"device": "Main meter", "host": serial_line.device_file}


async def test_identification_tells_a_silent_meter_from_a_missing_adapter(
    engine: Any, serial_line: Any, ecr380d: Any
) -> None:
    question = IdentifyRequest(1, 1, "hager-ecr", "ECR380D", "test")

    async with engine() as running:
        await running.until(running.client.live)
        right = await running.ask(running.client.identify, question)
        ecr380d.tell("silent on")
        silent = await running.ask(running.client.identify, question)
        serial_line.unplug()
        missing = await running.ask(running.client.identify, question)

    assert (right.outcome, right.found["product"]) == (IdentifyOutcome.MATCH, "ECR380D")
    assert (silent.outcome, silent.advice) == (IdentifyOutcome.NO_ANSWER, "check_unit")
    assert (missing.outcome, missing.advice) == (IdentifyOutcome.NO_ANSWER, "check_adapter")


async def test_two_meters_with_one_address_give_no_values_until_each_has_its_own(engine: Any, serial_line: Any) -> None:
    serial_line.twin_s = 0.03

    async with engine() as running:
        await running.until(lambda: _condition(running) is DeviceCondition.REFUSING)
        told = await running.until(lambda: running.events("device_refusing"))
        found = await running.ask(running.client.identify, IdentifyRequest(1, 1, "hager-ecr", "ECR380D", "test"))
        live = await running.ask(running.client.live)
        serial_line.twin_s = 0.0
        await running.until(lambda: _condition(running) is DeviceCondition.ANSWERING)
        ended = await running.until(lambda: [e for e in running.events("device_refusing") if not e.is_standing])

    assert "two devices answer at address 1" in told[0].params["reason"]
    assert (found.outcome, found.advice) == (IdentifyOutcome.REFUSED, "check_double_address")
    assert not [value for value in live if value.value is not None]
    assert len(ended) == 1


def _answered(row: Any) -> Any:
    return row if row.answers else None


def _condition(running: Any) -> DeviceCondition:
    [state] = running.client.state().devices
    return DeviceCondition(state.condition)
