"""An inverter and the meters behind it share an address; other devices have theirs for themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from wattledger.apps.devices.models import Device
from wattledger.apps.devices.plant import load_plant


def wanted(bus: str, name: str, profile: str, product: str, *, unit_id: int = 1) -> dict[str, Any]:
    return {"name": name, "profile": profile, "product": product, "bus": bus, "unit_id": unit_id}


@pytest.fixture
def inverter(api: Any, bus: str) -> dict[str, Any]:
    made: dict[str, Any] = api.post("/devices", wanted(bus, "Inverter", "sunspec-inverter", "Inverter 3~"))
    return made


def test_each_meter_behind_an_inverter_is_a_device_at_its_address(api: Any, bus: str, inverter: dict[str, Any]) -> None:
    api.post("/devices", wanted(bus, "Grid", "sunspec-meter", "Meter 3~"))
    api.post("/devices", wanted(bus, "Heat pump", "sunspec-meter", "Meter 3~ (2)"))

    devices = load_plant().devices
    assert [(device.name, device.unit_id, device.product) for device in devices] == [
        ("Inverter", 1, "Inverter 3~"),
        ("Grid", 1, "Meter 3~"),
        ("Heat pump", 1, "Meter 3~ (2)"),
    ]


@pytest.mark.parametrize(
    ("profile", "product"), [("sunspec-inverter", "Inverter 3~"), ("hager-ecr", "ECR380D")], ids=["the same", "another"]
)
def test_what_has_an_address_for_itself_shares_it_with_nobody(
    api: Any, bus: str, inverter: dict[str, Any], profile: str, product: str
) -> None:
    refused = api("POST", "/devices", wanted(bus, "Other", profile, product)).json()

    assert (refused["field"], refused["code"]) == ("unit_id", "taken")


def test_a_part_does_not_come_to_a_meter_that_has_its_address_for_itself(api: Any, bus: str) -> None:
    api.post("/devices", wanted(bus, "Main", "hager-ecr", "ECR380D"))
    grid = api.post("/devices", wanted(bus, "Grid", "sunspec-meter", "Meter 3~", unit_id=2))

    refused = api("PATCH", f"/devices/{grid['id']}", {"unit_id": 1, "version": grid["version"]}).json()

    assert (refused["field"], refused["code"]) == ("unit_id", "taken")


def test_the_database_forbids_one_part_twice(api: Any, inverter: dict[str, Any]) -> None:
    device = Device.objects.get(name=inverter["name"])
    device.pk, device.name = None, "Twin"

    with pytest.raises(IntegrityError, match="part"):
        device.save()
