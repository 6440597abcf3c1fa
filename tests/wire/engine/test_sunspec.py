"""An inverter and two meters behind it, at one address of a SunSpec device on libmodbus, read by a running engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sunspec_peer import Model, SunSpecPeer, chain, common, model
from wattledger.engine.api import DeviceCondition
from wattledger.measure import Aggregate
from wattledger.plant import Circuit, Device, Plant, Series

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INVERTER, FIRST, SECOND = 1, 2, 3
DEVICES = {
    INVERTER: ("sunspec-inverter", "Inverter 3~", "export"),
    FIRST: ("sunspec-meter", "Meter 3~", "import"),
    SECOND: ("sunspec-meter", "Meter 3~ (2)", "import"),
}


def solar(production_wh: int = 4000) -> Model:
    return model(103, 50, {14: 321, 15: 0, 24: ("u32", production_wh), 26: 0})


def meter(energy_wh: int, power_w: int = 0) -> Model:
    return model(203, 105, {18: power_w, 22: 0, 46: ("u32", energy_wh), 54: 0})


def of_three(plant: Plant) -> Plant:
    return replace(
        plant,
        devices=tuple(Device(n, f"D{n}", 1, 1, profile, ref) for n, (profile, ref, _) in DEVICES.items()),
        circuits=tuple(Circuit(n, f"C{n}", n) for n in DEVICES),
        series=tuple(
            Series(n, UUID(int=n), n, "active_energy", direction, "total", 0, Aggregate.LAST, decimals=0)
            for n, (_, _, direction) in DEVICES.items()
        ),
    )


def conditions(running: Any) -> dict[int, DeviceCondition]:
    return {state.device: DeviceCondition(state.condition) for state in running.client.state().devices}


def powers(running: Any) -> dict[int, float | None]:
    return {one.circuit: one.value for one in running.client.live() if one.point == "active_power.total"}


async def test_devices_that_share_an_address_are_recorded_each_by_itself(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, sunspec: SunSpecPeer
) -> None:
    sunspec.have(chain(common(), solar(), common(), meter(1000), common(), meter(2000)))

    async with start(folder, clock, make_plants(of_three(make_plant(sunspec.port)))) as running:
        readings = {n: await running.until(lambda n=n: running.readings(n)) for n in DEVICES}

    assert readings == {INVERTER: [(NOON, 4000.0)], FIRST: [(NOON, 1000.0)], SECOND: [(NOON, 2000.0)]}


async def test_a_chain_that_moves_is_followed_and_a_meter_that_is_gone_is_reported(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, sunspec: SunSpecPeer
) -> None:
    battery = model(802, 62, {}, otherwise=77)
    before = chain(common(), solar(), common(), meter(1000, power_w=11), common(), meter(2000, power_w=22))
    after = chain(common(), battery, solar(), common(), meter(1000, power_w=33))
    sunspec.have(before)

    async with start(folder, clock, make_plants(of_three(make_plant(sunspec.port)))) as running:
        await running.until(lambda: powers(running) == {INVERTER: -321, FIRST: 11, SECOND: 22})
        sunspec.have(after, at=50000)
        sunspec.drop()
        await running.until(lambda: conditions(running)[SECOND] is DeviceCondition.REFUSING)
        await running.until(lambda: (powers(running)[INVERTER], powers(running)[FIRST]) == (-321, 33))
        events = await running.until(lambda: running.events("device_refusing"))
        states = await running.ask(running.client.state)

    assert [event.params["device"] for event in events] == ["D3"]
    assert "without no. 2 of model 202, 203, 204" in events[0].params["reason"]
    assert {state.device for state in states.devices if state.condition == "answering"} == {INVERTER, FIRST}


async def test_a_long_chain_is_found_over_several_visits(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, sunspec: SunSpecPeer
) -> None:
    sunspec.have(chain(common(), *[model(120 + n, 10, {}) for n in range(30)], meter(1000)))
    plant = of_three(make_plant(sunspec.port))
    one = replace(plant, devices=plant.devices[1:2], circuits=plant.circuits[1:2], series=plant.series[1:2])

    async with start(folder, clock, make_plants(one)) as running:
        assert await running.until(lambda: running.readings(FIRST)) == [(NOON, 1000.0)]
        plan = await running.ask(running.client.plan, FIRST)
        frames = await running.ask(running.client.frames, 1)

    assert all(request.address >= 40002 + 68 + 30 * 12 for request in plan.every)
    assert {frame.device for frame in frames if frame.unit_id == 1} == {FIRST}
