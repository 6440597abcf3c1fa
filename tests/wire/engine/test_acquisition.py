"""The engine with a meter on a real socket: slots, live values, changes of the plant, and what may go wrong."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wattledger.engine import gathering
from wattledger.engine.api import (
    DeviceCondition,
    EngineRefusedError,
    GivenPoint,
    GivenReadings,
    IdentifyOutcome,
    IdentifyRequest,
    LiveQuality,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ENERGY, POWER, POWER_MEAN, POWER_MAX = 1, 2, 3, 4


@pytest.fixture
def engine(folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, ecr380d: Any) -> Callable[[], Any]:
    """Call it for an engine that reads the simulated meter."""
    plants = make_plants(make_plant(ecr380d.port))
    return lambda: start(folder, clock, plants)


@pytest.fixture
def quick_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which slots follow each other faster than they do."""
    monkeypatch.setattr(gathering, "MOST_WAITING_S", gathering.QUIET_S)


async def test_the_slots_readings_are_what_the_meter_shows_and_come_once(engine: Any, ecr380d: Any) -> None:
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB060 4711")

    async with engine() as running:
        energy = await running.until(lambda: running.readings(ENERGY))
        power = await running.until(lambda: running.readings(POWER))
        live = {value.point: value for value in await running.ask(running.client.live)}
        await asyncio.sleep(0)
        again = running.readings(ENERGY)

    assert energy == again == [(NOON, 4_711_000.0)]
    assert power == [(NOON, live["active_power.total"].value)]


async def test_live_values_carry_unit_age_and_quality(engine: Any) -> None:
    async with engine() as running:
        await running.until(lambda: _shows(running, "voltage.l1-n"))
        live = {value.point: value for value in await running.ask(running.client.live, 1)}

    voltage = live["voltage.l1-n"]
    assert (voltage.unit, voltage.quality, voltage.circuit) == ("V", LiveQuality.GOOD, 1)
    assert 180 < voltage.value < 280
    assert 0 <= voltage.age_s < 10
    assert abs(voltage.time - running.clock.now()) < timedelta(seconds=30)


async def test_the_live_stream_gives_everything_first_and_then_what_changed(engine: Any) -> None:
    async with engine() as running:
        await running.until(lambda: _shows(running, "voltage.l1-n"))
        stream = running.client.live_stream()
        first = await anext(stream)
        second = await anext(stream)
        await stream.aclose()

    assert {value.point for value in second} <= {value.point for value in first}
    assert "active_power.total" in {value.point for value in second}


async def test_a_changed_plant_is_applied_and_the_connection_stays(engine: Any, ecr380d: Any, make_plant: Any) -> None:
    async with engine() as running:
        await running.until(running.client.live)
        running.plants.plant = make_plant(ecr380d.port, revision=2, name="Renamed")
        reloaded = await running.ask(running.client.reload, 2, "test")
        await running.until(running.client.live)
        state = await running.ask(running.client.state)
        bus = (await running.ask(running.client.statistics))[0]

    assert (reloaded.revision, state.revision, state.configuration) == (2, 2, "current")
    assert bus.connections == 1
    assert bus.timeouts == 0


async def test_a_device_that_does_not_fit_its_profile_is_refused_alone(
    engine: Any, ecr380d: Any, make_plant: Any
) -> None:
    plant = make_plant(ecr380d.port, revision=2)
    wrong = replace(plant.devices[0], id=2, name="Wrong", unit_id=2, product="ECR999X")

    async with engine() as running:
        running.plants.plant = replace(plant, devices=(*plant.devices, wrong))
        reloaded = await running.ask(running.client.reload, 2, "test")
        conditions = await running.until(lambda: _conditions(running, {1: DeviceCondition.ANSWERING}))

    assert [(refusal.kind, refusal.id) for refusal in reloaded.refused] == [("device", 2)]
    assert conditions[2] is DeviceCondition.UNUSABLE


async def test_a_silent_meter_is_told_once_and_recovers(engine: Any, ecr380d: Any) -> None:
    async with engine() as running:
        await running.until(lambda: _conditions(running, {1: DeviceCondition.ANSWERING}))
        ecr380d.tell("silent on")
        await running.until(lambda: _conditions(running, {1: DeviceCondition.SILENT}))
        standing = await running.until(lambda: running.events("device_silent"))
        ecr380d.tell("silent off")
        await running.until(lambda: _conditions(running, {1: DeviceCondition.ANSWERING}))
        ended = await running.until(lambda: [e for e in running.events("device_silent") if not e.is_standing])

    assert len(standing) == len(ended) == 1
    assert ended[0].params["device"] == "Main meter"


