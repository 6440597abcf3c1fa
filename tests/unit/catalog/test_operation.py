"""What a profile says beside its points: settings, commands, alarms, notes and their texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from wattledger.catalog import (
    AfterWriting,
    AlarmSeverity,
    CommandDanger,
    CommandRange,
    DeviceMap,
    Form,
    Profile,
    SettingDanger,
    device_map,
    load_catalog,
    load_profile,
)
from wattledger.catalog.documents import read_document
from wattledger.catalog.editor_schema import editor_schema
from wattledger.catalog.texts import gaps_of
from wattledger.catalog.wording import keys_of
from wattledger.journal.events import Severity

WriteProfile = Callable[..., Path]

LANGUAGES = {"en", "fr", "de", "nl"}

OPERATION = """\
blocks: [{start: 0, words: 20}, {start: 0, words: 60, fc: 4}]
parameters:
  - {name: ct_primary, addr: 0xC002, type: u32, word_order: little, nan: [], scale: 0.1, unit: A, text: param.ct,
     variants: [two]}
  - {name: network, addr: 0xE000, type: u16, fc: 4, text: param.network, values: {0: net.one, 0x10: net.three},
     writable: true, min: 0, max: 16, words_written: 2, danger: cuts_bus, after: store}
store: {addr: 0xE200, value: 0xA1}
commands:
  - {name: reset, addr: 0xC020, text: command.reset, value: 0xFF, danger: resets_counters}
  - {name: set_tariff, addr: 0xB0B4, fc_write: 16, text: command.tariff, value: {min: 1, max: 8}, readback: 0xB0B1,
     variants: [two]}
alarms:
  - {name: inverted_l1, addr: 0x1105, type: bits, bit: 1, severity: warning, text: alarm.inverted, args: {phase: L1}}
  - {name: low, addr: 36176, type: s16, equals: -8, severity: critical, text: alarm.low, fc: 4, variants: [two]}
notes: [note.wiring]
texts:
  en:
    param.ct: Primary current
    param.network: Network
    net.one: one phase
    net.three: three phases
    command.reset: Reset the counters
    command.tariff: Set the tariff
    alarm.inverted: "Phase {phase} is reversed"
    alarm.low: Too low
    note.wiring: Wire it well.
  fr: {alarm.inverted: "La phase {phase} est inversée"}
  fr-CH: {note.wiring: Câblez bien.}
