"""The server's own inputs and outputs through the API, with a real engine over a copy of the kernel's files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wattledger.apps.devices.plant import load_plant
from wattledger.apps.rest.server import journal
from wattledger.journal import Code
from wattledger.plant import AnalogInput, LocalBus, PulseInput

WITHIN_S = 15.0
RELAY = "class/gpio/gpio22/value"
VOLTAGE = "bus/iio/devices/iio:device1/out_voltage0_raw"
PULSES = {"profile": "local-inputs", "product": "PULSECOUNTER", "unit_id": 1}
WATER = {"measures": "water_volume", "unit": "l", "amount": 10, "offset": 1234.5}


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return answer


@pytest.fixture
def local(api: Any) -> str:
    """The local bus."""
    return str(api.post("/buses", {"kind": "local-io", "name": "Inputs"})["id"])


@pytest.fixture
def board(make_board: Callable[[str], Any], run_engine_on: Any) -> Iterator[Any]:
    """The files of a board of variant H, with an engine that runs on it."""
    files = make_board("H")
    with run_engine_on(files.file):
        yield files


def live(api: Any, device: str) -> dict[str, Any]:
    return {row["point"]: row for row in api.get(f"/devices/{device}/live")}


def pulse(board: Any, api: Any) -> None:
    """One pulse, counted before this is done."""
    before = api.get("/io")["inputs"][0]["pulses"]
    board.feed(on=True)
    until(lambda: api.get("/io")["inputs"][0]["pulses"] == before + 1)
    board.feed(on=False)
    until(lambda: api.get("/io")["inputs"][0]["raw"] == 0)


def test_there_is_one_local_bus(api: Any, local: str) -> None:
    second = api("POST", "/buses", {"kind": "local-io", "name": "More"})
    renamed = api.patch(f"/buses/{local}", {"name": "Terminals"})
    foreign = api("PATCH", f"/buses/{local}", {"port": 502})

    assert renamed == {"id": local, "kind": "local-io", "name": "Terminals", "version": 2}
    assert (second.status_code, second.json()["field"], second.json()["code"]) == (422, "kind", "taken")
    assert (foreign.status_code, foreign.json()["code"]) == (422, "unknown_field")
    assert load_plant().buses == (LocalBus(1, "Terminals"),)


def test_a_water_meter_is_counted_and_shown_in_its_unit(api: Any, board: Any, local: str) -> None:
    device = api.post("/devices", {**PULSES, "name": "Water", "bus": local, "input": WATER})["id"]
    until(lambda: live(api, device).get("water_volume"))

    for _ in range(3):
        pulse(board, api)
    value = until(lambda: (row := live(api, device)["water_volume"])["value"] == 1.2645 and row)
    identity = api.post(f"/devices/{device}/identify", {})
    shown = api.get("/io")["inputs"][0]

    assert (value["unit"], value["quality"]) == ("m³", "good")  # 1234.5 l and three times ten
    assert (identity["outcome"], identity["found"]) == ("match", {"product": "PULSECOUNTER"})
    assert (shown["device"], shown["pulses"], shown["point"]) == (device, 3, "water_volume")
    [series] = api.get(f"/series?device={device}")["items"]
    assert (series["point"], series["unit"], series["decimals"]) == ("water_volume", "m³", 4)


def test_an_index_goes_on_where_it_was_after_a_restart(
    api: Any, make_board: Callable[[str], Any], run_engine_on: Any, local: str
) -> None:
    files = make_board("H")
    api.post("/devices", {**PULSES, "name": "Water", "bus": local, "input": WATER})
    with run_engine_on(files.file):
        until(lambda: api.get("/io")["inputs"][0]["pulses"] == 0)
        pulse(files, api)

    with run_engine_on(files.file):
        assert until(lambda: api.get("/io")["inputs"][0]["pulses"]) == 1


def test_a_sensor_is_scaled_and_its_failure_is_no_value(api: Any, board: Any, local: str) -> None:
    said = {"measures": "pressure", "unit": "bar", "at_4ma": 0, "at_20ma": 10}
    wanted = {"profile": "local-inputs", "product": "ANALOG-INPUT", "unit_id": 3, "bus": local, "name": "Air"}
    device = api.post("/devices", {**wanted, "input": said})["id"]

    until(lambda: live(api, device).get("pressure", {}).get("value") == 500_000)  # 12 mA
    board.write("bus/iio/devices/iio:device0/in_voltage0_raw", "700")  # 3.5 mA
    until(lambda: live(api, device)["pressure"]["quality"] == "not_available")

    shown = api.get("/io")["inputs"][2]
    assert (shown["raw"], shown["raw_unit"], shown["value"]) == (3.5, "mA", None)
    assert shown["fault"]["code"] == "wire_break"
    assert shown["fault"]["text"]


def test_what_an_input_measures_can_be_changed(api: Any, board: Any, local: str) -> None:
    made = api.post("/devices", {**PULSES, "name": "Sub-meter", "bus": local})
    until(lambda: live(api, made["id"]).get("pulses"))

    said = {"measures": "active_energy.import.total", "unit": "kWh", "amount": 0.001}
    changed = api.patch(f"/devices/{made['id']}", {"input": said})
    until(lambda: set(live(api, made["id"])) == {"active_energy.import.total"})
    again = api("PATCH", f"/devices/{made['id']}", {"input": said}).json()

    assert made["input"] == {
        "kind": "pulse", "measures": "pulses", "unit": "", "amount": 1.0, "offset": 0.0, "debounce_ms": 10,
        "inverted": False, "at_4ma": None, "at_20ma": None, "lead_ohm": None,
    }  # fmt: skip
    assert changed["input"] == made["input"] | said
    assert (changed["recorded"], changed["version"], again["version"]) == (["active_energy.import.total"], 2, 2)
    assert load_plant().devices[0].input == PulseInput("active_energy.import.total", "kWh", amount=0.001)


@pytest.mark.parametrize(
    ("product", "terminal", "said", "field", "code"),
    [
        ("PULSECOUNTER", 3, {}, "unit_id", "not_one_of"),
        ("PT100", 1, {}, "unit_id", "not_one_of"),
        ("PULSECOUNTER", 1, {"measures": "temperature"}, "input.measures", "unfit_measure"),
        ("PULSECOUNTER", 1, {"measures": "water"}, "input.measures", "unknown_measure"),
        ("PULSECOUNTER", 1, {"measures": "water_volume", "unit": "kWh"}, "input.unit", "not_one_of"),
        ("PULSECOUNTER", 1, {"amount": 0}, "input.amount", "not_above"),
        ("PULSECOUNTER", 1, {"debounce_ms": 1001}, "input.debounce_ms", "too_big"),
        ("PULSECOUNTER", 1, {"lead_ohm": 1}, "input.lead_ohm", "not_for_this_input"),
        ("BINARY-INPUT", 1, {"unit": "l"}, "input.unit", "not_for_this_input"),
        ("ANALOG-INPUT", 3, {"at_4ma": 20}, "input.at_20ma", "ends_alike"),
        ("PT100", 5, {"measures": "pressure"}, "input.measures", "unfit_measure"),
    ],
)
def test_an_input_that_cannot_be_is_refused(
    api: Any, local: str, product: str, terminal: int, said: dict[str, Any], field: str, code: str
) -> None:
    wanted = {"profile": "local-inputs", "product": product, "unit_id": terminal, "bus": local, "name": "X"}

    refused = api("POST", "/devices", {**wanted, "input": said})

    assert (refused.status_code, refused.json()["field"], refused.json()["code"]) == (422, field, code)
    assert api.get("/devices")["items"] == []


def test_meters_and_inputs_do_not_change_places(api: Any, bus: str, local: str, meter: dict[str, Any]) -> None:
    on_line = api("POST", "/devices", {**PULSES, "name": "X", "bus": bus, "unit_id": 2})
    moved = api("PATCH", f"/devices/{meter['id']}", {"bus": local})
    said = api("PATCH", f"/devices/{meter['id']}", {"input": {"amount": 2}})

    assert [one.json()["code"] for one in (on_line, moved, said)] == ["not_on_this_bus", "not_on_this_bus", "no_input"]


def test_the_small_variant_refuses_what_it_lacks(
    api: Any, make_board: Callable[[str], Any], run_engine_on: Any, local: str
) -> None:
    with run_engine_on(make_board("L").file):
        refused = api("POST", "/devices", {**PULSES, "name": "Water", "bus": local})
        thermometer = {"profile": "local-inputs", "product": "PT100", "unit_id": 5, "bus": local, "name": "Outside"}
        device = api.post("/devices", thermometer)["id"]
        outside = until(lambda: live(api, device).get("outdoor_temperature"))
        io = api.get("/io")
        set_refused = api("PATCH", "/io", {"analog_output_v": 1})

    assert (refused.status_code, refused.json()["code"]) == (422, "not_on_variant")
    assert "(L)" in refused.json()["detail"]
    assert (outside["value"], outside["unit"]) == (0.0, "°C")
    assert io["variant"] == "L"
    assert [one["missing"] and one["missing"]["code"] for one in io["inputs"]] == ["not_on_variant"] * 4 + [None]
    assert (io["relay"]["closed"], io["analog_output"]["missing"]["code"]) == (False, "not_on_variant")
    assert (set_refused.status_code, set_refused.json()["code"]) == (422, "no_output")


def test_without_a_board_everything_says_so(api: Any, engine: None, local: str) -> None:
    device = api.post("/devices", {**PULSES, "name": "Water", "bus": local})["id"]
    state = until(lambda: [one for one in api.get("/state")["devices"] if one["condition"] == "unreachable"])
    identity = api.post(f"/devices/{device}/identify", {})
    relay = api("POST", "/io/relay-test", {})
    io = api.get("/io")

    assert "no board file says what this computer has" in state[0]["reason"]
    assert (identity["outcome"], identity["advice"]["code"]) == ("no_answer", "check_terminal")
    assert (relay.status_code, relay.json()["code"]) == (409, "no_relay")
    assert (io["variant"], io["relay"]["missing"]["code"]) == (None, "no_board")
    assert io["lamps"] == {"modbus": "off", "power": "green"}


def test_the_voltage_is_set_and_kept(
    api: Any, make_board: Callable[[str], Any], run_engine_on: Any, caller: Callable[..., Any]
) -> None:
    files = make_board("H")
    with run_engine_on(files.file):
        changed = api.patch("/io", {"analog_output_v": 3.4})
        assert files.read(VOLTAGE) == "1360"
        between = api("PATCH", "/io", {"analog_output_v": 3.45})
        outside = api("PATCH", "/io", {"analog_output_v": 10.1})
    files.write(VOLTAGE, "0")
    with run_engine_on(files.file):
        assert until(lambda: files.read(VOLTAGE) == "1360")  # as it was before the restart

    assert changed["analog_output"] == {"set_v": 3.4, "value_v": 3.4, "missing": None}
    assert [one.json()["code"] for one in (between, outside)] == ["not_in_steps", "too_big"]
    assert caller("configurator")("PATCH", "/io", {"analog_output_v": 1}).status_code == 403
    [event] = journal().events(codes=[Code.CONFIGURATION_CHANGED]).events
    assert (event.params["what"], event.actor) == ("local_io", "admin")


def test_the_relay_is_tested_once_at_a_time_and_opens_again(api: Any, board: Any) -> None:
    until(lambda: board.read(RELAY) == "0")  # something had left it closed

    closed = api.post("/io/relay-test", {})
    held = board.read(RELAY)
    again = api("POST", "/io/relay-test", {})
    until(lambda: api.get("/io")["relay"]["closed"] is False)

    assert (closed, held) == ({"closed": True, "missing": None}, "1")
    assert (again.status_code, again.json()["code"]) == (409, "relay_held")
    assert board.read(RELAY) == "0"
    [event] = until(lambda: journal().events(codes=[Code.RELAY_TESTED]).events)
    assert event.actor == "admin"


def test_the_lamps_are_lit_while_the_engine_works(
    make_board: Callable[[str], Any], run_engine_on: Any, api: Any
) -> None:
    files = make_board("H")
    with run_engine_on(files.file):
        until(lambda: files.read("class/leds/power:green/brightness") == "255")
    assert files.read("class/leds/power:green/brightness") == "0"


def test_a_kept_input_is_what_the_engine_gets(api: Any, local: str) -> None:
    wanted = {"profile": "local-inputs", "product": "ANALOG-INPUT", "unit_id": 4, "bus": local, "name": "Wind"}
    api.post("/devices", {**wanted, "input": {"measures": "wind_speed", "at_4ma": 0, "at_20ma": 50}})

    assert load_plant().devices[0].input == AnalogInput("wind_speed", "", at_4ma=0.0, at_20ma=50.0)
