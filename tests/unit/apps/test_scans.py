"""Scans of buses in the API: ordered, done beside a real engine, told in the reader's language, cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wattledger.apps.devices.models import Bus
from wattledger.apps.devices.scan_schemas import NewScan
from wattledger.apps.devices.scans import scan_order
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.server import data_folder, journal
from wattledger.services import job_work, scanning
from wattledger.services.job_work import work_off_jobs
from wattledger.services.worker import job_functions

WITHIN_S = 15.0
USUAL = [(19200, "even"), (9600, "none"), (9600, "even"), (19200, "none"), (38400, "none")]


@pytest.fixture
def line(api: Any) -> str:
    return str(api.post("/buses", {"kind": "modbus-rtu", "name": "Cellar", "port": "/dev/ttyUSB0"})["id"])


@pytest.fixture
def gateway(api: Any, ecr380d: Any) -> str:
    """A connection to a simulated meter, which is unit 1 there."""
    where = {"kind": "modbus-tcp", "name": "Board", "host": ecr380d.host, "port": ecr380d.port}
    return str(api.post("/buses", where)["id"])


@pytest.fixture
def worker(engine: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that does the jobs, beside the engine."""
    monkeypatch.setattr(job_work, "LOOK_EVERY_S", 0.02)
    stop = threading.Event()
    functions = job_functions(data_folder(), journal())
    thread = threading.Thread(target=work_off_jobs, args=(journal(), functions, stop))
    thread.start()
    yield
    stop.set()
    thread.join()


def settled(api: Any, job: str) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while (told := api.get(f"/jobs/{job}"))["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
    return told


def order_of(job: str) -> Any:
    return journal().jobs.get(int(job[1:])).params


@pytest.mark.usefixtures("worker")
def test_a_meter_is_found_proposed_and_then_known_as_the_device_that_it_became(api: Any, gateway: str) -> None:
    ordered = api("POST", f"/buses/{gateway}/scan", {})
    first = settled(api, ordered.json()["id"])
    [found] = first["result"]["found"]
    wanted = {"name": "Main", "profile": found["proposals"][0]["profile"], "product": found["proposals"][0]["product"]}
    device = api.post("/devices", wanted | {"bus": gateway, "unit_id": found["unit_id"]})
    again = settled(api, api("POST", f"/buses/{gateway}/scan", {"first": 1, "last": 2}).json()["id"])

    assert ordered.status_code == 202
    assert ordered["Location"] == f"/api/v1/jobs/{ordered.json()['id']}"
    assert (first["state"], first["progress"], first["result"]["bus"]) == ("done", 1.0, gateway)
    assert (first["result"]["asked"], first["result"]["conflicts"], first["result"]["spared"]) == (248, [], [])
    assert (found["unit_id"], found["settings"], found["device"]) == (1, None, None)
    assert (found["product"], found["serial"], found["certainty"]) == ("ECR380D", "3426010001", "sure")
    assert found["proposals"] == [{"profile": "hager-ecr", "product": "ECR380D", "name": "Hager ECR/ECA energy meters"}]
    assert [(one["unit_id"], one["device"]) for one in again["result"]["found"]] == [(1, device["id"])]


@pytest.mark.usefixtures("worker")
def test_a_bus_that_cannot_be_reached_fails_the_scan_with_the_reason(
    api: Any, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BUS_PATIENCE_S", 0.0)
    told = settled(api, api("POST", f"/buses/{line}/scan", {"last": 3}).json()["id"])

    assert (told["state"], told["result"]) == ("failed", None)
    assert "/dev/ttyUSB0" in told["error"]


@pytest.mark.parametrize(
    ("body", "settings"),
    [
        ({}, USUAL[:1]),
        ({"settings": "configured"}, USUAL[:1]),
        ({"settings": "all"}, USUAL),
        ({"settings": [{"baudrate": 4800, "parity": "odd"}] * 2}, [(4800, "odd")]),
    ],
)
def test_a_line_is_asked_at_the_settings_that_are_wanted(api: Any, line: str, body: Any, settings: Any) -> None:
    ordered = api("POST", f"/buses/{line}/scan", body).json()

    order = order_of(ordered["id"])
    assert [(one["baudrate"], one["parity"]) for one in order["settings"]] == settings
    assert order["unit_ids"] == list(range(1, 248))
    assert ordered["estimated_s"] == pytest.approx(247 * len(settings) * (0.25 + 0.06), abs=0.1)


def test_the_own_settings_of_a_line_come_first_and_once(api: Any, line: str) -> None:
    api.patch(f"/buses/{line}", {"baudrate": 9600, "parity": "none", "stop_bits": 1})

    order = order_of(api("POST", f"/buses/{line}/scan", {"settings": "all"}).json()["id"])

    assert order["settings"][0] == {"baudrate": 9600, "parity": "none", "stop_bits": 1}
    assert [(one["baudrate"], one["parity"]) for one in order["settings"]] == [USUAL[1], USUAL[0], *USUAL[2:]]


def test_a_scan_beside_reading_is_said_to_take_longer(api: Any, meter: Any, bus: str) -> None:
    beside = api("POST", f"/buses/{bus}/scan", {}).json()
    api("POST", f"/jobs/{beside['id']}/cancel")
    api.patch(f"/devices/{meter['id']}", {"enabled": False})
    alone = api("POST", f"/buses/{bus}/scan", {}).json()

    assert beside["estimated_s"] == pytest.approx(2 * alone["estimated_s"], abs=0.2)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"first": 0}, "first", "too_small"),
        ({"last": 248}, "last", "too_big"),
        ({"first": -1}, "first", "too_small"),
        ({"first": 9, "last": 8}, "last", "contradiction"),
        ({"first": "one"}, "first", "not_integer"),
        ({"settings": "some"}, "settings", "not_one_of"),
        ({"settings": []}, "settings", "too_few"),
        ({"settings": [{"baudrate": 300, "parity": "even"}]}, "settings.0.baudrate", "not_one_of"),
        ({"settings": [{"baudrate": 9600}]}, "settings.0.parity", "required"),
        ({"units": [1]}, "units", "unknown_field"),
    ],
)
def test_a_scan_that_cannot_be_is_refused(api: Any, line: str, body: Any, field: str, code: str) -> None:
    refused = api("POST", f"/buses/{line}/scan", body)

    assert refused.status_code == 422
    assert (field, code) in [(one["field"], one["code"]) for one in refused.json()["errors"]]


