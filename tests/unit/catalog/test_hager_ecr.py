"""The ECR/ECA profile against the maker's table; numbers here are typed from the table, not from the profile."""

from __future__ import annotations

from functools import cache

import pytest

from wattledger.catalog import DeviceMap, Profile, RegisterType, device_map, load_profile
from wattledger.catalog.loading import BUILT_IN

SINGLE_PHASE = ("ECR140D", "ECR180D", "ECR181D", "ECA180D", "ECA181D")
DIRECT = tuple(make + model for make in ("ECR", "ECA") for model in ("380D", "381D", "382D", "310D", "311D", "312D"))
TRANSFORMER = ("ECR300C", "ECR301C", "ECR302C", "ECA300C", "ECA301C", "ECA302C")
THREE_METERS = ("ECR180T", "ECA180T")


@cache
def family() -> Profile:
    return load_profile(BUILT_IN / "hager-ecr.yaml")


@cache
def ecr(product: str) -> DeviceMap:
    return device_map(family(), family().product(product))


def names(mapped: DeviceMap, *, channel: int = 1) -> set[str]:
    return {str(point.name) for point in mapped.points if point.channel == channel}


def addresses(mapped: DeviceMap, *, channel: int = 1) -> dict[str, int]:
    return {str(point.name): point.address for point in mapped.points if point.channel == channel}


def test_every_product_of_the_family_is_known() -> None:
    profile = family()

    assert {product.ref for product in profile.products} == {*SINGLE_PHASE, *DIRECT, *TRANSFORMER, *THREE_METERS}
    assert profile.status == "official"


def test_the_decimal_column_of_the_table_is_the_address_on_the_wire() -> None:
    at = addresses(ecr("ECR380D"))

    assert at["voltage.l1-n"] == 45056
    assert at["frequency"] == 45062
    assert at["current.l1"] == 45065
    assert at["active_power.total"] == 45073
    assert at["power_factor.total"] == 45079
    assert at["power_factor_ieee.l3"] == 45104
    assert at["active_energy.import.total"] == 45152
    assert at["active_energy.export.total"] == 45156
    assert at["active_energy.import.l1"] == 45440
    assert at["reactive_energy.export.l3"] == 45462
    assert at["active_tariff"] == 45233
    assert at["active_energy.import.total.t8"] == 45262
    assert at["partial_active_energy.export.total.t8"] == 45406


@pytest.mark.parametrize(
    ("product", "modulus_kwh"),
    [
        ("ECR140D", 100_000),
        ("ECR180D", 10_000_000),
        ("ECR380D", 10_000_000),
        ("ECA312D", 10_000_000),
        ("ECR300C", 100_000_000),
        ("ECA302C", 100_000_000),
        ("ECR180T", 10_000_000),
    ],
)
def test_each_variant_rolls_over_after_its_own_highest_index(product: str, modulus_kwh: int) -> None:
    counters = [point for point in ecr(product).points if "energy" in point.name.quantity]

    assert counters
    assert {point.modulus for point in counters} == {modulus_kwh * 1000.0}


def test_only_counters_roll_over() -> None:
    assert {p.modulus for p in ecr("ECR380D").points if "energy" not in p.name.quantity} == {None}


def test_energy_has_a_resolution_of_one_kilowatt_hour() -> None:
    mapped = ecr("ECR380D")

    assert {point.scale for point in mapped.points if "energy" in point.name.quantity} == {1000.0}


@pytest.mark.parametrize("product", SINGLE_PHASE)
def test_a_single_phase_meter_offers_no_second_or_third_phase(product: str) -> None:
    offered = names(ecr(product))

    assert {"voltage.l1-n", "current.l1", "active_power.l1", "active_power.total", "frequency"} <= offered
    assert not [name for name in offered if "l2" in name or "l3" in name or name == "current.n"]
    assert not [name for name in offered if name.startswith("active_energy.import.l")]


def test_an_ecr140d_has_no_partial_energies_and_asks_for_none() -> None:
    mapped = ecr("ECR140D")

    assert not [name for name in names(mapped) if name.startswith("partial_")]
    assert not [block for block in mapped.blocks if block.start <= 0xB068 < block.end]
    assert not [block for block in mapped.blocks if block.start <= 0xB140 < block.end]


@pytest.mark.parametrize("product", ["ECR180D", "ECR380D", "ECR300C"])
def test_the_counters_at_b068_are_partial_ones_not_finer_ones(product: str) -> None:
    at = addresses(ecr(product))

    assert at["partial_active_energy.import.total"] == 0xB068
    assert at["partial_active_energy.export.total"] == 0xB06A


@pytest.mark.parametrize("product", THREE_METERS)
def test_an_ecr180t_is_three_single_phase_meters(product: str) -> None:
    mapped = ecr(product)
    per_channel = [names(mapped, channel=channel) - {"active_tariff"} for channel in (1, 2, 3)]

    assert mapped.channels == 3
    assert per_channel[0] == per_channel[1] == per_channel[2]
    assert {"voltage.l1-n", "current.l1", "active_power.total", "active_energy.import.total.t4"} <= per_channel[0]
    assert not [name for name in per_channel[0] if "l2" in name or "l3" in name or name.endswith((".t5", ".t8"))]
    assert addresses(mapped, channel=3)["voltage.l1-n"] == 0xB002
    assert addresses(mapped, channel=2)["active_power.total"] == 0xB01B
    assert addresses(mapped, channel=3)["power_factor.total"] == 0xB02D
    assert addresses(mapped, channel=2)["active_energy.import.total"] == 0xB082
    assert addresses(mapped, channel=3)["partial_active_energy.export.total"] == 0xB096
    assert addresses(mapped, channel=3)["partial_active_energy.export.total.t4"] == 0xB23E


