"""Serial lines in the API: made, changed, filled with devices, and what the plant then is."""

from __future__ import annotations

from typing import Any

import pytest

from wattledger.apps.devices.advice import ADVICE
from wattledger.apps.devices.models import BAUDRATES
from wattledger.apps.devices.plant import load_plant
from wattledger.engine.answers import CHECK_ADAPTER, CHECK_TERMINAL, CHECK_TLS
from wattledger.engine.links import link_of
from wattledger.fieldbus import Advice, RtuLink
from wattledger.plant import DataFolder, Parity, RtuBus
from wattledger.vault import Vault

NEW_LINE = {"kind": "modbus-rtu", "name": "Cellar", "port": "/dev/ttyUSB0"}
METER = {"profile": "hager-ecr", "product": "ECR140D"}


@pytest.fixture
def line(api: Any) -> str:
    return str(api.post("/buses", NEW_LINE)["id"])


def test_a_line_has_sensible_presets(api: Any) -> None:
    made = api.post("/buses", NEW_LINE)

    assert made == {
        "id": made["id"], "kind": "modbus-rtu", "name": "Cellar", "port": "/dev/ttyUSB0", "baudrate": 19200,
        "parity": "even", "stop_bits": None, "echo": False, "timeout_s": 0.25, "retries": 1, "version": 1,
    }  # fmt: skip
    assert api.get(f"/buses/{made['id']}") == made
    assert api.get("/buses") == {"items": [made], "next": None}


def test_buses_of_both_kinds_stand_in_one_list(api: Any, bus: str, line: str) -> None:
    listed = api.get("/buses")["items"]

    assert [(row["id"], row["kind"], row["port"]) for row in listed] == [
        (bus, "modbus-tcp", 15020),
        (line, "modbus-rtu", "/dev/ttyUSB0"),
    ]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"port": 502}, "port", "not_text"),
        ({"port": ""}, "port", "too_short"),
        ({"port": "ttyUSB0"}, "port", "not_device_file"),
        ({"port": "/dev"}, "port", "not_device_file"),
        ({"port": "/dev/"}, "port", "not_device_file"),
        ({"port": "/etc/passwd"}, "port", "not_device_file"),
        ({"port": "/dev/../etc/passwd"}, "port", "not_device_file"),
        ({"port": "/dev//ttyUSB0"}, "port", "not_device_file"),
        ({"port": "/dev/./ttyUSB0"}, "port", "not_device_file"),
        ({"port": "/dev/ttyUSB0/"}, "port", "not_device_file"),
        ({"port": "/dev/tty\u2028USB0"}, "port", "not_device_file"),
        ({"port": "/dev/tty\x00USB0"}, "port", "not_device_file"),
        ({"port": "/dev/" + "x" * 251}, "port", "too_long"),
        ({"baudrate": 300}, "baudrate", "not_one_of"),
        ({"baudrate": "fast"}, "baudrate", "not_one_of"),
        ({"parity": "mark"}, "parity", "not_one_of"),
        ({"stop_bits": 3}, "stop_bits", "not_one_of"),
        ({"echo": "loud"}, "echo", "not_boolean"),
        ({"in_flight": 2}, "in_flight", "unknown_field"),
        ({"timeout_s": 0.1}, "timeout_s", "too_small"),
        ({"retries": 6}, "retries", "too_big"),
        ({"host": "127.0.0.1"}, "host", "unknown_field"),
        ({"security": "clear"}, "security", "unknown_field"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_its_field_named(api: Any, change: Any, field: str, code: str) -> None:
    response = api("POST", "/buses", NEW_LINE | change)

    assert response.status_code == 422
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]
    assert api.get("/buses")["items"] == []


def test_a_bus_without_a_kind_is_refused(api: Any) -> None:
    refused = api("POST", "/buses", {"name": "Cellar", "port": "/dev/ttyUSB0"})

    assert (refused.status_code, refused.json()["field"], refused.json()["code"]) == (422, "kind", "required")


def test_two_lines_do_not_share_a_device_file(api: Any, line: str) -> None:
    taken = api("POST", "/buses", NEW_LINE | {"name": "Attic"})
    other = api.post("/buses", NEW_LINE | {"name": "Attic", "port": "/dev/serial/by-id/usb-FTDI_RS485-if00-port0"})
    moved = api("PATCH", f"/buses/{other['id']}", {"port": "/dev/ttyUSB0"})

    assert (taken.status_code, taken.json()["field"], taken.json()["code"]) == (422, "port", "taken")
    assert "Cellar" in taken.json()["detail"]
    assert (moved.status_code, moved.json()["field"], moved.json()["code"]) == (422, "port", "taken")


def test_a_line_is_changed_by_its_own_fields(api: Any, line: str) -> None:
    changed = api.patch(f"/buses/{line}", {"port": "/dev/ttyS1", "baudrate": 9600, "parity": "none", "stop_bits": 1})
    again = api.patch(f"/buses/{line}", {"stop_bits": None, "retries": 0, "version": 2})
    late = api("PATCH", f"/buses/{line}", {"retries": 2, "version": 2})

    settings = ("port", "baudrate", "parity", "stop_bits", "retries", "version")
    assert [changed[name] for name in settings] == ["/dev/ttyS1", 9600, "none", 1, 1, 2]
    assert [again[name] for name in settings] == ["/dev/ttyS1", 9600, "none", None, 0, 3]
    assert (late.status_code, late.json()["code"]) == (409, "version_conflict")


