"""What goes wrong with meters of other makes when their tables are read hastily, one trap after the other.

Numbers here are typed from the makers' tables and from what others captured, not from the profiles.
"""

from __future__ import annotations

import pytest

from wattledger.catalog import (
    AfterWriting,
    DeviceMap,
    MappedPoint,
    Profile,
    RegisterStep,
    RegisterType,
    Status,
    WordOrder,
    device_map,
    load_catalog,
)
from wattledger.fieldbus.decoding import decode, decode_text
from wattledger.fieldbus.planning import Read, plan_reads
from wattledger.fieldbus.vectors import vector_faults

OTHER_MAKES = (
    "abb-b2x",
    "carlo-gavazzi-em24",
    "carlo-gavazzi-em24-e1",
    "carlo-gavazzi-em300",
    "eastron-sdm",
    "inepro-pro380",
    "janitza-umg96rm",
    "phoenix-eem-em3xx",
    "phoenix-eem-mb370",
    "schneider-iem3000",
    "schneider-pm5000",
    "shelly-pro-3em",
    "siemens-pac",
)
LOW_WORD_FIRST = {
    "carlo-gavazzi-em24",
    "carlo-gavazzi-em24-e1",
    "carlo-gavazzi-em300",
    "phoenix-eem-mb370",
    "shelly-pro-3em",
}
REQUEST_COST = 12  # registers that could be read in the time of one more request; a usual serial line


def profile(profile_id: str) -> Profile:
    return load_catalog().profile(profile_id)


def mapped(profile_id: str, product: str) -> DeviceMap:
    return device_map(profile(profile_id), profile(profile_id).product(product))


def maps(profile_id: str) -> list[DeviceMap]:
    return [device_map(profile(profile_id), product) for product in profile(profile_id).products]


def point(profile_id: str, product: str, name: str) -> MappedPoint:
    found = mapped(profile_id, product).point(name)
    assert found is not None, name
    return found


def reads(device: DeviceMap) -> tuple[Read, ...]:
    return plan_reads(
        device.points,
        blocks=device.blocks,
        max_registers=device.limits.max_registers,
        request_cost=REQUEST_COST,
    )


@pytest.mark.parametrize("profile_id", OTHER_MAKES)
def test_what_others_worked_out_is_read_the_same_here(profile_id: str) -> None:
    assert vector_faults(profile(profile_id)) == ()


@pytest.mark.parametrize("profile_id", OTHER_MAKES)
def test_a_map_that_only_its_own_table_proves_says_that_it_is_unverified(profile_id: str) -> None:
    proofs = {vector.source for vector in profile(profile_id).tests}

    assert profile(profile_id).status is Status.UNVERIFIED or proofs - {0}


@pytest.mark.parametrize("profile_id", OTHER_MAKES)
def test_every_text_is_there_in_the_four_languages(profile_id: str) -> None:
    texts = profile(profile_id).texts

    assert {language: texts["en"].keys() for language in ("fr", "de", "nl")} == {
        language: texts.get(language, {}).keys() for language in ("fr", "de", "nl")
    }


@pytest.mark.parametrize("profile_id", OTHER_MAKES)
def test_what_a_facility_manager_wants_is_recorded_by_default(profile_id: str) -> None:
    for device in maps(profile_id):
        recorded = {str(point.name) for point in device.points if point.recorded_by_default}

        assert {"voltage.l1-n", "current.l1", "frequency"} <= recorded or "mono" in device.product
        assert {"active_power.total", "active_energy.import.total"} <= recorded


# The base of addresses


@pytest.mark.parametrize(
    ("profile_id", "product", "name", "documented", "counted_from"),
    [
        ("schneider-iem3000", "iEM3255", "current.l1", 3000, 1),
        ("schneider-iem3000", "iEM3255", "active_energy.import.total", 3204, 1),
        ("schneider-pm5000", "PM5320", "frequency", 3110, 1),
        ("schneider-pm5000", "PM5320", "thd_voltage.l1", 21330, 1),
        ("eastron-sdm", "SDM630", "voltage.l1-n", 30001, 30001),
        ("eastron-sdm", "SDM630", "active_energy.import.total", 30073, 30001),
        ("shelly-pro-3em", "SPEM-003CEBEU", "voltage.l1-n", 31020, 30000),
        ("shelly-pro-3em", "SPEM-003CEBEU", "active_energy.export.total", 31164, 30000),
        ("janitza-umg96rm", "UMG96RM", "frequency", 19050, 0),
        ("siemens-pac", "PAC2200", "active_power.total", 65, 0),
        ("abb-b2x", "B23", "active_power.total", 0x5B14, 0),
    ],
)
def test_the_number_in_the_manual_becomes_the_address_on_the_wire(
    profile_id: str, product: str, name: str, documented: int, counted_from: int
) -> None:
    assert point(profile_id, product, name).address == documented - counted_from


