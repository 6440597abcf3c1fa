"""A mistake in a profile is refused with its file, its place and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wattledger.catalog import ProfileError, load_profile

WriteProfile = Callable[..., Path]
ENERGY = "{name: active_energy.import.total, addr: 5, type: u32, unit: kWh}"

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
