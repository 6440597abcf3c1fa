"""A meter on a serial line, declared by the API of a whole server and read by its engine."""

from typing import Any


def test_a_meter_on_a_serial_line_is_declared_identified_and_read(server: Any, serial_line: Any, ecr380d: Any) -> None:
    api = server.api
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB060 4711")
    line = api.post("buses", {"kind": "modbus-rtu", "name": "Cellar", "port": serial_line.terminal})["id"]
    wanted = {"name": "Main meter", "profile": "hager-ecr", "product": "ECR380D", "bus": line, "unit_id": 1}

    device = api.post("devices", wanted)["id"]
    live = server.until(lambda: server.live(device))
    said = api.post(f"devices/{device}/identify", {})
    traffic = api.get(f"buses/{line}/statistics")

    assert live["active_energy.import.total"]["value"] == 4_711_000
    assert (said["outcome"], said["found"]["product"]) == ("match", "ECR380D")
    assert [row["device"] for row in traffic] == [None, device]
    assert (traffic[0]["rejected"], traffic[0]["connections"]) == (0, 1)