# The order of words and characters


@pytest.mark.parametrize("profile_id", OTHER_MAKES)
def test_the_low_word_comes_first_where_the_maker_sends_it_first_and_nowhere_else(profile_id: str) -> None:
    wanted = WordOrder.LITTLE if profile_id in LOW_WORD_FIRST else WordOrder.BIG

    for device in maps(profile_id):
        assert {point.word_order for point in device.points} == {wanted}


def test_words_in_the_wrong_order_are_no_voltage() -> None:
    captured = (23147, 17264)  # of a Pro 3EM that told 240.4 V itself
    voltage = point("shelly-pro-3em", "SPEM-003CEBEU", "voltage.l1-n")

    right, swapped = decode(voltage, captured), decode(voltage, captured[::-1])

    assert right == pytest.approx(240.4, abs=0.05)
    assert swapped is None or not 100 < swapped < 300


def test_the_two_maps_of_phoenix_contact_differ_in_word_order_and_addresses() -> None:
    older, newer = (
        point("phoenix-eem-em3xx", "EEM-EM357", "voltage.l1-n"),
        point("phoenix-eem-mb370", "EEM-MB370-24DC", "voltage.l1-n"),
    )

    assert (older.address, older.word_order) == (4096, WordOrder.BIG)
    assert (newer.address, newer.word_order) == (0x8006, WordOrder.LITTLE)


def test_a_shelly_is_recognised_although_it_swaps_the_characters_of_its_model() -> None:
    captured = (13139, 19781, 12333, 13104, 22595, 17731, 13909, 51, 0, 0)
    (step,) = [step for step in profile("shelly-pro-3em").identify if step.into == "product_code"]
    assert isinstance(step, RegisterStep)

    product = profile("shelly-pro-3em").product_of_code(decode_text(step.type, captured))

    assert product is not None
    assert product.ref == "S3EM-003CXCEU63"


# What open projects read wrongly


def test_the_frequency_of_a_pac_is_at_55_and_not_at_46() -> None:
    assert point("siemens-pac", "PAC2200", "frequency").address == 55
    assert point("siemens-pac", "PAC3200", "frequency").address == 55


def test_the_total_of_an_em24_is_no_partial_counter() -> None:
    assert point("carlo-gavazzi-em24", "EM24-AV9", "active_energy.import.total").address == 0x3E
    assert point("carlo-gavazzi-em24", "EM24-AV9", "partial_active_energy.import.total").address == 0x42


def test_the_two_em24_keep_their_total_in_different_registers() -> None:
    ethernet = point("carlo-gavazzi-em24-e1", "EM24DINAV53XE1X", "active_energy.import.total")

    assert ethernet.address == 0x34
    assert point("carlo-gavazzi-em24-e1", "EM24DINAV53XE1X", "frequency").address == 0x33
    assert point("carlo-gavazzi-em24", "EM24-AV5", "frequency").address == 0x37


def test_the_phase_to_phase_voltages_of_abb_are_in_the_order_of_the_maker() -> None:
    """The manual lists L1-L2, L3-L2, L1-L3; a voltage has no direction."""
    assert point("abb-b2x", "B23", "voltage.l1-l2").address == 0x5B06
    assert point("abb-b2x", "B23", "voltage.l2-l3").address == 0x5B08
    assert point("abb-b2x", "B23", "voltage.l3-l1").address == 0x5B0A


def test_the_phase_to_phase_voltages_of_wago_are_in_the_order_of_the_maker() -> None:
    """The manual lists L1-L2, L1-L3, L2-L3, and Inepro's own meter has none of them."""
    assert point("inepro-pro380", "879-3000", "voltage.l3-l1").address == 0x5034
    assert point("inepro-pro380", "879-3000", "voltage.l2-l3").address == 0x5036
    assert mapped("inepro-pro380", "PRO380").point("voltage.l1-l2") is None


# What may be read at once


