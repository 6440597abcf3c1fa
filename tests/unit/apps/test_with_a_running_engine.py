"""The API beside a real engine and a simulated meter: configured, read, recorded and corrected through it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from wattledger.apps.accounts.models import ApiToken
from wattledger.apps.rest.server import journal
from wattledger.web.asgi import application

WITHIN_S = 15.0


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return answer


@pytest.fixture
def device(api: Any, engine: None, ecr380d: Any) -> dict[str, Any]:
    """The simulated meter, declared through the API and answering."""
    bus = api.post("/buses", {"kind": "modbus-tcp", "name": "Board", "host": ecr380d.host, "port": ecr380d.port})
    wanted = {"name": "Main", "profile": "hager-ecr", "product": "ECR380D", "bus": bus["id"], "unit_id": 1}
    made = api.post("/devices", wanted)
    # at a slot its energies are read first, by themselves
    until(lambda: any(row["point"] == "voltage.l1-n" for row in api.get(f"/devices/{made['id']}/live")))
    return dict(made)


def test_a_declared_meter_is_read_identified_and_reported(api: Any, device: dict[str, Any]) -> None:
    live = until(lambda: {row["point"]: row for row in api.get(f"/devices/{device['id']}/live")})
    identity = api.post(f"/devices/{device['id']}/identify", {})
    state = api.get("/state")
    traffic = api.get(f"/buses/{device['bus']}/statistics")

    voltage = live["voltage.l1-n"]
    assert (voltage["unit"], voltage["circuit"], voltage["channel"]) == ("V", device["circuits"][0]["id"], 1)
    assert (identity["outcome"], identity["advice"]["code"]) == ("match", "none")
    assert identity["advice"]["text"]
    assert (state["active"], state["saved_revision"]) == (True, state["applied_revision"])
    assert [(row["device"], row["condition"]) for row in state["devices"]] == [(device["id"], "answering")]
    assert state["devices"][0]["clock"] is None  # this family has none
    assert [row["device"] for row in traffic] == [None, device["id"]]
    assert all(row["answers"] > 0 for row in traffic)
    with journal().jobs.worker():
        assert api.get("/health") == {
            "status": "ok",
            "services": {"web": "ok", "engine": "ok", "worker": "ok"},
            "archive": "ok",
        }


def test_a_change_is_active_when_it_is_answered(api: Any, device: dict[str, Any]) -> None:
    api.patch(f"/devices/{device['id']}", {"enabled": False})

    state = api.get("/state")
    assert (state["active"], state["devices"][0]["condition"]) == (True, "disabled")


def test_past_readings_are_added_once(api: Any, device: dict[str, Any]) -> None:
    rows = [["2026-01-01T00:00:00Z", 100], ["2026-01-01T01:05:00+01:00", 101.0], ["2026-01-01T00:10:00Z", 102]]
    given = {"device": device["id"], "point": "active_power.total", "rows": rows}

    first = api.post("/readings", given)
    again = api.post("/readings", given)
    other = api.post("/readings", given | {"rows": [["2026-01-01T00:00:00Z", 555]]})

    assert (first, again, other) == (
        {"given": 3, "stored": 3},
        {"given": 3, "stored": 0},
        {"given": 1, "stored": 0},
    )
    address = f"/readings?device={device['id']}&point=active_power.total"
    kept = api.get(f"{address}&start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z")["rows"]
    assert [row[1:] for row in kept] == [[100.0, "late"], [101.0, "late"], [102.0, "late"]]


@pytest.mark.parametrize(
    ("rows", "field", "code"),
    [
        ([["2099-01-01T00:00:00Z", 1]], "rows.0.0", "in_the_future"),
        ([["2026-01-01T00:00:00.5Z", 1]], "rows.0.0", "not_whole_second"),
        ([["2026-01-01T00:00:00Z", None]], "rows.0.1", "not_number"),
        ([["2026-01-01T00:00:00Z", 1e300]], "rows.0.1", "too_big"),
        ([["2026-01-01T00:00:00Z", True]], "rows.0.1", "not_number"),
        ([["2026-01-01T00:00:00Z", "1"]], "rows.0.1", "not_number"),
        ([["2026-01-01T00:00:00Z"]], "rows.0.1", "required"),
        ([["2026-01-01T00:00:00Z", 1, 2]], "rows.0", "too_many"),
        ([["2026-01-01", 1]], "rows.0.0", "not_time"),
        ([], "rows", "too_few"),
        ({}, "rows", "not_list"),
    ],
)
def test_past_readings_that_cannot_be_are_refused(
    api: Any, bus: str, meter: dict[str, Any], rows: Any, field: str, code: str
) -> None:
    given = {"device": meter["id"], "point": "active_power.total", "rows": rows}

    response = api("POST", "/readings", given)

    assert response.status_code == 422, response.content
    assert (response.json()["field"], response.json()["code"]) == (field, code)


def test_an_index_below_zero_is_refused_with_its_row(api: Any, bus: str, meter: dict[str, Any]) -> None:
    rows = [["2026-01-01T00:00:00Z", 0], ["2026-01-01T00:05:00Z", -0.5]]

    response = api("POST", "/readings", {"device": meter["id"], "point": "active_energy.import.total", "rows": rows})

    assert response.status_code == 422, response.content
    assert (response.json()["field"], response.json()["code"]) == ("rows.1.1", "too_small")


def test_a_history_of_fifteen_minutes_fits_a_series_of_five(api: Any, device: dict[str, Any]) -> None:
    power = {"device": device["id"], "point": "active_power.total"}  # which may be negative
    rows = [[f"2026-01-01T00:{minute:02}:07Z", -1.0 * minute] for minute in (0, 15, 30, 45)]

    stored = api.post("/readings", power | {"rows": rows})["stored"]

    address = f"/readings?device={device['id']}&point=active_power.total&start=2026-01-01T00:00:00Z"
    answer = api.get(f"{address}&end=2026-01-02T00:00:00Z")
    assert (stored, answer["step_s"]) == (4, 300)
    assert [row[:2] for row in answer["rows"]] == rows


def test_what_the_engine_refuses_is_told(api: Any, device: dict[str, Any]) -> None:
    series = api.get(f"/series?device={device['id']}")["items"][0]["id"]
    api("DELETE", f"/devices/{device['id']}")

    response = api("POST", "/readings", {"series": series, "rows": [["2026-01-01T00:00:00Z", 1]]})

    assert (response.status_code, response.json()["code"]) == (409, "engine_refused")
    assert "series" in response.json()["detail"]


async def test_the_stream_carries_live_values_until_the_token_is_revoked(api: Any, device: dict[str, Any]) -> None:
    headers = [(b"authorization", f"Bearer {api.token}".encode()), (b"host", b"x")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": "/api/v1/live/stream", "raw_path": b"/api/v1/live/stream", "scheme": "https",
        "query_string": f"device={device['id']}".encode(), "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    browser = ApplicationCommunicator(application, scope)
    await browser.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await browser.receive_output(WITHIN_S)
    assert start["status"] == 200
    assert dict(start["headers"])[b"Content-Type"] == b"text/event-stream"

    rows = await _first_rows(browser)
    await asyncio.to_thread(lambda: ApiToken.objects.update(revoked=datetime.now(UTC)))
    ended = await _until_end(browser)
    await browser.wait(WITHIN_S)

    assert {row["device"] for row in rows} == {device["id"]}
    assert "voltage.l1-n" in {row["point"] for row in rows}
    assert ended == {"code": "not_authenticated"}


async def _first_rows(browser: ApplicationCommunicator) -> list[dict[str, Any]]:
    while True:
        text = (await browser.receive_output(WITHIN_S))["body"].decode()
        if text.startswith("data: "):
            return list(json.loads(text.removeprefix("data: ")))


async def _until_end(browser: ApplicationCommunicator) -> dict[str, str]:
    while True:
        text = (await browser.receive_output(WITHIN_S))["body"].decode()
        if text.startswith("event: end\n"):
            return dict(json.loads(text.split("data: ")[1]))
