"""Buses and devices in the API: made, changed, deleted, and what the plant then is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from wattledger.apps.building.models import Site, Zone
from wattledger.apps.devices.errors import PlantUnreadableError
from wattledger.apps.devices.models import BEGINNING, CircuitAssignment, Device, Installation, Series
from wattledger.apps.devices.plant import load_plant
from wattledger.catalog.loading import BUILT_IN
from wattledger.measure import Aggregate, Kind
from wattledger.plant import DataFolder, TcpBus

NEW_BUS = {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1", "port": 15020}


def test_a_bus_has_sensible_presets(api: Any) -> None:
    made = api.post("/buses", {"kind": "modbus-tcp", "name": "  Board ", "host": "GATEWAY.local."})

    assert made == {
        "id": made["id"], "kind": "modbus-tcp", "name": "Board", "host": "gateway.local", "port": 502,
        "security": "clear", "certificate": None, "tls_version": None, "legacy": None, "check_dates": None,
        "accept_self_signed": None, "authorities": None, "server_certificate": None,
        "in_flight": 1, "timeout_s": 1.0, "retries": 1, "version": 1,
    }  # fmt: skip
    assert api.get(f"/buses/{made['id']}") == made
    assert api.get("/buses") == {"items": [made], "next": None}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"kind": "bacnet"}, "kind", "not_one_of"),
        ({"kind": None}, "kind", "not_one_of"),
        ({"kind": ["modbus-tcp"]}, "kind", "not_one_of"),
        ({"name": ""}, "name", "too_short"),
        ({"name": "x" * 101}, "name", "too_long"),
        ({"name": "a\x00b"}, "name", "control_characters"),
        ({"name": None}, "name", "not_text"),
        ({"host": "not a host"}, "host", "not_host"),
        ({"host": "-x.org"}, "host", "not_host"),
        ({"host": "1.2.3.400"}, "host", "not_host"),
        ({"port": 0}, "port", "too_small"),
        ({"port": 65536}, "port", "too_big"),
        ({"port": "x"}, "port", "not_integer"),
        ({"port": 10**30}, "port", "too_big"),
        ({"security": "signed"}, "security", "not_one_of"),
        ({"in_flight": 0}, "in_flight", "too_small"),
        ({"in_flight": 17}, "in_flight", "too_big"),
        ({"timeout_s": 0.1}, "timeout_s", "too_small"),
        ({"timeout_s": 11}, "timeout_s", "too_big"),
        ({"retries": -1}, "retries", "too_small"),
        ({"baudrate": 9600}, "baudrate", "unknown_field"),
    ],
)
def test_a_bus_that_cannot_be_is_refused_and_its_field_named(api: Any, change: Any, field: str, code: str) -> None:
    response = api("POST", "/buses", NEW_BUS | change)

    assert response.status_code == 422
    assert (response.json()["field"], response.json()["code"]) == (field, code)
    assert api.get("/buses")["items"] == []


def test_two_buses_share_neither_name_nor_address(api: Any, bus: str) -> None:
    same_name = api("POST", "/buses", NEW_BUS | {"host": "10.0.0.9"}).json()
    same_address = api("POST", "/buses", NEW_BUS | {"name": "Other"}).json()

    assert (same_name["field"], same_name["code"]) == ("name", "taken")
    assert (same_address["field"], same_address["code"]) == ("host", "taken")
    assert "Board" in same_address["detail"]


def test_the_slower_of_two_editors_is_told(api: Any, bus: str) -> None:
    api.patch(f"/buses/{bus}", {"port": 1503, "version": 1})

    late = api("PATCH", f"/buses/{bus}", {"port": 1504, "version": 1})
    late_delete = api("DELETE", f"/buses/{bus}?version=1")

    assert (late.status_code, late.json()["code"]) == (409, "version_conflict")
    assert late_delete.status_code == 409
    assert api.get(f"/buses/{bus}")["port"] == 1503
    assert api("DELETE", f"/buses/{bus}?version=2").status_code == 204
    assert api("GET", f"/buses/{bus}").status_code == 404


def test_a_bus_with_devices_cannot_be_deleted(api: Any, bus: str, meter: dict[str, Any]) -> None:
    refused = api("DELETE", f"/buses/{bus}")

    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "Main" in refused.json()["detail"]

    assert api("DELETE", f"/devices/{meter['id']}").status_code == 204
    assert api("DELETE", f"/buses/{bus}").status_code == 204


def test_a_new_device_has_circuit_installation_and_the_proposed_series(meter: dict[str, Any], bus: str) -> None:
    assert meter["bus"] == bus
    assert [circuit["name"] for circuit in meter["circuits"]] == ["Main"]
    assert meter["circuits"][0]["assigned"] is False
    assert {"active_power.total", "active_energy.import.total"} <= set(meter["recorded"])
    device = Device.objects.get()
    assert Installation.objects.get().since == device.created
    kept = set(Series.objects.filter(quantity="active_power", phase="total").values_list("aggregate", flat=True))
    assert kept == {"last", "mean", "max"}


def test_what_the_catalog_does_not_have_is_refused_with_the_choice(api: Any, bus: str) -> None:
    wanted = {"name": "x", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 1}

    profile = api("POST", "/devices", wanted | {"profile": "nothing"}).json()
    product = api("POST", "/devices", wanted | {"product": "nothing"}).json()
    points = api("POST", "/devices", wanted | {"recorded": ["frequency", "love", "peace"]}).json()

    assert (profile["field"], profile["code"]) == ("profile", "unknown_profile")
    assert "hager-ecr" in profile["detail"]
    assert (product["field"], product["code"]) == ("product", "unknown_product")
    assert "ECR380D" in product["detail"]
    assert [error["field"] for error in points["errors"]] == ["recorded.1", "recorded.2"]
    assert "frequency" in points["detail"]
    assert Device.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"unit_id": 256}, "unit_id", "too_big"),
        ({"unit_id": 2**70}, "unit_id", "too_big"),
        ({"unit_id": 1.5}, "unit_id", "not_integer"),
        ({"bus": "b99"}, "bus", "unknown"),
        ({"bus": "d1"}, "bus", "unknown"),
        ({"bus": "b" + "9" * 30}, "bus", "unknown"),
        ({"bus": "b99999999999999999999999"}, "bus", "unknown"),
        ({"bus": "x" * 33}, "bus", "too_long"),
        ({"recorded": "everything"}, "recorded", "not_one_of"),
        ({"recorded": [1]}, "recorded.0", "not_text"),
        ({"usage": "u999"}, "usage", "unknown"),
        ({"zone": "z1"}, "zone", "unknown"),
        ({"circuits": [{"channel": 2}]}, "circuits.0.channel", "unknown_channel"),
        ({"circuits": [{"channel": 1}, {"channel": 1}]}, "circuits.1.channel", "twice"),
        ({"circuits": [{"usage": "u999"}]}, "circuits.0.usage", "unknown"),
        ({"usage": "u1", "circuits": [{"channel": 1}]}, "usage", "contradiction"),
        ({"limit_a": 0}, "limit_a", "not_above"),
        ({"activity": "a\nb"}, "activity", "control_characters"),
        ({"circuits": [{"colour": "red"}]}, "circuits.0.colour", "unknown_field"),
        ({"circuits": {"channel": 1}}, "circuits", "not_list"),
    ],
)
def test_a_device_that_cannot_be_is_refused_and_its_field_named(
    api: Any, bus: str, change: Any, field: str, code: str
) -> None:
    wanted = {"name": "x", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 1}

    response = api("POST", "/devices", wanted | change)

    assert response.status_code == 422, response.content
    assert (field, code) in [(error["field"], error["code"]) for error in response.json()["errors"]]
    assert Device.objects.count() == 0


def test_name_and_address_are_taken_once_and_free_again_after_deletion(
    api: Any, bus: str, meter: dict[str, Any]
) -> None:
    wanted = {"name": "Main", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 1}

    same_unit = api("POST", "/devices", wanted | {"name": "Other"}).json()
    same_name = api("POST", "/devices", wanted | {"unit_id": 2}).json()
    api("DELETE", f"/devices/{meter['id']}")
    again = api.post("/devices", wanted)

    assert (same_unit["field"], same_unit["code"]) == ("unit_id", "taken")
    assert (same_name["field"], same_name["code"]) == ("name", "taken")
    assert again["id"] != meter["id"]


def test_a_deleted_device_is_gone_but_its_series_stay(api: Any, meter: dict[str, Any]) -> None:
    before = api.get(f"/series?device={meter['id']}")["items"]

    assert api("DELETE", f"/devices/{meter['id']}").status_code == 204

    after = api.get(f"/series?device={meter['id']}")["items"]
    assert api("GET", f"/devices/{meter['id']}").status_code == 404
    assert api("DELETE", f"/devices/{meter['id']}").status_code == 404
    assert api.get("/devices")["items"] == []
    assert [row["uuid"] for row in after] == [row["uuid"] for row in before]
    assert all(row["retired"] for row in after)
    assert api.get(f"/readings?series={after[0]['id']}")["rows"] == []
    assert Installation.objects.get().until is not None
    plant = load_plant()
    assert (plant.devices, plant.circuits, plant.series) == ((), (), ())


def test_recording_is_switched_off_and_on_without_a_new_series(api: Any, meter: dict[str, Any]) -> None:
    address = f"/devices/{meter['id']}"
    series = {row["point"]: row["id"] for row in api.get(f"/series?device={meter['id']}")["items"]}

    fewer = api.patch(address, {"recorded": ["frequency"]})
    back = api.patch(address, {"recorded": "default"})

    assert fewer["recorded"] == ["frequency"]
    assert back["recorded"] == meter["recorded"]
    assert {row["point"]: row["id"] for row in api.get(f"/series?device={meter['id']}")["items"]} == series


def test_a_patch_that_changes_nothing_leaves_version_and_revision(api: Any, meter: dict[str, Any]) -> None:
    revision = load_plant().revision

    same = api.patch(
        f"/devices/{meter['id']}",
        {"name": "Main", "enabled": True, "recorded": "default", "circuits": [{"channel": 1, "name": "Main"}]},
    )

    assert same["version"] == meter["version"]
    assert load_plant().revision == revision


def test_another_profile_is_another_device(api: Any, meter: dict[str, Any]) -> None:
    refused = api("PATCH", f"/devices/{meter['id']}", {"product": "ECR140D"})

    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_field")


def test_a_device_with_several_channels_has_a_circuit_for_each(api: Any, bus: str) -> None:
    wanted = {"name": "Flats", "profile": "hager-ecr", "product": "ECR180T", "bus": bus, "unit_id": 3}
    usages = {row["code"]: row["id"] for row in api.get("/usages")["items"]}

    ambiguous = api("POST", "/devices", wanted | {"usage": usages["lighting"]}).json()
    made = api.post("/devices", wanted | {"circuits": [{"channel": 2, "name": "Hall", "usage": usages["lighting"]}]})

    assert (ambiguous["field"], ambiguous["code"]) == ("usage", "one_circuit_only")
    assert len(made["circuits"]) > 2
    assert [circuit["name"] for circuit in made["circuits"]][:3] == ["Flats 1", "Hall", "Flats 3"]
    assert made["circuits"][1]["usage"] == usages["lighting"]
    assert made["usage"] is None
    point = made["recorded"][0]
    assert api("GET", f"/readings?device={made['id']}&point={point}").json()["code"] == "channel_required"
    assert api.get(f"/readings?device={made['id']}&point={point}&channel=2")["rows"] == []


def test_moving_a_circuit_from_today_leaves_the_past(api: Any, meter: dict[str, Any]) -> None:
    Site.objects.update(zone="Europe/Paris")
    usages = {row["code"]: row["id"] for row in api.get("/usages")["items"]}
    address = f"/devices/{meter['id']}"

    api.patch(address, {"usage": usages["heating"], "since": "always"})
    moved = api.patch(address, {"usage": usages["process"]})
    again = api.patch(address, {"usage": usages["motor"], "activity": "Mill"})

    rows = list(CircuitAssignment.objects.order_by("valid_from").values_list("valid_from", "usage__code", "activity"))
    assert moved["usage"] == usages["process"]
    assert again["usage"] == usages["motor"]
    assert [row[1:] for row in rows] == [("heating", ""), ("motor", "Mill")]
    assert rows[0][0] == BEGINNING
    assert timedelta(0) <= datetime.now(UTC) - rows[1][0] <= timedelta(hours=25)


def test_moving_a_circuit_always_changes_the_past_as_well(api: Any, meter: dict[str, Any]) -> None:
    usages = {row["code"]: row["id"] for row in api.get("/usages")["items"]}
    sources = {row["code"]: row["id"] for row in api.get("/sources")["items"]}
    address = f"/devices/{meter['id']}"
    api.patch(address, {"usage": usages["heating"], "since": "always"})
    api.patch(address, {"usage": usages["process"]})

    api.patch(address, {"source": sources["solar"], "since": "always"})

    rows = CircuitAssignment.objects.order_by("valid_from").values_list("usage__code", "source__code")
    assert list(rows) == [("heating", "solar"), ("process", "solar")]


def test_a_circuit_with_zone_usage_and_source_is_assigned(api: Any, meter: dict[str, Any]) -> None:
    zone = Zone.objects.create(name="House", kind="building")

    partly = api.patch(f"/devices/{meter['id']}", {"usage": "u1", "source": "e1"})
    wholly = api.patch(f"/devices/{meter['id']}", {"zone": f"z{zone.pk}"})
    without = api.patch(f"/devices/{meter['id']}", {"usage": None})

    assert [row["circuits"][0]["assigned"] for row in (partly, wholly, without)] == [False, True, False]
    assert (wholly["zone"], wholly["usage"]) == (f"z{zone.pk}", "u1")


def test_circuits_do_not_feed_each_other_in_a_circle(api: Any, bus: str, meter: dict[str, Any]) -> None:
    wanted = {"name": "Sub", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 2}
    main = meter["circuits"][0]["id"]
    sub = api.post("/devices", wanted | {"fed_by": main})

    circle = api("PATCH", f"/devices/{meter['id']}", {"fed_by": sub["circuits"][0]["id"]}).json()
    itself = api("PATCH", f"/devices/{meter['id']}", {"fed_by": main}).json()

    assert sub["circuits"][0]["fed_by"] == main
    assert (circle["code"], itself["code"]) == ("feeds_in_circle", "feeds_in_circle")


def test_the_plant_is_what_was_configured(api: Any, bus: str, meter: dict[str, Any]) -> None:
    api.patch("/intervals", {"intervals": {"energy": 15}})
    api.patch("/site", {"zone": "Europe/Paris"})
    api.patch(f"/buses/{bus}", {"in_flight": 4})
    api.patch(f"/devices/{meter['id']}", {"usage": "u1", "since": "always", "recorded": ["active_power.total"]})

    plant = load_plant()

    assert plant.zone == "Europe/Paris"
    assert plant.server == Site.objects.get().server
    assert plant.buses == (TcpBus(1, "Board", "127.0.0.1", 15020, 1.0, 1, in_flight=4),)
    assert [(device.name, device.unit_id, device.product) for device in plant.devices] == [("Main", 1, "ECR380D")]
    assert len(plant.devices[0].installations) == 1
    assert plant.circuits[0].assignments[0].usage == 1
    recorded = {(str(series.point), series.aggregate) for series in plant.series if series.recorded}
    assert recorded == {("active_power.total", kept) for kept in (Aggregate.LAST, Aggregate.MEAN, Aggregate.MAX)}
    assert plant.interval_min(Kind.ENERGY) == 15
    assert plant.interval_min(Kind.POWER) == 5
    assert plant.revision == 6


def test_loading_the_plant_locks_nobody_out_and_leaves_no_connection(folder: DataFolder, meter: Any) -> None:
    with transaction.atomic():  # another thread's plant beside an open write transaction
        Site.objects.update(name="changing")
        found: list[Any] = []
        reader = threading.Thread(target=lambda: found.append((load_plant(), connection.connection)))
        reader.start()
        reader.join(timeout=10)

    assert found[0][0].devices[0].name == "Main"
    assert found[0][1] is None


def test_a_damaged_configuration_is_an_error_with_a_reason(folder: DataFolder) -> None:
    connection.close()
    folder.configuration.write_bytes(b"this is no database at all, only text of some length" * 100)

    with pytest.raises(PlantUnreadableError, match=r"config\.sqlite3"):
        load_plant()


@pytest.mark.parametrize(("path", "queries"), [("/devices", 6), ("/series", 3), ("/buses", 3), ("/usages", 3)])
def test_lists_cost_the_same_queries_for_one_row_and_for_many(api: Any, bus: str, path: str, queries: int) -> None:
    wanted = {"profile": "hager-ecr", "product": "ECR140D", "bus": bus}
    api.get(path)  # notes the use of the token
    counts = []
    for number in (1, 2, 3):
        api.post("/devices", wanted | {"name": f"Meter {number}", "unit_id": number})
        with CaptureQueriesContext(
            connection,
        ) as captured:
            api.get(path)
        counts.append([query["sql"] for query in captured if not query["sql"].startswith("PRAGMA")])

    assert len({len(found) for found in counts}) == 1
    assert len(counts[-1]) <= queries, counts[-1]


def test_lists_go_on_where_the_last_page_ended(api: Any, bus: str) -> None:
    for number in range(1, 6):
        api.post("/buses", NEW_BUS | {"name": f"B{number}", "port": 1000 + number})

    names, cursor = [], ""
    while True:
        page = api.get(f"/buses?limit=2{cursor}")
        names += [row["name"] for row in page["items"]]
        assert len(page["items"]) <= 2
        if page["next"] is None:
            break
        cursor = f"&next={page['next']}"

    assert names == ["Board", "B1", "B2", "B3", "B4", "B5"]
    assert api("GET", "/buses?next=x").json()["code"] == "not_a_cursor"
    assert api("GET", "/buses?limit=0").json()["field"] == "limit"
    assert api("GET", "/buses?limt=1").json() | {"errors": 0} == {
        "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "unknown_parameter",
        "field": "limt", "detail": "This parameter does not exist here.", "errors": 0,
    }  # fmt: skip


def test_profiles_of_the_users_folder_are_offered_as_soon_as_they_are_there(api: Any, folder: DataFolder) -> None:
    before = {profile["id"] for profile in api.get("/profiles")}
    folder.profiles.mkdir()
    own = (BUILT_IN / "hager-ecr.yaml").read_text().replace("id: hager-ecr", "id: my-meter", 1)
    Path(folder.profiles / "mine.yaml").write_text(own)

    after = {profile["id"] for profile in api.get("/profiles")}

    assert after - before == {"my-meter"}


def test_intervals_are_those_that_are_offered(api: Any) -> None:
    changed = api.patch("/intervals", {"intervals": {"voltage": 50}})["items"]
    refused = api("PATCH", "/intervals", {"intervals": {"voltage": 7}})
    unknown = api("PATCH", "/intervals", {"intervals": {"love": 5}})

    assert {"kind": "voltage", "minutes": 50, "factory": 10} in changed
    assert (refused.status_code, refused.json()["field"]) == (422, "voltage")
    assert unknown.status_code == 422


def test_the_time_zone_is_the_administrators_to_change(api: Any, caller: Callable[..., Any]) -> None:
    configurator = caller("configurator")

    named = configurator.patch("/site", {"name": "Town hall"})
    refused = configurator("PATCH", "/site", {"zone": "Europe/Paris"})
    wrong = api("PATCH", "/site", {"zone": "Europe/Atlantis"})
    late = api("PATCH", "/site", {"name": "x", "version": 1})

    assert (named["name"], named["version"]) == ("Town hall", 2)
    assert refused.status_code == 403
    assert wrong.json()["code"] == "not_time_zone"
    assert late.status_code == 409


def test_every_change_is_told_with_who_and_what(api: Any, caller: Callable[..., Any], bus: str) -> None:
    caller("configurator").patch(f"/buses/{bus}", {"port": 1600})

    told = [(event["actor"], event["params"]) for event in api.get("/events?code=configuration_changed")["items"]]

    assert told == [
        ("configurator", {"what": "bus", "name": "Board", "change": "changed"}),
        ("admin", {"what": "bus", "name": "Board", "change": "created"}),
    ]