@pytest.mark.parametrize(
    ("profile_id", "most"),
    [("eastron-sdm", 60), ("carlo-gavazzi-em300", 20), ("carlo-gavazzi-em24", 11), ("shelly-pro-3em", 80)],
)
def test_no_request_asks_more_than_the_maker_allows(profile_id: str, most: int) -> None:
    assert all(read.count <= most for device in maps(profile_id) for read in reads(device))


def test_an_eastron_is_asked_at_even_addresses_for_even_counts() -> None:
    asked = [(read.address, read.count) for device in maps("eastron-sdm") for read in reads(device)]

    assert all(address % 2 == 0 and count % 2 == 0 for address, count in asked)


def test_a_pac_is_never_asked_from_the_middle_of_a_value() -> None:
    for device in maps("siemens-pac"):
        starts = {point.address for point in device.points}

        assert {read.address for read in reads(device)} <= starts


@pytest.mark.parametrize("profile_id", ["carlo-gavazzi-em300", "carlo-gavazzi-em24", "carlo-gavazzi-em24-e1"])
def test_a_gavazzi_is_asked_who_it_is_one_register_at_a_time(profile_id: str) -> None:
    codes = [step for step in profile(profile_id).identify if isinstance(step, RegisterStep) and step.addr < 0x1000]

    assert {step.addr for step in codes} >= {0x000B}
    assert {step.words for step in codes} == {1}


def test_the_voltage_that_shares_a_register_with_the_code_of_a_gavazzi_is_read_whole() -> None:
    voltage = point("carlo-gavazzi-em300", "EM340", "voltage.l3-l1")

    assert (voltage.address, voltage.end) == (0x0A, 0x0C)
    assert all(read.address != 0x0B for device in maps("carlo-gavazzi-em300") for read in reads(device))


# Who a device is


@pytest.mark.parametrize(
    ("profile_id", "code", "ref"),
    [
        ("carlo-gavazzi-em300", "341", "EM340"),
        ("carlo-gavazzi-em300", "346", "EM341"),
        ("carlo-gavazzi-em300", "340", None),  # an early sample, which sends the high word first
        ("carlo-gavazzi-em300", "330", None),
        ("carlo-gavazzi-em300", "34", None),
        ("carlo-gavazzi-em300", "3410", None),
        ("carlo-gavazzi-em24", "72", "EM24-AV5"),
        ("carlo-gavazzi-em24", "7", None),
        ("carlo-gavazzi-em24-e1", "1648", "EM24DINAV23XE1X"),
        ("eastron-sdm", "32", "SDM120"),
        ("eastron-sdm", "112", "SDM630"),
        ("eastron-sdm", "3", None),
        ("abb-b2x", "B23", "B23"),
        ("schneider-iem3000", "iEM3255", "iEM3255"),
        ("schneider-pm5000", "PM5320", "PM5320"),
        ("shelly-pro-3em", "SPEM-003CEBEU400", "SPEM-003CEBEU"),
    ],
)
def test_a_product_is_known_by_its_code(profile_id: str, code: str, ref: str | None) -> None:
    product = profile(profile_id).product_of_code(code)

    assert (product.ref if product else None) == ref


# What a smaller model lacks


def test_an_iem3250_has_neither_reactive_power_nor_export() -> None:
    names = {str(point.name) for point in mapped("schneider-iem3000", "iEM3250").points}

    assert not {name for name in names if "reactive" in name or "apparent" in name or "export" in name}
    assert names < {str(point.name) for point in mapped("schneider-iem3000", "iEM3255").points}


def test_only_the_transducers_of_gavazzi_count_export_per_phase() -> None:
    assert point("carlo-gavazzi-em300", "ET340", "active_energy.export.l1").address == 0x60
    assert mapped("carlo-gavazzi-em300", "EM340").point("active_energy.export.l1") is None


def test_the_register_of_l1_is_the_total_of_a_single_phase_eastron() -> None:
    assert point("eastron-sdm", "SDM120", "active_power.total").address == 0x0C
    assert point("eastron-sdm", "SDM630", "active_power.l1").address == 0x0C
    assert point("eastron-sdm", "SDM630", "active_power.total").address == 0x34


# What stands for "not available"


