"""The plant of the demo, declared through the API as an integrator would declare it."""

from __future__ import annotations

from wattledger.demo.client import Api

BUS = "Main switchboard"
DEVICE = "Main meter"
PROFILE = "hager-ecr"
PRODUCT = "ECR380D"
SERIAL = "3426470815"  # reference 34 is the ECR380D, made in week 47 of 2026


def declare(api: Api, *, meter_port: int) -> str:
    """Declare what is missing of the demo's plant and point it at its meter; gives the device's id."""
    where = {"host": "127.0.0.1", "port": meter_port}
    bus = _named(api, "buses", BUS)
    if bus is None:
        bus = api.post("buses", {"kind": "modbus-tcp", "name": BUS, **where})["id"]
    else:
        api.patch(f"buses/{bus}", where)
    device = _named(api, "devices", DEVICE)
    if device is None:
        wanted = {
            "name": DEVICE,
            "profile": PROFILE,
            "product": PRODUCT,
            "bus": bus,
            "unit_id": 1,
            "recorded": "default",
        }
        device = api.post("devices", wanted)["id"]
    return str(device)


def _named(api: Api, what: str, name: str) -> str | None:
    return next((str(item["id"]) for item in api.list(what) if item["name"] == name), None)
