"""What has led others astray with these devices: each mistake made in public, or easily made, has its test here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from wattledger.catalog import DeviceMap, Profile, device_map, load_profile
from wattledger.catalog.loading import BUILT_IN

SOCOMEC_TABLES = ("hager-ec366", "hager-sm101c", "hager-sm102e", "hager-sm103e", "hager-sm103e-late")
FAMILY = tuple(sorted(path.stem for path in BUILT_IN.glob("hager-*.yaml")))


@cache
def profile(profile_id: str) -> Profile:
    return load_profile(BUILT_IN / f"{profile_id}.yaml")


@cache
def first_product(profile_id: str) -> DeviceMap:
    return device_map(profile(profile_id), profile(profile_id).products[0])


def names_at(profile_id: str, address: int) -> dict[str, str]:
    """What the profile takes for the register: its points and parameters, by kind."""
    mapped = first_product(profile_id)
    return {
        **{str(point.name): "point" for point in mapped.points if point.number_at == address},
        **{one.name: "parameter" for one in mapped.parameters if one.address == address},
    }


def registers_written(profile_id: str) -> Iterator[int]:
    """Every register that the server would write on some product of the profile."""
    for product in profile(profile_id).products:
        mapped = device_map(profile(profile_id), product)
        for one in mapped.parameters:
            if one.writing is not None:
                yield from range(one.address, one.address + one.writing.words)
        yield from (command.addr for command in mapped.commands)
        if mapped.store is not None:
            yield mapped.store.addr
        if mapped.clock is not None:
            yield from range(mapped.clock.addr, mapped.clock.addr + len(mapped.clock.fields))


# The same address, another meaning


@pytest.mark.parametrize(
    ("profile_id", "meanings"),
    [
        ("hager-ec366", ["network_type", None, None, None]),  # of the direct ones; transformers follow
        ("hager-sm101c", ["network_type", "ct_secondary", "ct_primary", None]),
        ("hager-sm102e", [None, None, None, None]),
        ("hager-sm103e", [None, None, None, None]),
        ("hager-sm103e-late", ["bus_address", "baud_rate", "stop_bits", "parity"]),
    ],
)
def test_what_57344_to_57347_mean_is_known_per_table(profile_id: str, meanings: list[str | None]) -> None:
    found = [next(iter(names_at(profile_id, address)), None) for address in range(57344, 57348)]

    assert found == meanings


@pytest.mark.parametrize("profile_id", FAMILY)
def test_nothing_is_ever_written_where_a_sister_has_another_setting(profile_id: str) -> None:
    assert not {57344, 57345, 57346, 57347} & set(registers_written(profile_id))


def test_50780_is_an_index_on_one_meter_and_the_number_of_pulse_inputs_on_another() -> None:
    assert names_at("hager-sm101c", 50780) == {"active_energy.import.total": "point"}
    assert names_at("hager-sm103e", 50780) == {"pulse_inputs": "parameter"}
    assert names_at("hager-ec366", 50780) == {}  # partial there, and finer at 50956


def test_no_read_of_the_energies_runs_into_the_number_of_pulse_inputs() -> None:
    blocks = first_product("hager-sm103e").blocks

    assert not [block for block in blocks if block.start <= 50780 < block.end]


@pytest.mark.parametrize(
    ("profile_id", "raw"), [("hager-ec366", 5000), ("hager-sm101c", 5000), ("hager-sm103e-late", 50000)]
)
def test_the_step_of_the_frequency_is_that_of_the_table(profile_id: str, raw: int) -> None:
    frequency = first_product(profile_id).point("frequency")

    assert frequency is not None
    assert raw * frequency.multiplier / frequency.divisor == 50.0


# Addresses that were decoded once too often


def test_the_diris_a40_is_asked_at_the_printed_address_and_not_40001_below_it() -> None:
    mapped = first_product("hager-sm103e")

    assert names_at("hager-sm103e", 50514) == {"voltage.l1-l2": "point"}
    assert not [block for block in mapped.blocks if block.start < 40001]


# Signs of the power factor


@pytest.mark.parametrize("profile_id", ["hager-ec366", "hager-sm101c", "hager-sm102e", "hager-sm103e"])
def test_a_sign_that_says_leading_or_lagging_is_not_taken_for_the_direction_of_energy(profile_id: str) -> None:
    by_address = {point.number_at: point for point in first_product(profile_id).points}
    signed_by_lead = by_address[796 if profile_id == "hager-sm102e" else 50542]

    # Lagging is positive in the device and negative in the IEEE form
    assert str(signed_by_lead.name) == "power_factor_ieee.total"
    assert signed_by_lead.multiplier / signed_by_lead.divisor == -0.001


def test_a_power_factor_of_one_without_any_power_is_no_missing_value() -> None:
    factor = first_product("hager-ecr").point("power_factor.total")

    assert factor is not None
    assert factor.nan == (0x7FFF,)
    assert 1000 not in factor.nan


# Counters


def test_the_residual_in_tenths_of_a_watt_hour_is_part_of_the_index() -> None:
    index = first_product("hager-sm103e-late").point("active_energy.import.total")

    assert index is not None
    assert [number.address for number in index.plus] == [19845]
    assert (index.scale, index.decimals) == (0.1, 1)


@pytest.mark.parametrize("profile_id", ["hager-ecr", "hager-sm101c", "hager-sm102e", "hager-sm103e"])
def test_a_meter_that_counts_in_whole_kilowatt_hours_says_that_it_is_too_coarse_for_minutes(profile_id: str) -> None:
    index = first_product(profile_id).point("active_energy.import.total")

    assert index is not None
    assert index.scale == 1000.0
    assert "note.whole_kwh" in profile(profile_id).notes


def test_the_smallest_meter_starts_anew_at_99999_and_tells_how_often_it_did() -> None:
    mapped = device_map(profile("hager-ecr"), profile("hager-ecr").product("ECR140D"))
    index = mapped.point("active_energy.import.total")

    assert index is not None
    assert index.modulus == 100_000_000.0
    assert [one.address for one in mapped.parameters if one.name == "overflows_import"] == [0xC012]


# Writing


@pytest.mark.parametrize("profile_id", ["hager-ec366", "hager-sm101c"])
def test_a_setting_of_a_socomec_table_counts_only_after_it_was_stored(profile_id: str) -> None:
    mapped = first_product(profile_id)
    writable = [one.writing for one in mapped.parameters if one.writing is not None]

    assert writable
    assert {writing.after.value for writing in writable} == {"store"}
    assert mapped.store is not None
    assert (mapped.store.addr, mapped.store.value, mapped.store.fc_write) == (57856, 0xA1, 6)


@pytest.mark.parametrize("profile_id", ["hager-sm102e", "hager-sm103e", "hager-sm103e-late"])
def test_no_setting_is_written_where_storing_is_not_answered_locked_or_unknown(profile_id: str) -> None:
    mapped = first_product(profile_id)

    assert mapped.store is None
    assert not [one.name for one in mapped.parameters if one.writing is not None]


@pytest.mark.parametrize("profile_id", SOCOMEC_TABLES)
def test_the_factorys_calibration_is_out_of_reach(profile_id: str) -> None:
    mapped = first_product(profile_id)
    read = {address for block in mapped.blocks for address in range(block.start, block.end)}
    read |= {one.address for one in (*mapped.parameters, *mapped.alarms)}

    assert not (read | set(registers_written(profile_id))) & set(range(36816, 36861))


@pytest.mark.parametrize("profile_id", FAMILY)
def test_no_command_switches_power_on_a_map_that_nobody_proved(profile_id: str) -> None:
    assert not [one.name for one in profile(profile_id).commands if one.danger == "cuts_supply"]
    if profile(profile_id).status == "unverified":
        assert not list(registers_written(profile_id))


# Transfer switches


def test_position_one_of_the_register_is_position_zero_of_the_switch() -> None:
    position = first_product("hager-hic").point("switch_position")

    assert position is not None
    english = {number: profile("hager-hic").text(key, "en") for number, key in position.values.items()}
    assert english == {0: "unknown", 1: "position 0, load off", 2: "position I", 3: "position II"}
