"""Profiles that come, change and go while the engine runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wattledger.catalog.installing import install, remove
from wattledger.catalog.loading import BUILT_IN
from wattledger.catalog.packing import pack
from wattledger.engine import plant_keeping
from wattledger.engine.api import DeviceCondition

ANSWERING, UNUSABLE = DeviceCondition.ANSWERING, DeviceCondition.UNUSABLE


@pytest.fixture
def own_profile(tmp_path: Path) -> Callable[..., bytes]:
    """A package with the meter's registers under a name of its own: `own_profile(version=2)`."""

    def make(*, version: int = 1) -> bytes:
        text = (BUILT_IN / "hager-ecr.yaml").read_text()
        path = tmp_path / "own.yaml"
        path.write_text(
            re.sub(r"^id: .*\nversion: .*$", f"id: own-meter\nversion: {version}", text, count=1, flags=re.MULTILINE)
        )
        return pack(path).data

    return make


def conditions(running: Any, wanted: dict[int, DeviceCondition]) -> bool:
    return {state.device: state.condition for state in running.client.state().devices} == wanted


async def test_a_device_is_read_from_when_its_profile_is_installed_until_it_goes(
    folder: Any,
    clock: Any,
    start: Any,
    make_plant: Any,
    make_plants: Any,
    ecr380d: Any,
    own_profile: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plant_keeping, "LOOK_EVERY_S", 0.05)
    plant = make_plant(ecr380d.port)
    own = replace(plant.devices[0], id=2, name="Own", unit_id=1, profile="own-meter")
    bus = replace(plant.buses[0], id=2, name="Other")
    plants = make_plants(replace(plant, buses=(*plant.buses, bus), devices=(*plant.devices, replace(own, bus=2))))

    async with start(folder, clock, plants) as running:
        await running.until(lambda: conditions(running, {1: ANSWERING, 2: UNUSABLE}))
        install(own_profile(), folder.profiles)
        await running.until(lambda: conditions(running, {1: ANSWERING, 2: ANSWERING}))
        install(own_profile(version=2), folder.profiles)
        remove("own-meter", folder.profiles)
        await running.until(lambda: conditions(running, {1: ANSWERING, 2: UNUSABLE}))
        first_bus = (await running.ask(running.client.statistics))[0]

    assert (first_bus.connections, first_bus.timeouts) == (1, 0)