def test_an_ecr180t_is_never_asked_for_totals() -> None:
    assert not [block for block in ecr("ECR180T").blocks if block.start <= 0xB060 < block.end]


@pytest.mark.parametrize("product", ["ECR140D", "ECR180D", "ECR380D", "ECR300C", "ECR180T"])
def test_no_block_crosses_a_gap_of_the_table(product: str) -> None:
    documented = {
        *range(0xB000, 0xB031), *range(0xB060, 0xB06C), *range(0xB080, 0xB098), *range(0xB0B0, 0xB0B5),
        *range(0xB0C0, 0xB100), *range(0xB140, 0xB160), *range(0xB180, 0xB198), *range(0xB1B0, 0xB1E0),
        *range(0xB210, 0xB240),
    }  # fmt: skip

    for block in ecr(product).blocks:
        assert set(range(block.start, block.end)) <= documented


def test_the_sentinels_are_those_of_the_table_with_its_typing_error_mended() -> None:
    nans = {point.type.value: point.nan for point in ecr("ECR380D").points}

    assert nans == {"u16": (0xFFFF,), "u32": (0xFFFFFFFF,), "s16": (0x7FFF,), "s32": (0x7FFFFFFF,)}


def test_a_facility_manager_gets_the_usual_points_recorded() -> None:
    recorded = {str(point.name) for point in ecr("ECR380D").points if point.recorded_by_default}

    assert recorded == {
        "voltage.l1-n", "voltage.l2-n", "voltage.l3-n", "voltage.l1-l2", "voltage.l2-l3", "voltage.l3-l1",
        "current.l1", "current.l2", "current.l3", "current.n", "active_power.total", "power_factor.total",
        "frequency", "active_energy.import.total", "active_energy.export.total",
    }  # fmt: skip


def test_a_country_suffix_does_not_hide_the_product() -> None:
    product = family().product_of_code("ECR380D-CH")

    assert product is not None
    assert product.ref == "ECR380D"


def test_points_can_be_looked_up_without_collisions() -> None:
    for product in ("ECR380D", "ECR180T"):
        points = ecr(product).points

        assert len(set(points)) == len(points)
        assert len({hash(point) for point in points}) == len(points)


def test_a_tariff_is_chosen_over_the_bus_and_shows_in_the_active_one() -> None:
    for product, most in (("ECR140D", 8), ("ECR380D", 8), ("ECR180T", 4)):
        [command] = [one for one in ecr(product).commands if one.name == "set_tariff"]

        assert (command.addr, command.fc_write, command.readback) == (0xB0B4, 6, 0xB0B1)
        assert not isinstance(command.value, int)
        assert (command.value.min, command.value.max) == (1, most)


@pytest.mark.parametrize(
    ("product", "resets"),
    [
        ("ECR140D", {}),
        ("ECR180D", {"reset_partials": (49184, 0xFF)}),
        ("ECR310D", {"reset_partials": (49184, 0xFF)}),
        ("ECA301C", {"reset_partials": (49184, 0xFF)}),
        (
            "ECR180T",
            {
                "reset_partials": (49184, 0x0F),
                "reset_partials_meter_1": (49185, 0x0F),
                "reset_partials_meter_2": (49186, 0x0F),
                "reset_partials_meter_3": (49187, 0x0F),
            },
        ),
    ],
)
def test_partial_energies_are_reset_for_the_tariffs_and_meters_that_there_are(
    product: str, resets: dict[str, tuple[int, int]]
) -> None:
    commands = {one.name: (one.addr, one.value) for one in ecr(product).commands if one.name != "set_tariff"}

    assert commands == resets
    assert {one.danger.value for one in ecr(product).commands if one.name in resets} <= {"resets_counters"}


def test_only_a_meter_with_transformers_tells_their_ratio_and_what_they_deliver() -> None:
    of_transformers = {"ct_primary", "ct_secondary", "secondary_current_l1", "secondary_active_power"}

    assert of_transformers <= {one.name for one in ecr("ECR300C").parameters}
    for product in ("ECR140D", "ECR180D", "ECR380D", "ECR180T"):
        assert not [one.name for one in ecr(product).parameters if one.name.startswith(("ct_", "secondary_"))]


def test_overflows_are_counted_per_index_and_on_an_ecr180t_per_meter() -> None:
    overflows = {one.name: one.address for one in ecr("ECR140D").parameters if one.name.startswith("overflows_")}
    of_three = {one.name: one.address for one in ecr("ECR180T").parameters if one.name.startswith("overflows_")}

    assert overflows == {
        "overflows_import": 49170, "overflows_reactive_import": 49171,
        "overflows_export": 49172, "overflows_reactive_export": 49173,
    }  # fmt: skip
    assert of_three == {"overflows_meter_1": 49170, "overflows_meter_2": 49171, "overflows_meter_3": 49172}


def test_the_line_settings_of_the_meter_are_never_written() -> None:
    for product in family().products:
        mapped = ecr(product.ref)

        assert not [one.name for one in mapped.parameters if one.writing is not None]
        assert {command.addr for command in mapped.commands} <= {0xB0B4, 0xC020, 0xC021, 0xC022, 0xC023}


def test_powers_on_the_secondary_side_are_signed_though_the_table_prints_unsigned() -> None:
    at = {one.name: one for one in ecr("ECR301C").parameters}

    for name, address in (
        ("secondary_active_power", 45691),
        ("secondary_reactive_power", 45692),
        ("secondary_power_factor", 45694),
        ("secondary_active_power_l3", 45698),
    ):
        assert (at[name].address, at[name].type, at[name].nan) == (address, RegisterType.S16, (0x7FFF,))