@pytest.mark.parametrize(
    ("kind", "change", "field", "code"),
    [
        ("modbus-rtu", {"port": 502}, "port", "not_text"),
        ("modbus-rtu", {"port": "/etc/passwd"}, "port", "not_device_file"),
        ("modbus-rtu", {"host": "127.0.0.1"}, "host", "unknown_field"),
        ("modbus-rtu", {"baudrate": 19201}, "baudrate", "not_one_of"),
        ("modbus-rtu", {"kind": "modbus-tcp"}, "kind", "unknown_field"),
        ("modbus-tcp", {"port": "/dev/ttyUSB1"}, "port", "not_integer"),
        ("modbus-tcp", {"baudrate": 9600}, "baudrate", "unknown_field"),
        ("modbus-rtu", {"in_flight": 2}, "in_flight", "unknown_field"),
        ("modbus-tcp", {"echo": True}, "echo", "unknown_field"),
        ("modbus-tcp", {"stop_bits": None}, "stop_bits", "unknown_field"),
        ("modbus-tcp", {"kind": "modbus-rtu"}, "kind", "unknown_field"),
    ],
)
def test_a_change_must_fit_the_kind_of_the_bus(
    api: Any, bus: str, line: str, kind: str, change: Any, field: str, code: str
) -> None:
    address = f"/buses/{line if kind == 'modbus-rtu' else bus}"
    before = api.get(address)

    response = api("PATCH", address, change)

    assert response.status_code == 422
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]
    assert api.get(address) == before


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"null"])
def test_a_change_that_is_no_object_is_refused(api: Any, line: str, body: bytes) -> None:
    refused = api("PATCH", f"/buses/{line}", body)

    assert (refused.status_code, refused.json()["code"]) == (422, "not_object")


@pytest.mark.parametrize(("unit_id", "code"), [(0, "too_small"), (248, "too_big"), (255, "too_big")])
def test_a_device_on_a_line_has_a_unit_that_lines_have(api: Any, bus: str, line: str, unit_id: int, code: str) -> None:
    wanted = METER | {"name": "Main", "unit_id": unit_id}

    refused = api("POST", "/devices", wanted | {"bus": line})
    behind_gateway = api.post("/devices", wanted | {"bus": bus})
    moved = api("PATCH", f"/devices/{behind_gateway['id']}", {"bus": line})
    both = api.patch(f"/devices/{behind_gateway['id']}", {"bus": line, "unit_id": 247})

    assert (refused.status_code, refused.json()["field"], refused.json()["code"]) == (422, "unit_id", code)
    assert (moved.status_code, moved.json()["field"], moved.json()["code"]) == (422, "unit_id", code)
    assert (both["bus"], both["unit_id"]) == (line, 247)


def test_a_line_carries_31_devices(api: Any, bus: str, line: str) -> None:
    made = [
        api.post("/devices", METER | {"name": f"M{unit_id}", "bus": line, "unit_id": unit_id, "recorded": []})
        for unit_id in range(1, 32)
    ]
    one_more = METER | {"name": "M32", "unit_id": 32, "recorded": []}

    refused = api("POST", "/devices", one_more | {"bus": line})
    elsewhere = api.post("/devices", one_more | {"bus": bus})
    moved = api("PATCH", f"/devices/{elsewhere['id']}", {"bus": line})
    renamed = api.patch(f"/devices/{made[0]['id']}", {"name": "First", "unit_id": 99})
    api("DELETE", f"/devices/{made[1]['id']}")
    after = api.patch(f"/devices/{elsewhere['id']}", {"bus": line})

    assert (refused.status_code, refused.json()["field"], refused.json()["code"]) == (422, "bus", "line_full")
    assert "31" in refused.json()["detail"]
    assert (moved.status_code, moved.json()["field"], moved.json()["code"]) == (422, "bus", "line_full")
    assert renamed["name"] == "First"
    assert after["bus"] == line


def test_the_plant_has_the_line_as_it_was_configured(api: Any, line: str) -> None:
    api.patch(f"/buses/{line}", {"parity": "none", "stop_bits": 1, "retries": 3, "echo": True})

    [found] = load_plant().buses

    assert found == RtuBus(int(line[1:]), "Cellar", "/dev/ttyUSB0", 19200, Parity.NONE, 1, 0.25, 3, echo=True)


def test_every_line_that_is_taken_can_be_opened_by_the_engine(api: Any, line: str, folder: DataFolder) -> None:
    for baudrate in BAUDRATES:
        for parity in Parity:
            api.patch(f"/buses/{line}", {"baudrate": baudrate, "parity": parity})

            assert isinstance(link_of(load_plant().buses[0], Vault(folder.vault_key)), RtuLink)


def test_the_description_of_the_api_knows_every_kind(caller: Any) -> None:
    described = caller("anonymous").get("/openapi.json")

    operations = described["paths"]["/api/v1/buses"], described["paths"]["/api/v1/buses/{bus_id}"]
    made = operations[0]["post"]["requestBody"]["content"]["application/json"]["schema"]
    changed = operations[1]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert made["discriminator"]["mapping"] == {
        "modbus-tcp": "#/components/schemas/NewTcpBus",
        "modbus-rtu": "#/components/schemas/NewRtuBus",
        "local-io": "#/components/schemas/NewLocalBus",
    }
    names = [one["$ref"].rpartition("/")[2] for one in changed["anyOf"]]
    assert names == ["TcpBusChange", "RtuBusChange", "LocalBusChange"]
    assert {"NewTcpBus", "NewRtuBus", "TcpBusChange", "RtuBusChange"} <= set(described["components"]["schemas"])


def test_every_advice_has_a_text() -> None:
    assert {str(advice) for advice in Advice} | {CHECK_ADAPTER, CHECK_TERMINAL, CHECK_TLS} == set(ADVICE)
