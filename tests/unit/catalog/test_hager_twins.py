"""The meters that are read by the tables of their Socomec twins; numbers here are typed from the makers' tables."""

from __future__ import annotations

from functools import cache

import pytest

from wattledger.catalog import DeviceMap, Profile, device_map, load_profile
from wattledger.catalog.loading import BUILT_IN


@cache
def profile(profile_id: str) -> Profile:
    return load_profile(BUILT_IN / f"{profile_id}.yaml")


@cache
def twin(profile_id: str, product: str) -> DeviceMap:
    return device_map(profile(profile_id), profile(profile_id).product(product))


def addresses(mapped: DeviceMap) -> dict[str, int]:
    return {str(point.name): point.address for point in mapped.points}


COUNTIS = {
    "voltage.l1-l2": 50514, "voltage.l2-l3": 50516, "voltage.l3-l1": 50518,
    "voltage.l1-n": 50520, "voltage.l2-n": 50522, "voltage.l3-n": 50524, "frequency": 50526,
    "current.l1": 50528, "current.l2": 50530, "current.l3": 50532, "current.n": 50534,
    "active_power.total": 50536, "reactive_power.total": 50538, "apparent_power.total": 50540,
    "power_factor_ieee.total": 50542, "active_power.l1": 50544, "active_power.l3": 50548,
    "reactive_power.l1": 50550, "reactive_power.l3": 50554, "apparent_power.l1": 50556, "apparent_power.l3": 50560,
    "power_factor_ieee.l1": 50562, "power_factor_ieee.l3": 50566,
}  # fmt: skip
TABLES = {
    ("hager-ec366", "EC366"): COUNTIS | {
        "active_energy.import.total": 50946, "reactive_energy.import.total": 50948, "active_energy.export.total": 50952,
        "partial_active_energy.import.total": 50956, "partial_reactive_energy.import.total": 50958,
        "partial_active_energy.export.total": 50962, "active_tariff": 51201,
        "active_energy.import.total.t1": 51202, "active_energy.import.total.t4": 51208,
    },
    ("hager-sm101c", "SM101C"): COUNTIS | {
        "operating_time": 50512, "power_factor.total": 50574, "power_factor.l3": 50580,
        "active_energy.import.total": 50780, "reactive_energy.import.total": 50782, "apparent_energy.sum.total": 50784,
        "active_energy.export.total": 50786, "reactive_energy.export.total": 50788,
        "active_tariff": 50849, "active_energy.import.total.t2": 50852, "reactive_energy.import.total.t2": 50868,
        "current_demand_maximum.n": 51076, "active_power_demand_maximum.total": 51078,
        "reactive_power_demand_maximum.total": 51082, "apparent_power_demand_maximum.total": 51086,
        "thd_voltage.l1-l2": 51536, "thd_voltage.l1": 51539, "thd_current.l3": 51544,
    },
    ("hager-sm102e", "SM102E"): {
        "current.l1": 768, "current.n": 774, "voltage.l1-l2": 776, "voltage.l1-n": 782, "frequency": 788,
        "active_power.total": 790, "reactive_power.total": 792, "apparent_power.total": 794,
        "power_factor_ieee.total": 796, "current_demand_maximum.l1": 838, "active_power_demand_maximum.total": 844,
        "active_energy.import.total": 856, "reactive_energy.import.total": 858, "current_demand_maximum.n": 916,
    },
    ("hager-sm103e", "SM103E"): COUNTIS | {
        "operating_time": 50512, "active_energy.import.total": 50770, "reactive_energy.import.total": 50772,
        "apparent_energy.sum.total": 50774, "active_energy.export.total": 50776, "reactive_energy.export.total": 50778,
        "thd_voltage.l1-l2": 51536, "thd_current.n": 51545,
    },
    ("hager-sm103e-late", "SM103E"): {
        "frequency": 18442, "voltage.l1-n": 18444, "voltage.n": 18450, "voltage.l1-l2": 18452, "current.l1": 18458,
        "current.n": 18464, "current_unbalance": 18466, "active_power.total": 18476, "reactive_power.total": 18478,
        "apparent_power.total": 18484, "power_factor.total": 18486, "active_power.l1": 18488,
        "reactive_power.l3": 18498, "apparent_power.l1": 18512, "power_factor.l3": 18520, "operating_time": 19841,
        "active_energy.import.total": 19843, "active_energy.export.total": 19846, "reactive_energy.import.total": 19849,
        "reactive_energy.export.total": 19852, "apparent_energy.sum.total": 19855,
    },
}  # fmt: skip


@pytest.mark.parametrize(("profile_id", "product"), TABLES)
def test_the_decimal_column_of_the_twins_table_is_the_address_on_the_wire(profile_id: str, product: str) -> None:
    at = addresses(twin(profile_id, product))

    assert {name: at.get(name) for name in TABLES[profile_id, product]} == TABLES[profile_id, product]


@pytest.mark.parametrize(("profile_id", "product"), TABLES)
def test_nobody_calls_a_map_of_a_twin_the_makers_own(profile_id: str, product: str) -> None:
    assert profile(profile_id).status == "derived"
    assert twin(profile_id, product).notes[0] == "note.derived"


def test_an_index_in_steps_of_ten_watt_hours_starts_anew_after_the_tables_highest() -> None:
    mapped = twin("hager-ec366", "EC377M")
    counters = [point for point in mapped.points if "energy" in point.name.quantity]

    assert {(point.scale, point.modulus) for point in counters} == {(10.0, 1e10)}


def test_the_transformers_concern_only_the_meters_that_have_them() -> None:
    direct, ct = ({one.name for one in twin("hager-ec366", ref).parameters} for ref in ("EC367M", "EC376"))

    assert ct - direct == {
        "ct_primary", "ct_secondary", "secondary_current_l1", "secondary_current_l2", "secondary_current_l3",
    }  # fmt: skip
    assert direct <= ct


@pytest.mark.parametrize(("profile_id", "product"), [("hager-ec366", "EC366"), ("hager-sm103e-late", "SM103E")])
def test_the_clock_is_six_registers_of_one_write_and_can_be_looked_at(profile_id: str, product: str) -> None:
    clock = twin(profile_id, product).clock

    assert clock is not None
    assert (clock.addr, clock.fc, clock.fields) == (57600, 16, ("day", "month", "year", "hour", "minute", "second"))
    assert clock.read is not None
    assert clock.read.addr == 57600


def test_an_alarm_of_a_diris_names_what_is_beyond_which_threshold() -> None:
    alarms = {(one.address, one.equals): (one.text, one.args) for one in twin("hager-sm101c", "SM101C").alarms}

    assert alarms[36176, 8] == ("alarm.low", {"quantity": "P"})
    assert alarms[36179, 5] == ("alarm.high", {"quantity": "U12"})
    assert alarms[36179, 24] == ("alarm.high", {"quantity": "V3"})
    assert alarms[36179, 17] == ("alarm.high", {"quantity": "THD I3"})
    assert alarms[36179, 21] == ("alarm.operating_time", {})