def test_a_connection_has_no_settings_to_try(api: Any, bus: str) -> None:
    refused = api("POST", f"/buses/{bus}/scan", {"settings": "all"})

    assert (refused.status_code, refused.json()["code"]) == (422, "no_line_settings")
    assert api("POST", f"/buses/{bus}/scan", {"first": 0, "last": 255}).status_code == 202


def test_a_bus_without_addresses_is_refused() -> None:
    with pytest.raises(ProblemError) as refused:
        scan_order(Bus(kind="local-io", name="Inputs"), NewScan())

    assert refused.value.code == "not_scannable"


def test_a_bus_is_scanned_once_at_a_time(api: Any, caller: Callable[..., Any], line: str, bus: str) -> None:
    first = api("POST", f"/buses/{line}/scan", {}).json()
    second = caller(language="fr")("POST", f"/buses/{line}/scan", {})
    other = api("POST", f"/buses/{bus}/scan", {})
    api("POST", f"/jobs/{first['id']}/cancel")
    after = api("POST", f"/buses/{line}/scan", {})

    assert (second.status_code, second.json()["code"]) == (409, "scan_pending")
    assert first["id"] in second.json()["detail"]
    assert "bus" in second.json()["detail"]
    assert (other.status_code, after.status_code) == (202, 202)


def test_an_order_that_is_repeated_with_its_key_is_one_scan(api: Any, line: str) -> None:
    first = api("POST", f"/buses/{line}/scan", {}, Idempotency_Key="k1")
    again = api("POST", f"/buses/{line}/scan", {}, Idempotency_Key="k1")

    assert (again.status_code, again.json(), again["Location"]) == (202, first.json(), first["Location"])


def test_a_job_is_cancelled_however_often_it_is_asked(api: Any, line: str) -> None:
    job = api("POST", f"/buses/{line}/scan", {}).json()["id"]
    other = api("POST", f"/buses/{line}/scan", {}).json()

    once = api.post(f"/jobs/{job}/cancel", None)
    twice = api.post(f"/jobs/{job}/cancel", None)

    assert other["code"] == "scan_pending"
    assert (once["state"], twice) == ("cancelled", once)
    assert api("POST", "/jobs/j99/cancel").status_code == 404


def test_a_running_job_is_asked_to_stop(api: Any, line: str) -> None:
    job = api("POST", f"/buses/{line}/scan", {}).json()["id"]
    with journal().jobs.worker():
        claimed = journal().jobs.claim()
        assert claimed is not None
        told = api.post(f"/jobs/{job}/cancel", None)
        journal().jobs.stopped(claimed.id)

    assert (told["state"], told["cancel_requested"]) == ("running", True)
    assert api.get(f"/jobs/{job}")["state"] == "cancelled"


@pytest.mark.parametrize(
    ("language", "word"), [("en", "address"), ("fr", "adresse"), ("de", "adresse"), ("nl", "adres")]
)
def test_conflicts_are_explained_in_the_language_of_the_reader(
    api: Any, caller: Callable[..., Any], line: str, language: str, word: str
) -> None:
    job = api("POST", f"/buses/{line}/scan", {"first": 4, "last": 5}).json()["id"]
    said: dict[str, str] = {}
    noise = {"unit_id": 4, "device": 3, "said": said, "certainty": "unknown", "proposals": [], "garbled": "4 bytes"}
    stranger = noise | {"unit_id": 5, "device": None, "garbled": ""}
    with journal().jobs.worker():
        claimed = journal().jobs.claim()
        assert claimed is not None
        order = dict(claimed.params)
        settings = {"baudrate": 19200, "parity": "even", "stop_bits": None}
        findings: list[Any] = [{"unit": one, "settings": settings, "same_as": None} for one in (noise, stranger)]
        report = {"order": order, "findings": findings, "spared": [8], "duration_s": 1.5}
        journal().jobs.finish(claimed.id, result=report)

    result = caller(language=language).get(f"/jobs/{job}")["result"]

    [conflict] = result["conflicts"]
    assert (conflict["unit_id"], conflict["device"], conflict["detail"]) == (4, "d3", "4 bytes")
    assert conflict["advice"]["code"] == "check_line"
    assert word in conflict["advice"]["text"].lower()
    assert [(one["unit_id"], one["certainty"]) for one in result["found"]] == [(5, "unknown")]
    assert (result["bus"], result["spared"], result["asked"]) == (line, ["d8"], 2)
