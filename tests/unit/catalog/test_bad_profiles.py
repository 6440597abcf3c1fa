"""A mistake in a profile is refused with its file, its place and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wattledger.catalog import ProfileError, load_profile

WriteProfile = Callable[..., Path]
ENERGY = "{name: active_energy.import.total, addr: 5, type: u32, unit: kWh}"
PARAMETER = "name: ct, addr: 90, type: u16, text: param.ct"
COMMAND = "name: reset, addr: 91, text: command.reset, value: 1"
ALARM = "name: low, addr: 92, type: u16, severity: warning, text: alarm.low"
TEXTS = "texts: {en: {param.ct: x}}"

MISTAKES = [
    ("unit: kWh", "unit: kWhh", "point 'active_energy.import.total': unknown unit 'kWhh'; did you mean 'kWh'?"),
    ("unit: kWh", "unit: V", "point 'active_energy.import.total': unit 'V' does not measure active_energy; one of "),
    ("unit: V}", "unit: V, scal: 2}", "point 'voltage.l1-n': unknown key 'scal'; did you mean 'scale'?"),
    ("scale: 0.1", "scale: 0", "point 'voltage.l1-n': scale 0 would make every value 0"),
    ("scale: 0.1", "scale: yes", "point 'voltage.l1-n': scale: "),
    ("unit: V}", "unit: V, rollover: 99}", "point 'voltage.l1-n': voltage is no counter and has no rollover"),
    ("unit: V}", "unit: V, variants: [two]}", "point 'voltage.l1-n': unknown variant 'two'; one of one"),
    ("unit: V}", "unit: V, tariffs: {count: 2, stride: 1}}", "point 'voltage.l1-n': point 'voltage.l1-n.t2': 't2' is"),
    ("voltage.l1-n, addr: 4", "voltage.l9, addr: 4", "point 'voltage.l9': point 'voltage.l9': 'l9' is neither"),
    ("voltage.l1-n, addr: 4", "voltag.l1-n, addr: 4", "did you mean voltage"),
    ("addr: 4, type: u16", "type: u16", "point 'voltage.l1-n': key 'addr' is missing"),
    ("addr: 4, type: u16", "addr: '4', type: u16", "point 'voltage.l1-n': addr: Input should be a valid integer"),
    ("addr: 4, type: u16", "addr: yes, type: u16", "point 'voltage.l1-n': addr: Input should be a valid integer"),
    ("addr: 4, type: u16", "addr: 70000, type: u16", "point 'voltage.l1-n': addr: "),
    ("addr: 4, type: u16", "addr: 4, type: u17", "point 'voltage.l1-n': type: Input should be 'u16', 's16'"),
    ("addr: 4, type: u16", "addr: 20, type: u16", "point 'voltage.l1-n': register 0x0014 lies in no block"),
    ("addr: 5, type: u32", "addr: 19, type: u32", "register 0x0013 lies in no block of variant 'one'"),
    ("addr: 4, type: u16", "addr: 6, type: u16", "register 0x0006 belongs in part to another point"),
    (ENERGY, f"{ENERGY}\n  - {ENERGY}", "point 'active_energy.import.total': SM1 has it twice in channel 1"),
    ("variant: one,", "variant: two,", "product 'SM1': unknown variant 'two'; one of one"),
    ("words: 20}", "words: 20}, {start: 19, words: 2}", "block 0x0013: overlaps block 0x0000 on SM1"),
    ("start: 0, words: 20", "start: 0, words: 0", "block 0x0000: words: "),
    ("start: 0, words: 20}", "start: 0, words: 20}, {start: 0xFFFF, words: 2}", "block 0xFFFF: reaches beyond"),
    ("u16: 0xFFFF", "u16: 0x1FFFF", "nan: 0x1FFFF does not fit into u16"),
    *(
        ("points:\n", f"clock: {{{clock}}}\npoints:\n", message)
        for clock, message in (
            ("fields: [seconds_high, seconds_low]", "key 'addr' is missing"),
            ("addr: 0, fields: [], fc: 16", "fields: Tuple should have at least 1 item"),
            ("addr: 0, fields: [seconds_high, secs]", "field 2: clock: unknown field 'secs'; a number that is always"),
            ("addr: 0, fields: [0x10000]", "field 1: clock: 65536 does not fit; 0 to 65535"),
            ("addr: 0, fields: [yes]", "field 1: clock: unknown field True"),
            ("addr: 0, fields: [[year, month]]", "field 1: clock: year does not fit into one byte"),
            ("addr: 0, fields: [[256, month]]", "field 1: clock: 256 does not fit; 0 to 255"),
            ("addr: 0, fields: [[month]]", "field 1: clock: ['month'] is no register; two bytes are wanted"),
            ("addr: 0, fields: [seconds_high]", "clock: seconds_high and seconds_low stand together"),
            ("addr: 0, fields: [seconds_high, seconds_low, hour]", "and without other fields"),
            ("addr: 0, fields: [year, day, hour, minute, second]", "clock: one field of month is needed"),
            (
                "addr: 0, fields: [year, year2, month, day, hour, minute, second]",
                "clock: one field of year or year2 is needed",
            ),
            ("addr: 0, fields: [seconds_high, seconds_low, seconds_low]", "clock: field 'seconds_low' is given twice"),
            ("addr: 0xFFFF, fields: [seconds_high, seconds_low]", "clock: 2 registers from 0xFFFF reach beyond"),
            ("addr: 0, fields: [seconds_high, seconds_low], read: {addr: 0, fields: [0]}", "clock: one field of year"),
            ("addr: 0, fields: [seconds_high, seconds_low], methods: [write, write]", "clock: a method is given twice"),
            ("addr: 0, fields: [seconds_high, seconds_low], fc: 5", "fc: Input should be 6 or 16"),
            ("addr: 0, fields: [seconds_high, seconds_low], tim: utc", "unknown key 'tim'; did you mean 'time'?"),
            (
                "addr: 0, fields: [seconds_high, seconds_low], variants: [two]",
                "clock: unknown variant 'two'; one of one",
            ),
        )
    ),
    *(
        ("unit: kWh}", f"unit: kWh, {more}}}", f"point 'active_energy.import.total': {message}")
        for more, message in (
            ("plus: [{addr: 6, type: u16}]", "register 0x0006 belongs in part to another point"),
            ("plus: [{addr: 20, type: u16}]", "its registers, 0x0005 to 0x0014, lie in no single block of variant"),
            ("plus: [{addr: 7, type: u16, scale: 0}]", "plus 0x0007: plus: scale 0 would add nothing"),
            ("plus: [{addr: 0xFFFF, type: u32}]", "plus 0xFFFF: a u32 at 0xFFFF reaches beyond the last address"),
            ("scale_register: 5", "register 0x0005 belongs in part to another point"),
            ("form: four_quadrant", "form four_quadrant folds a power factor, and active_energy is none"),
            ("form: folded", "form: Input should be 'four_quadrant' or 'percent_or_fraction', found 'folded'"),
            ("values: {0: state.off}", "values name the states of a state, and active_energy is a counter"),
            ("nan: none", "nan: Input should be a valid integer, found 'none'"),
            ("nan: 0x1FFFFFFFF", "nan: 0x1FFFFFFFF does not fit into u32"),
            ("fc: 4", "read with function 4, but its block with function 3; give both the same 'fc'"),
            ("fc: 5", "fc: Input should be 3 or 4"),
        )
    ),
    ("addr: 5, type: u32", "addr: 0xFFFF, type: u32", "a u32 at 0xFFFF reaches beyond the last address 0xFFFF"),
    *(
        ("points:\n", f"{more}\npoints:\n", message)
        for more, message in (
            (f"parameters: [{{{PARAMETER}, min: 3, max: 2}}]", "parameter 'ct': min 3 lies above max 2"),
            (f"parameters: [{{{PARAMETER}, scale: 0}}]", "parameter 'ct': scale 0 would make every value 0"),
            (f"parameters: [{{{PARAMETER}, unit: Amp}}]", "parameter 'ct': unknown unit 'Amp'; "),
            (f"parameters: [{{{PARAMETER}, after: store}}]", "parameter 'ct': after is for what can be written; add"),
            (f"parameters: [{{{PARAMETER}, fc_write: 6}}]", "parameter 'ct': fc_write is for what can be written; add"),
            (f"parameters: [{{{PARAMETER}, variants: [two]}}]", "parameter 'ct': unknown variant 'two'; one of one"),
            (f"parameters: [{{{PARAMETER}}}]", "parameter 'ct': text 'param.ct' is not in texts.en; add it there"),
            (f"parameters: [{{{PARAMETER}}}, {{{PARAMETER}}}]\n{TEXTS}", "parameter 'ct': SM1 has it twice"),
            (
                f"parameters: [{{{PARAMETER}, writable: true, after: store}}]\n{TEXTS}",
                "parameter 'ct': after: store needs what is written then; add 'store: {addr: …, value: …}'",
            ),
            (
                f"parameters: [{{{PARAMETER.replace('u16', 'u32')}, writable: true, fc_write: 6}}]",
                "parameter 'ct': function 06 writes one register, not 2; use 'fc_write: 16'",
            ),
            (
                f"parameters: [{{{PARAMETER.replace('u16', 'u32')}, writable: true, words_written: 1}}]",
                "parameter 'ct': words_written 1 does not hold a u32",
            ),
            (
                f"parameters: [{{{PARAMETER.replace('addr: 90', 'addr: 6')}}}]\n{TEXTS}",
                "parameter 'ct': register 0x0006 belongs in part to another point",
            ),
            (f"commands: [{{{COMMAND}}}]", "command 'reset': text 'command.reset' is not in texts.en; add it there"),
            (f"commands: [{{{COMMAND}, value: {{min: 1, max: 1}}}}]", "key 'value' is given twice"),
            (
                "commands: [{name: tariff, addr: 1, text: command.reset, value: {min: 1, max: 1}}]",
                "command 'tariff': a choice from 1 to 1 is none; a fixed value is written 'value: 1'",
            ),
            (
                "commands: [{name: tariff, addr: 1, text: command.reset, value: 65536}]",
                "command 'tariff': value: Input should be less than or equal to 65535, found 65536",
            ),
            (f"alarms: [{{{ALARM}}}]", "alarm 'low': give either 'bit' or 'equals'"),
            (f"alarms: [{{{ALARM}, bit: 1, equals: 2}}]", "alarm 'low': give either 'bit' or 'equals'"),
            (f"alarms: [{{{ALARM}, bit: 16}}]", "alarm 'low': bit 16 is none of a u16; 0 to 15"),
            (f"alarms: [{{{ALARM}, equals: -1}}]", "alarm 'low': equals -1 does not fit into u16"),
            (f"alarms: [{{{ALARM.replace('u16', 'f32')}, bit: 1}}]", "alarm 'low': a f32 has neither bits nor codes"),
            (f"alarms: [{{{ALARM.replace('warning', 'grave')}, bit: 1}}]", "alarm 'low': severity: Input should be"),
            (
                f'alarms: [{{{ALARM}, bit: 1}}]\ntexts: {{en: {{alarm.low: "{{phase}} is low"}}}}',
                "alarm 'low': its text has a gap {phase}; add it to 'args'",
            ),
            ("notes: [note.a]", "notes: text 'note.a' is not in texts.en; add it there: 'note.a: …'"),
            (
                "notes: [note.wiring]\ntexts: {en: {note.wirings: x}}",
                "notes: text 'note.wiring' is not in texts.en; did you mean 'note.wirings'?",
            ),
            ("texts: {fr: {a.b: x}}", "texts fr: 'a.b' is not in texts.en; add it there"),
            ("texts: {en: {a.b: x}, fr: {a.b: 'x {y}'}}", "texts fr: 'a.b' has a gap {y} that the English one has not"),
            ("texts: {no: {}}", "line 13: key False is neither text nor a whole number; put it in quotes"),
        )
    ),
    ("products: [", "products: [{ref: SM2, variant: one, match: {}}, ", "product 'SM2': key 'product_code' is missing"),
    ("type: str, into: vendor", "type: num, into: vendor, equals: '0x20'", "a num reads as decimal digits"),
    ("words: 4, type: str", "words: 5, type: num", "identify 0x0000: a num takes 4 words at most; text is 'str'"),
    ("raw: [2300]", "source: 1, raw: [2300]", "test vector 1: there is no source 1; the first is 0, the last 0"),
    ("raw: [2300]", "fc: 4, raw: [2300]", "test vector 1: 'voltage.l1-n' is read with function 3; add 'fc: 3'"),
    ("raw: [2300]", "alarms: [low], raw: [2300]", "test vector 1: SM1 has no alarm 'low'"),
    (", expect: {voltage.l1-n: 230}", "", "test 1: nothing is expected; give 'expect' or 'alarms'"),
    ("tcp: {port: 502}", "rtu: null", "at least one of rtu, tcp and local is needed"),
    ("defaults:", "limits: {max_registers: 1}\ndefaults:", "takes more registers than one request may ask"),
    ("defaults:", "limits: {max_registers: 126}\ndefaults:", "max_registers: "),
    ("type: str, into: vendor", "type: ver3, into: vendor", "identify 0x0000: a ver3 takes 2 words"),
    ("type: str, into: vendor", "type: str, into: vendr", "identify 0x0000: into: "),
    ("kind: register,", "kind: guess,", "identify 0x0000: "),
    ("product: SM1, at: 4", "product: SM2, at: 4", "test vector 1: unknown product 'SM2'"),
    ("product: SM1, at: 4", "product: SM1, at: 5", "test vector 1: the given registers do not hold 'voltage.l1-n'"),
    ("expect: {voltage.l1-n", "expect: {voltage.l2-n", "test vector 1: SM1 has no point 'voltage.l2-n'"),
    ("expect: {voltage.l1-n", "expect: {volt", "unknown quantity 'volt'"),
    ("status: unverified", "status: sure", "status: Input should be"),
    ("version: 1", "version: 1\nversion: 2", "line 3: key 'version' is given twice"),
    ("version: 1", "version: 1\nyes: x", "line 3: key True is neither text nor a whole number; put it in quotes"),
    ("version: 1", "version: 1\n7: x", "unknown key '7'"),
    ("family: small", "family: &a small\ncopy: *a", "line 5: aliases (*name) are not allowed; write it out"),
    ("family: small", "family: [", "line "),
    ("family: small", "family: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ("version: 1", f"version: {'1' * 5000}", "no readable YAML"),
    ("family: small", f"family: {'[' * 5000}", "nested deeper than 12 levels"),
    ("family: small", "family: 2026-13-45", "no readable YAML"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES, ids=[message[:50] for _, _, message in MISTAKES])
def test_a_mistake_names_its_place_and_the_remedy(
    write_profile: WriteProfile, old: str, new: str, message: str
) -> None:
    path = write_profile(old, new)

    with pytest.raises(ProfileError) as refused:
        load_profile(path)

    assert str(refused.value).startswith("small.yaml: ")
    assert message in str(refused.value)


def test_the_profile_that_the_mistakes_are_made_in_is_right_itself(write_profile: WriteProfile) -> None:
    assert load_profile(write_profile()).id == "small-meter"


def test_several_mistakes_are_counted(write_profile: WriteProfile) -> None:
    path = write_profile("addr: 4, type: u16, scale: 0.1, unit: V", "unit: V")

    with pytest.raises(ProfileError, match=r"key 'addr' is missing \(and 1 more\)"):
        load_profile(path)


def test_registers_that_nobody_published_are_told_as_a_note(write_profile: WriteProfile) -> None:
    path = write_profile()
    head = path.read_text().split("blocks:")[0]
    path.write_text(head)

    with pytest.raises(ProfileError, match=r"small\.yaml: there are no points; give some, or 'notes' that say that"):
        load_profile(path)

    path.write_text(head + "notes: [note.unknown]\ntexts: {en: {note.unknown: Nobody published the registers.}}\n")
    assert load_profile(path).notes == ("note.unknown",)


def test_a_file_without_end_is_refused_before_it_is_parsed(tmp_path: Path, small_profile: str) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(small_profile + "#" * 300_000)

    with pytest.raises(ProfileError, match=r"large\.yaml: larger than 256 kB"):
        load_profile(path)


@pytest.mark.parametrize("content", [b"", b"- a list", b"only text", b"\xff\xfe\x00", b"a: \x07", b"%YAML 9"])
def test_what_is_no_profile_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "none.yaml"
    path.write_bytes(content)

    with pytest.raises(ProfileError, match=r"none\.yaml: "):
        load_profile(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"gone\.yaml: cannot be read: No such file"):
        load_profile(tmp_path / "gone.yaml")
