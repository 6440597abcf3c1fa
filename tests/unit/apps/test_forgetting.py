"""History that a person lets go: it cannot be read any more, whatever happens, and recording goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wattledger.apps.devices.models import Installation, InstallationIndex, Series
from wattledger.archive import EmbeddedReader
from wattledger.plant import DataFolder

WITHIN_S = 15.0
POWER = "active_power.total"
ROWS = [["2026-01-01T00:00:00Z", 100], ["2026-02-01T00:00:00Z", 101], ["2026-03-01T00:00:00Z", 102]]
MIDDLE = "?before=2026-02-15T00:00:00Z&confirm=2026-02-15"
YEAR = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z"


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return answer


def power_of(api: Any, device: str) -> str:
    (found,) = [
        row for row in api.get(f"/series?device={device}")["items"] if (row["point"], row["how"]) == (POWER, "last")
    ]
    return str(found["id"])


def kept(folder: DataFolder, series: str) -> int:
    number = int(series[1:])
    with EmbeddedReader.open(folder.archive) as reader:
        start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2100))
        return len(reader.read([number], start, end)[number])


@pytest.fixture
def history(api: Any, engine: None, meter: dict[str, Any]) -> str:
    """A series with three readings."""
    until(lambda: api.get("/state")["active"])
    api.post("/readings", {"device": meter["id"], "point": POWER, "rows": ROWS})
    return power_of(api, meter["id"])


def test_all_readings_of_a_device_go_and_it_is_recorded_further(
    api: Any, folder: DataFolder, meter: dict[str, Any], history: str
) -> None:
    before = api.get(f"/series?device={meter['id']}")["items"]
    assert kept(folder, history) == 3

    answer = api("DELETE", f"/devices/{meter['id']}/readings?confirm=Main")

    after = api.get(f"/series?device={meter['id']}")["items"]
    what = [(row["point"], row["how"], row["recorded"]) for row in before]
    assert answer.json() == {"series": [row["id"] for row in before]}
    assert [(row["point"], row["how"], row["recorded"]) for row in after] == what
    assert {row["id"] for row in before}.isdisjoint(row["id"] for row in after)
    assert kept(folder, history) == 0
    assert api("GET", f"/readings?series={history}").status_code == 422
    (event,) = api.get("/events?code=configuration_changed&limit=1")["items"]
    assert (event["text"], event["actor"]) == ("Configuration, readings Main: deleted", "admin")

    given = {"device": meter["id"], "point": POWER, "rows": ROWS}
    assert api.post("/readings", given)["stored"] == 3
    assert len(api.get(f"/readings?device={meter['id']}&point={POWER}&{YEAR}")["rows"]) == 3


def test_a_deleted_device_leaves_nothing_when_its_readings_go_too(
    api: Any, folder: DataFolder, meter: dict[str, Any], history: str
) -> None:
    api("DELETE", f"/devices/{meter['id']}")
    assert kept(folder, history) == 3

    assert api("DELETE", f"/storage/months{MIDDLE}").json() == {"months": 1}
    assert api("DELETE", f"/storage/months{MIDDLE}").json() == {"months": 0}
    assert kept(folder, history) == 2
    (event,) = api.get("/events?code=readings_forgotten")["items"]
    assert event["text"] == "Readings of months before 2026-02-15 were removed (1); daily values stay"
    assert event["actor"] == "admin"

    api("DELETE", f"/devices/{meter['id']}/readings?confirm=Main")
    assert kept(folder, history) == 0
    assert api.get(f"/series?device={meter['id']}")["items"] == []
    assert api("DELETE", f"/devices/{meter['id']}/readings?confirm=Main").json() == {"series": []}


def test_a_single_series_goes_alone(api: Any, meter: dict[str, Any]) -> None:
    series = power_of(api, meter["id"])
    before = {row["id"] for row in api.get(f"/series?device={meter['id']}")["items"]}

    assert api("DELETE", f"/series/{series}/readings?confirm={series}").json() == {"series": [series]}

    after = {row["id"] for row in api.get(f"/series?device={meter['id']}")["items"]}
    assert before - after == {series}
    assert power_of(api, meter["id"]) in after - before


def test_what_a_meter_showed_when_it_was_mounted_stays(api: Any, meter: dict[str, Any]) -> None:
    series = power_of(api, meter["id"])
    installation = Installation.objects.get()
    InstallationIndex.objects.create(installation=installation, series_id=int(series[1:]), first_index=7.5)

    api("DELETE", f"/series/{series}/readings?confirm={series}")

    index = InstallationIndex.objects.get()
    assert (index.installation, index.first_index) == (installation, 7.5)
    assert index.series_id == int(power_of(api, meter["id"])[1:])


def test_what_is_not_recorded_any_more_has_no_successor(api: Any, meter: dict[str, Any]) -> None:
    series = power_of(api, meter["id"])
    api.patch(f"/devices/{meter['id']}", {"recorded": ["frequency"]})

    api("DELETE", f"/series/{series}/readings?confirm={series}")

    assert Series.objects.filter(quantity="active_power", phase="total", aggregate="last").count() == 0


def test_an_engine_that_was_down_makes_up_for_it(
    api: Any, folder: DataFolder, meter: dict[str, Any], run_engine_on: Any, make_board: Any
) -> None:
    with run_engine_on(make_board().file):
        until(lambda: api.get("/state")["active"])
        api.post("/readings", {"device": meter["id"], "point": POWER, "rows": ROWS})
    series = power_of(api, meter["id"])

    api("DELETE", f"/series/{series}/readings?confirm={series}")
    assert kept(folder, series) == 3

    with run_engine_on(make_board("L").file):
        until(lambda: kept(folder, series) == 0)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/devices/{device}/readings?confirm=main", "Main"),
        ("/series/{series}/readings?confirm=s999", "{series}"),
        ("/storage/months?before=2026-02-15T00:00:00Z&confirm=yes", "2026-02-15"),
    ],
)
def test_nothing_goes_that_was_not_confirmed(api: Any, meter: dict[str, Any], address: str, expected: str) -> None:
    series = power_of(api, meter["id"])
    address, expected = (text.format(device=meter["id"], series=series) for text in (address, expected))

    wrong, without = api("DELETE", address), api("DELETE", address.partition("confirm")[0].rstrip("?&"))

    for response, code in ((wrong, "not_confirmed"), (without, "required")):
        assert (response.status_code, response.json()["code"], response.json()["field"]) == (422, code, "confirm")
    assert expected in wrong.json()["detail"]
    assert power_of(api, meter["id"]) == series


@pytest.mark.parametrize("address", ["/devices/d99/readings?confirm=x", "/series/s99/readings?confirm=s99"])
def test_what_is_not_there_is_not_found(api: Any, bus: str, address: str) -> None:
    assert api("DELETE", address).status_code == 404