async def test_a_damaged_configuration_does_not_stop_recording(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, ecr380d: Any
) -> None:
    async with start(folder, clock, make_plants(make_plant(ecr380d.port))) as running:
        await running.until(running.client.live)
    damaged = make_plants(make_plant(ecr380d.port))
    damaged.damage = "config.sqlite3: file is not a database"

    async with start(folder, clock, damaged) as running:
        readings = await running.until(lambda: running.readings(ENERGY))
        state = await running.ask(running.client.state)
        told = await running.until(lambda: running.events("configuration_unreadable"))

    assert [slot for slot, _ in readings] == [NOON]
    assert (state.configuration, state.configuration_error) == ("last_good", damaged.damage)
    assert told[0].is_standing
    assert told[0].params == {"reason": damaged.damage}


async def test_identification_tells_the_right_device_from_another_and_from_none(engine: Any, ecr380d: Any) -> None:
    def identify(unit_id: int, product: str) -> IdentifyRequest:
        return IdentifyRequest(1, unit_id, "hager-ecr", product, "test")

    async with engine() as running:
        await running.until(running.client.live)
        right = await running.ask(running.client.identify, identify(1, "ECR380D"))
        other = await running.ask(running.client.identify, identify(1, "ECR140D"))
        ecr380d.tell("silent on")
        silent = await running.ask(running.client.identify, identify(1, "ECR380D"))

    assert (right.outcome, right.found["product"]) == (IdentifyOutcome.MATCH, "ECR380D")
    assert other.outcome is IdentifyOutcome.OTHER_DEVICE
    assert silent.outcome is IdentifyOutcome.NO_ANSWER
    assert silent.advice != "none"


async def test_given_readings_fill_gaps_and_corrections_replace(engine: Any) -> None:
    def given(value: float, slot: datetime = NOON - timedelta(hours=1)) -> GivenReadings:
        return GivenReadings(ENERGY, (GivenPoint(slot, value),), "test")

    async with engine() as running:
        await running.until(running.client.live)
        filled = await running.ask(running.client.backfill, given(5.0))
        ignored = await running.ask(running.client.backfill, given(6.0))
        before = running.readings(ENERGY)[0]
        corrected = await running.ask(running.client.correct, given(7.0))
        after = running.readings(ENERGY)[0]
        with pytest.raises(EngineRefusedError) as future:
            await running.ask(running.client.backfill, given(8.0, NOON + timedelta(days=2)))

    assert (filled.count, ignored.count, corrected.count) == (1, 0, 1)
    assert (before[1], after[1]) == (5.0, 7.0)
    assert future.value.code == "future"


@pytest.mark.usefixtures("quick_commits")
async def test_a_step_back_of_an_hour_holds_the_readings_and_rewrites_nothing(engine: Any) -> None:
    async with engine() as running:
        before = await running.until(lambda: running.readings(ENERGY))
        running.clock.step(timedelta(hours=-1))
        await running.until(lambda: not running.client.state().clock.trusted)
        await running.until(lambda: running.client.state().clock.held_frames)
        told = await running.until(lambda: running.events("clock_untrusted"))
        during = running.readings(ENERGY)
        running.clock.step(timedelta(hours=1))
        await running.until(lambda: running.client.state().clock.trusted)
        await running.until(lambda: not running.client.state().clock.held_frames)
        after = running.readings(ENERGY)

    assert before == during == after
    assert told[0].params == {"reason": "behind"}


@pytest.mark.usefixtures("quick_commits")
async def test_a_step_forward_of_an_hour_is_told_and_recording_goes_on(engine: Any) -> None:
    async with engine() as running:
        await running.until(lambda: running.readings(ENERGY))
        running.clock.step(NOON + timedelta(hours=1) - timedelta(seconds=0.5) - running.clock.now())
        readings = await running.until(lambda: running.readings(ENERGY)[1:])
        told = await running.until(lambda: running.events("clock_jumped"))

    assert [slot for slot, _ in readings] == [NOON + timedelta(hours=1)]
    assert abs(told[0].params["seconds"] - 3600) < 30


@pytest.mark.usefixtures("quick_commits")
async def test_a_step_of_a_year_is_held_until_a_time_server_confirms_and_then_dated(engine: Any) -> None:
    year = timedelta(days=365)
    async with engine() as running:
        await running.until(lambda: running.readings(ENERGY))
        running.clock.step(NOON + year + timedelta(seconds=1) - running.clock.now())
        await running.until(lambda: running.client.state().clock.reason == "ahead")
        await running.until(lambda: running.client.state().clock.held_frames)
        held = running.readings(ENERGY)[1:]
        running.clock.is_synchronised = True
        readings = await running.until(lambda: running.readings(ENERGY)[1:])

    assert held == []
    assert [slot for slot, _ in readings] == [NOON + year]


def _shows(running: Any, point: str) -> bool:
    """Whether a point is live; one that is not recorded comes with all others, after those of a slot."""
    return point in {value.point for value in running.client.live()}


def _conditions(running: Any, wanted: dict[int, DeviceCondition]) -> dict[int, DeviceCondition] | None:
    """The conditions of all devices, once they hold what is wanted."""
    found = {device.device: device.condition for device in running.client.state().devices}
    return found if wanted.items() <= found.items() else None
