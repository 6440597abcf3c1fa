"""What the API shows of the work on a bus: frames, counts, and how a device is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from wattledger.apps.devices.plans import plan_answer
from wattledger.apps.system.reason_texts import REASONS
from wattledger.engine.api import PlannedRequest, PointAsked, ReadPlan
from wattledger.fieldbus import Why

LANGUAGES = ("en", "fr", "de", "nl")
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
    until(lambda: any(row["value"] is not None for row in api.get(f"/devices/{made['id']}/live")))
    return dict(made)


def test_the_frames_of_a_bus_are_those_of_the_wire(api: Any, device: dict[str, Any]) -> None:
    frames = api.get(f"/buses/{device['bus']}/frames")["items"]

    sent = next(frame for frame in frames if frame["happening"] == "request")
    received = next(frame for frame in frames if frame["happening"] == "accepted")
    assert frames[0] == {
        "time": frames[0]["time"], "happening": "connected", "direction": None, "unit_id": None, "device": None,
        "hex": "", "reason": "",
    }  # fmt: skip
    assert [frame["time"] for frame in frames] == sorted(frame["time"] for frame in frames)
    assert (sent["direction"], sent["unit_id"], sent["device"]) == ("sent", 1, device["id"])
    assert (received["direction"], received["unit_id"], received["device"]) == ("received", 1, device["id"])
    assert sent["hex"].startswith("00 01 00 00 00 06 01 03 ")
    assert received["hex"].startswith("00 01 00 00 ")


def test_the_frames_of_one_unit_can_be_asked_for(api: Any, device: dict[str, Any]) -> None:
    address = f"/buses/{device['bus']}/frames"

    mine, others = api.get(f"{address}?unit=1")["items"], api.get(f"{address}?unit=2")["items"]

    assert {frame["unit_id"] for frame in mine} == {1}
    assert others == []
    assert api("GET", f"{address}?unit=256").json()["code"] == "too_big"
    assert api("GET", "/buses/b99/frames").status_code == 404


def test_the_load_and_the_cycle_of_a_bus_are_told(api: Any, device: dict[str, Any]) -> None:
    def known() -> Any:
        bus, meter = api.get(f"/buses/{device['bus']}/statistics")
        return (bus, meter) if meter["cycle_s"] is not None else None

    bus, meter = until(known)

    assert 0 < bus["load"] <= 1
    assert meter["load"] is None
    assert bus["cycle_s"] == meter["cycle_s"] > 0
    assert 0 < meter["busy_s"] <= bus["busy_s"] * 1.001
    told = (bus["load"], bus["busy_s"], bus["mean_response_s"], bus["worst_response_s"], bus["cycle_s"])
    assert all(value == round(value, 4) for value in told)
    assert (bus["crc_errors"], meter["crc_errors"]) == (0, 0)


def test_the_counts_of_one_bus_are_set_back_and_the_list_of_events_tells_who_did(
    api: Any, caller: Any, device: dict[str, Any]
) -> None:
    address = f"/buses/{device['bus']}/statistics"
    before = api.get(address)[0]
    other = api.post("/buses", {"kind": "modbus-tcp", "name": "Other", "host": "127.0.0.2"})
    other_before = api.get(f"/buses/{other['id']}/statistics")[0]

    after = api.post(f"{address}/reset", {})[0]

    assert api.get(address)[0]["since"] == after["since"]
    assert after["since"] > before["since"]
    assert after["connections"] == 0 < before["connections"]
    assert api.get(f"/buses/{other['id']}/statistics")[0]["since"] == other_before["since"]
    [event] = api.get("/events?code=statistics_reset")["items"]
    assert (event["params"], event["actor"], event["source"]) == ({"bus": "Board"}, "admin", "web")
    texts = [caller(language=one).get("/events?code=statistics_reset")["items"][0]["text"] for one in LANGUAGES]
    assert texts == [
        "Traffic counts of bus Board set back to zero",
        "Compteurs d’échanges du bus de terrain Board remis à zéro",
        "Telegrammzähler des Feldbusses Board auf null gesetzt",
        "Berichtentellers van veldbus Board op nul gezet",
    ]


def test_how_a_device_is_asked_is_explained(api: Any, device: dict[str, Any]) -> None:
    plan = api.get(f"/devices/{device['id']}/plan")

    every, recorded = plan["every"], plan["recorded"]
    live = api.get(f"/devices/{device['id']}/live")
    assert plan["device"] == device["id"]
    assert plan["not_asked"] == []
    assert every["points"] == sum(one["points"] for one in every["requests"]) == len(live)
    assert recorded["points"] == len(device["recorded"])
    for part in (every, recorded):
        assert part["fillers"] == sum(one["fillers"] for one in part["requests"])
        assert part["expected_ms"] == round(sum(one["expected_ms"] for one in part["requests"]))
        assert all(0 <= one["fillers"] < one["count"] <= 125 for one in part["requests"])
        assert all(one["expected_ms"] > 0 for one in part["requests"])
        requests, ms, fillers = part["text"].split(", ")
        assert requests == _counted(len(part["requests"]), "request")
        assert ms == f"{part['expected_ms']} ms"
        assert fillers == _counted(part["fillers"], "filler register")


def test_a_device_that_is_not_asked_has_no_plan(api: Any, device: dict[str, Any]) -> None:
    api.patch(f"/devices/{device['id']}", {"enabled": False})

    refused = api("GET", f"/devices/{device['id']}/plan")

    assert (refused.status_code, refused.json()["code"]) == (409, "engine_refused")
    assert api("GET", "/devices/d99/plan").status_code == 404


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "1 request, 2 ms, 1 filler register", "2 requests, 4 ms, 0 filler registers"),
        ("fr", "1 requête, 2 ms, 1 registre de remplissage", "2 requêtes, 4 ms, 0 registre de remplissage"),
        ("de", "1 Anfrage, 2 ms, 1 Füllregister", "2 Anfragen, 4 ms, 0 Füllregister"),
        ("nl", "1 verzoek, 2 ms, 1 vulregister", "2 verzoeken, 4 ms, 0 vulregisters"),
    ],
)
def test_the_plan_is_told_in_the_readers_words(language: str, one: str, many: str) -> None:
    with_filler, without = PlannedRequest(3, 0, 3, 2, 1, 0.002), PlannedRequest(3, 9, 2, 1, 0, 0.002)
    plan = ReadPlan(every=(with_filler,), recorded=(without, without), not_asked=(PointAsked(1, "frequency"),))

    with translation.override(language):
        told = plan_answer(4, plan)

    assert (told.device, told.every.text, told.recorded.text) == ("d4", one, many)
    assert [(point.channel, point.point) for point in told.not_asked] == [(1, "frequency")]


def test_every_reason_of_the_field_bus_has_words_and_a_device_that_is_away_says_why_in_each_language(
    api: Any, caller: Any, engine: None, meter: dict[str, Any]
) -> None:
    state = until(lambda: next((row for row in api.get("/state")["devices"] if row["why"]), None))

    words = [caller(language=language).get("/state")["devices"][0]["why"] for language in LANGUAGES]

    assert set(REASONS) == {str(why) for why in Why}
    assert (state["condition"], state["why"]["code"]) == ("unreachable", "connection_refused")
    assert "127.0.0.1:15020" in state["reason"]
    assert {each["code"] for each in words} == {"connection_refused"}
    assert len({each["text"] for each in words}) == len(LANGUAGES)