@pytest.mark.parametrize(
    ("name", "registers"),
    [
        ("voltage.l2-n", (0xFFFF, 0xFFFF)),
        ("active_power.l2", (0x7FFF, 0xFFFF)),
        ("power_factor.l2", (0x7FFF,)),
        ("active_energy.export.total", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF)),
        ("active_energy.net.total", (0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF)),
    ],
)
def test_what_the_level_of_an_abb_meter_lacks_is_no_value(name: str, registers: tuple[int, ...]) -> None:
    assert decode(point("abb-b2x", "B23", name), registers) is None


def test_the_overflow_of_a_gavazzi_is_no_value() -> None:
    assert decode(point("carlo-gavazzi-em300", "EM340", "voltage.l1-n"), (0xFFFF, 0x7FFF)) is None
    assert decode(point("carlo-gavazzi-em24", "EM24-AV5", "current.l1"), (0x0000, 0x7FFF)) is None


# Odd encodings


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ((0x3F66, 0x6666), 0.9),  # 0.9: as it is
        ((0x3F8C, 0xCCCD), 0.9),  # 1.1: 0.9, and the current leads
        ((0xBF99, 0x999A), -0.8),  # -1.2
        ((0xBF4C, 0xCCCD), -0.8),  # -0.8
        ((0x3F80, 0x0000), 1.0),
    ],
)
def test_the_folded_power_factor_of_schneider_never_leaves_its_range(told: tuple[int, int], meant: float) -> None:
    for device, product in (("schneider-pm5000", "PM5320"), ("schneider-iem3000", "iEM3155")):
        assert decode(point(device, product, "power_factor.total"), told) == pytest.approx(meant, abs=1e-6)


def test_schneider_tells_kilowatts_in_floats_and_watt_hours_in_whole_numbers() -> None:
    for device, product in (("schneider-pm5000", "PM5320"), ("schneider-iem3000", "iEM3155")):
        power = point(device, product, "active_power.total")
        energy = point(device, product, "active_energy.import.total")

        assert (power.type, power.scale) == (RegisterType.F32, 1000.0)
        assert (energy.type, energy.scale) == (RegisterType.S64, 1.0)


def test_a_pac_counts_in_doubles_per_tariff_and_its_total_is_both() -> None:
    total = point("siemens-pac", "PAC2200", "active_energy.import.total")
    night = point("siemens-pac", "PAC2200", "active_energy.import.total.t2")

    assert (total.address, total.end, total.type) == (801, 809, RegisterType.F64)
    assert (night.address, night.type) == (805, RegisterType.F64)
    # 1.5 and 0.25 Wh
    assert decode(total, (0x3FF8, 0, 0, 0, 0x3FD0, 0, 0, 0)) == 1.75


# Settings and faults


def test_what_is_written_to_a_janitza_is_stored_afterwards() -> None:
    device = mapped("janitza-umg96rm", "UMG96RM")
    written = [parameter for parameter in device.parameters if parameter.writing is not None]

    assert written
    assert all(one.writing is not None and one.writing.after is AfterWriting.STORE for one in written)
    assert device.store is not None
    assert (device.store.addr, device.store.value) == (508, 1)


def test_a_setting_that_moves_a_gavazzi_on_the_bus_says_so() -> None:
    settings = {one.name: one for one in mapped("carlo-gavazzi-em300", "EM340").parameters}

    for name in ("address", "baud", "parity"):
        writing = settings[name].writing
        assert writing is not None
        assert (writing.function, writing.danger, writing.after) == (6, "cuts_bus", "reconnect")


def test_a_gavazzi_tells_its_own_wiring_faults() -> None:
    bits = {one.name: one.bit for one in mapped("carlo-gavazzi-em300", "EM340").alarms if one.address == 0x1105}

    assert bits == {
        "phase_sequence": 0,
        "phase_inverted_l1": 1,
        "phase_inverted_l2": 2,
        "phase_inverted_l3": 3,
        "phases_exchanged_1": 4,
        "phases_exchanged_2": 5,
        "phases_exchanged_3": 6,
        "phases_exchanged_4": 7,
    }


@pytest.mark.parametrize(
    ("profile_id", "says"),
    [
        ("carlo-gavazzi-em24", "0x42"),
        ("siemens-pac", "46"),
        ("shelly-pro-3em", "one register further"),
        ("shelly-pro-3em", "summed up"),
        ("phoenix-eem-mb370", "never compared"),
    ],
)
def test_a_doubt_is_told_to_whoever_commissions_the_device(profile_id: str, says: str) -> None:
    known = profile(profile_id)

    assert any(says in known.text(note, "en") for note in known.notes)