"""


@pytest.fixture
def profile(write_profile: WriteProfile) -> Profile:
    path = write_profile("blocks: [{start: 0, words: 20}]\n", OPERATION)
    text = path.read_text().replace("variants: {one: ", 'variants: {two: {title: "other"}, one: ', 1)
    path.write_text(text.replace("products: [", "products: [{ref: SM2, variant: two}, "))
    return load_profile(path)


def of(profile: Profile, ref: str) -> DeviceMap:
    return device_map(profile, profile.product(ref))


def test_settings_commands_and_alarms_belong_to_their_variants(profile: Profile) -> None:
    names = {
        ref: [[one.name for one in part] for part in (mapped.parameters, mapped.commands, mapped.alarms)]
        for ref in ("SM1", "SM2")
        for mapped in (of(profile, ref),)
    }

    assert names["SM1"] == [["network"], ["reset"], ["inverted_l1"]]
    assert names["SM2"] == [["ct_primary", "network"], ["reset", "set_tariff"], ["inverted_l1", "low"]]


def test_a_setting_has_its_own_scale_order_and_function_or_those_of_the_file(profile: Profile) -> None:
    ratio, network = of(profile, "SM2").parameters

    assert (ratio.function, ratio.words, ratio.word_order, ratio.multiplier, ratio.divisor) == (3, 2, "little", 1, 10)
    assert (ratio.nan, ratio.unit, ratio.writing) == ((), "A", None)
    assert (network.function, network.nan, dict(network.values)) == (4, (0xFFFF,), {0: "net.one", 16: "net.three"})


def test_a_setting_tells_how_it_is_written_and_what_that_takes(profile: Profile) -> None:
    mapped = of(profile, "SM2")
    network = mapped.parameters[1]

    assert network.writing is not None
    assert (network.writing.function, network.writing.words) == (16, 2)
    assert (network.writing.danger, network.writing.after) == (SettingDanger.CUTS_BUS, AfterWriting.STORE)
    assert (network.least, network.most) == (0.0, 16.0)
    assert mapped.store is not None
    assert (mapped.store.addr, mapped.store.value, mapped.store.fc_write) == (0xE200, 0xA1, 6)


def test_a_command_has_a_fixed_value_or_leaves_a_choice(profile: Profile) -> None:
    reset, tariff = of(profile, "SM2").commands

    assert (reset.value, reset.danger, reset.readback) == (0xFF, CommandDanger.RESETS_COUNTERS, None)
    assert tariff.value == CommandRange(min=1, max=8)
    assert (tariff.fc_write, tariff.readback) == (16, 0xB0B1)


def test_alarms_are_as_grave_as_events_can_be() -> None:
    assert {severity.value for severity in AlarmSeverity} == {severity.value for severity in Severity}


@pytest.mark.parametrize(
    ("key", "language", "text"),
    [
        ("alarm.inverted", "fr", "La phase L1 est inversée"),
        ("alarm.inverted", "fr-BE", "La phase L1 est inversée"),
        ("alarm.inverted", "de", "Phase L1 is reversed"),
        ("note.wiring", "fr-CH", "Câblez bien."),
        ("note.wiring", "fr", "Wire it well."),
    ],
)
def test_a_text_that_a_language_does_not_have_is_english(profile: Profile, key: str, language: str, text: str) -> None:
    assert profile.text(key, language, {"phase": "L1"}) == text


def test_notes_stand_with_each_product(profile: Profile) -> None:
    assert of(profile, "SM1").notes == ("note.wiring",)


def test_every_text_of_a_built_in_profile_is_there_in_four_languages() -> None:
    for profile in load_catalog().profiles:
        for place, key in keys_of(profile):
            missing = {language for language in LANGUAGES if key not in profile.texts.get(language, {})}
            assert not missing, f"{profile.id}: {place}: '{key}' is missing in {missing}"
            gaps = {frozenset(gaps_of(profile.texts[language][key])) for language in LANGUAGES}
            assert len(gaps) == 1, f"{profile.id}: '{key}' has not the same gaps in all languages"


def test_no_text_of_a_built_in_profile_is_left_over() -> None:
    for profile in load_catalog().profiles:
        used = {key for _, key in keys_of(profile)}
        assert set(profile.texts.get("en", {})) == used, profile.id


def test_the_published_schema_knows_all_of_it(write_profile: WriteProfile) -> None:
    schema = jsonschema_rs.validator_for(json.dumps(editor_schema()))
    document = read_document(write_profile("blocks: [{start: 0, words: 20}]\n", OPERATION))

    assert isinstance(document, dict)
    schema.validate(json.loads(json.dumps(document)))
    assert not schema.is_valid({**document, "commands": [{"name": "reset"}]})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("addr: 30, type: u16, fc: 4", (4, 30, 31, 0)),
        ("addr: 10, type: u32, plus: [{addr: 12, type: u16, scale: 0.0001}]", (3, 10, 13, 0)),
        ("addr: 10, type: u16, scale_register: 4", (3, 4, 11, 6)),
        ("addr: 10, type: u16, scale_register: 15, plus: [{addr: 7, type: u32}]", (3, 7, 16, 3)),
    ],
)
def test_a_point_spans_all_its_registers(
    write_profile: WriteProfile, more: str, expected: tuple[int, int, int, int]
) -> None:
    path = write_profile("addr: 5, type: u32", more)
    path.write_text(path.read_text().replace("words: 20}]", "words: 20}, {start: 30, words: 2, fc: 4}]"))
    profile = load_profile(path)

    point = of(profile, "SM1").point("active_energy.import.total")

    assert point is not None
    assert (point.function, point.address, point.end, point.inset) == expected


def test_what_is_added_has_the_scale_of_the_unit_and_moves_with_the_tariff(write_profile: WriteProfile) -> None:
    plus = "plus: [{addr: 7, type: u16, scale: 0.0001}]"
    profile = load_profile(write_profile("unit: kWh}", f"unit: kWh, {plus}, tariffs: {{count: 2, stride: 3}}}}"))

    second = of(profile, "SM1").point("active_energy.import.total.t2")

    assert second is not None
    (residual,) = second.plus
    assert (second.address, second.end, residual.address) == (8, 11, 10)
    assert (second.multiplier / second.divisor, residual.multiplier / second.divisor) == (1000.0, 0.1)
    assert second.scale == 0.1  # as fine as its finest number


def test_a_scale_register_stays_where_it_is_for_every_channel(write_profile: WriteProfile) -> None:
    repeats = (
        "repeats:\n  - over: channel\n    count: 2\n    points:\n"
        "      - {name: current.l1, addr: 10, stride: 1, type: u16, unit: A, scale_register: 15}\n"
    )
    profile = load_profile(write_profile("tests:", f"{repeats}tests:"))

    currents = [point for point in of(profile, "SM1").points if point.name.quantity == "current"]

    assert [(point.number_at, point.exponent_at) for point in currents] == [(10, 15), (11, 15)]


def test_a_point_may_differ_from_the_defaults_of_its_file(write_profile: WriteProfile) -> None:
    own = "addr: 4, type: u16, word_order: little, nan: [0x8000, 0x8001]"
    profile = load_profile(write_profile("addr: 4, type: u16", own))

    voltage = of(profile, "SM1").point("voltage.l1-n")

    assert voltage is not None
    assert (voltage.word_order, voltage.nan) == ("little", (0x8000, 0x8001))


def test_a_power_factor_may_be_folded_and_a_state_may_have_words(write_profile: WriteProfile) -> None:
    points = (
        "points:\n  - {name: power_factor.total, addr: 10, type: f32, form: four_quadrant}\n"
        "  - {name: input_state, addr: 12, type: u16, values: {0: state.open, 1: state.closed}}\n"
    )
    path = write_profile("points:\n", points)
    path.write_text(path.read_text() + "texts: {en: {state.open: open, state.closed: closed}}\n")

    factor, contact = of(load_profile(path), "SM1").points[:2]

    assert (factor.form, dict(contact.values)) == (Form.FOUR_QUADRANT, {0: "state.open", 1: "state.closed"})
