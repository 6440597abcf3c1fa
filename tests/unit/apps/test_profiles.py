"""Profiles in the API: where they come from, what to heed, and what a product of them offers, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from wattledger.plant import DataFolder

PROFILE = """\
id: mine
version: 3
name: My meter
family: mine
status: derived
sources: [{title: "A manual", date: "2019", covers: registers}]
variants: {one: {title: all}}
products: [{ref: M1, variant: one, name: "Meter one"}, {ref: M2, variant: one}]
transport: {tcp: {port: 502}}
blocks: [{start: 0, words: 4, poll: slow}]
points:
  - {name: voltage.l1-n, addr: 0, type: u16, scale: 0.1, unit: V, recorded: true}
  - {name: input_state, addr: 1, type: u16, values: {1: state.closed, 0: state.open}}
parameters:
  - {name: ratio, addr: 90, type: u16, unit: A, text: param.ratio}
  - {name: network, addr: 91, type: u16, text: param.network, values: {0: net.one}, writable: true, min: 0, max: 3,
     danger: changes_figures, after: restart}
commands:
  - {name: reset, addr: 92, text: command.reset, value: 7, danger: resets_counters}
  - {name: tariff, addr: 93, text: command.tariff, value: {min: 1, max: 8}}
alarms: [{name: l1, addr: 94, type: bits, bit: 0, severity: major, text: alarm.phase, args: {phase: L1}}]
notes: [note.twin]
texts:
  en: {param.ratio: Ratio, param.network: Network, net.one: one phase, command.reset: Reset, command.tariff: Set tariff,
       alarm.phase: "Phase {phase} is missing", note.twin: Not proven., state.open: open, state.closed: closed}
  de: {alarm.phase: "Phase {phase} fehlt", note.twin: Nicht bewiesen.}
"""


@pytest.fixture
def mine(folder: DataFolder) -> str:
    """A profile of the user's own."""
    folder.profiles.mkdir(exist_ok=True)
    (folder.profiles / "mine.yaml").write_text(PROFILE)
    return "/profiles/mine"


def test_a_profile_tells_where_it_comes_from_and_what_to_heed(api: Any, mine: str) -> None:
    assert api.get(mine) == {
        "id": "mine", "name": "My meter", "family": "mine", "products": ["M1", "M2"], "buses": ["modbus-tcp"],
        "status": "derived", "version": 3, "notes": ["Not proven."], "offer": None,
        "sources": [{"title": "A manual", "date": "2019", "covers": "registers"}],
    }  # fmt: skip


def test_a_product_tells_what_it_measures_and_what_can_be_set_and_told(api: Any, mine: str) -> None:
    offer = api.get(f"{mine}?product=M1")["offer"]

    assert (offer["product"], offer["name"], offer["channels"]) == ("M1", "Meter one", 1)
    assert offer["points"] == [
        {"channel": 1, "point": "voltage.l1-n", "unit": "V", "decimals": 1, "poll": "slow", "recorded": True,
         "meanings": []},
        {"channel": 1, "point": "input_state", "unit": "1", "decimals": 0, "poll": "slow", "recorded": False,
         "meanings": [{"value": 0, "text": "open"}, {"value": 1, "text": "closed"}]},
    ]  # fmt: skip
    assert offer["parameters"] == [
        {"name": "ratio", "text": "Ratio", "unit": "A", "meanings": [], "writable": False, "min": None, "max": None,
         "danger": None, "after": None},
        {"name": "network", "text": "Network", "unit": "1", "meanings": [{"value": 0, "text": "one phase"}],
         "writable": True, "min": 0.0, "max": 3.0, "danger": "changes_figures", "after": "restart"},
    ]  # fmt: skip
    assert offer["commands"] == [
        {"name": "reset", "text": "Reset", "value": 7, "min": None, "max": None, "danger": "resets_counters"},
        {"name": "tariff", "text": "Set tariff", "value": None, "min": 1, "max": 8, "danger": "none"},
    ]
    assert offer["alarms"] == [{"name": "l1", "text": "Phase L1 is missing", "severity": "major"}]


def test_what_people_read_of_a_profile_is_in_their_language(caller: Callable[..., Any], mine: str) -> None:
    german = caller(language="de").get(f"{mine}?product=M1")

    assert german["notes"] == ["Nicht bewiesen."]
    assert german["offer"]["alarms"][0]["text"] == "Phase L1 fehlt"
    assert german["offer"]["commands"][0]["text"] == "Reset"  # nobody wrote it in German


def test_every_built_in_profile_can_be_shown(api: Any) -> None:
    for profile in api.get("/profiles"):
        product = profile["products"][0]
        shown = api.get(f"/profiles/{profile['id']}?{urlencode({'product': product})}")
        assert (shown["id"], shown["offer"]["product"]) == (profile["id"], product)


def test_an_unknown_profile_or_product_is_told(api: Any, mine: str) -> None:
    assert api("GET", "/profiles/nothing").json()["code"] == "not_found"

    refused = api("GET", f"{mine}?product=M9")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "product"
    assert "M1, M2" in str(refused.json()["errors"][0])
