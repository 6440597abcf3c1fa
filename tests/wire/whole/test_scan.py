"""A serial line that is scanned while its meter is recorded, by a whole server."""

from typing import Any

ENERGY = "active_energy.import.total"


def test_a_line_is_scanned_beside_its_meter_through_the_death_of_the_worker(
    make_server: Any, clock: Any, serial_line: Any
) -> None:
    server = make_server()
    server.start(environment=clock.environment)
    api = server.api
    line = api.post("buses", {"kind": "modbus-rtu", "name": "Cellar", "port": serial_line.terminal})["id"]
    api.patch("intervals", {"intervals": {"energy": 1}})
    wanted = {"name": "Main meter", "profile": "hager-ecr", "product": "ECR380D", "bus": line, "unit_id": 1}
    device = api.post("devices", wanted)["id"]
    server.until(lambda: server.live(device))

    long = api.post(f"buses/{line}/scan", {"settings": "all"})["id"]
    before = server.until(lambda: _running(api.get(f"jobs/{long}")))
    server.kill_child("worker")
    server.until(lambda: (job := _running(api.get(f"jobs/{long}"))) and job["started"] != before["started"])
    [recorded] = server.until(lambda: server.readings(device, ENERGY), within_s=75)
    beside = api.get(f"jobs/{long}")
    api.post(f"jobs/{long}/cancel", {})
    cancelled = server.until(lambda: (job := api.get(f"jobs/{long}"))["state"] != "running" and job)
    short = api.post(f"buses/{line}/scan", {"last": 3})["id"]
    done = server.until(lambda: (job := api.get(f"jobs/{short}"))["state"] in ("done", "failed") and job)

    assert recorded[0].endswith(":00Z")
    assert (beside["state"], cancelled["state"]) == ("running", "cancelled")
    assert done["state"] == "done", done
    assert [(one["unit_id"], one["device"]) for one in done["result"]["found"]] == [(1, device)]
    assert server.events("device_silent") == []


def _running(job: dict[str, Any]) -> dict[str, Any] | None:
    return job if job["state"] == "running" and job["progress"] > 0 else None
