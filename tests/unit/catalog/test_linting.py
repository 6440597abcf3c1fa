"""The linter tells what can be loaded and is probably a slip, where, and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wattledger.catalog import ProfileError, load_profile
from wattledger.catalog.lint_rules import LintRule
from wattledger.catalog.linting import Finding, lint

ONE = """\
id: one-meter
version: 1
name: One meter
family: one
status: derived
sources:
  - {title: "the maker's table", covers: "registers"}
  - {title: "an open reader of it", covers: "some values"}
variants: {v: {title: "one phase", rollover: 99999}}
products: [{ref: OM1, variant: v}]
transport: {tcp: {port: 502}}
defaults: {nan: {u16: 0xFFFF, u32: [], s16: 0x7FFF}}
blocks: [{start: 0, words: 20}]
points:
  - {name: voltage.l1-n, addr: 4, type: u16, scale: 0.1, unit: V, recorded: true}
  - {name: active_energy.import.total, addr: 5, type: u32, unit: kWh}
  - {name: power_factor.total, addr: 7, type: s16, scale: 0.001}
tests: [{product: OM1, source: 1, at: 4, raw: [2300], expect: {voltage.l1-n: 230}}]
"""

TARIFFS = "  - {name: active_energy.import.total, addr: 12, type: u32, unit: kWh, tariffs: {count: 2, stride: 2}}"

Find = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """What is found in the clean profile after pieces of it were replaced: `find((old, new), …)`."""

    def findings(*changes: tuple[str, str]) -> tuple[Finding, ...]:
        text = ONE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "one.yaml"
        path.write_text(text)
        return lint(load_profile(path))

    return findings


def test_a_profile_without_slips_is_clean(find: Find) -> None:
    assert find() == ()


CASES = [
    pytest.param(("scale: 0.1, unit: V", "scale: 0.0001, unit: V"), LintRule.SCALE, "point 'voltage.l1-n'", "6.5535 V"),
    pytest.param(("scale: 0.1, unit: V", "scale: 1, unit: kV"), LintRule.SCALE, "point 'voltage.l1-n'", "1,000 V"),
    pytest.param(
        ("type: s16, scale: 0.001", "type: s16, scale: 0.00001"),
        LintRule.SCALE,
        "point 'power_factor.total'",
        "0.32767",
    ),
    pytest.param(
        ("type: u32, unit: kWh", "type: u32, scale: 0.0000001, unit: kWh"),
        LintRule.SCALE,
        "point 'active_energy.import.total'",
        "429,497 Wh",
    ),
    pytest.param(("u16: 0xFFFF, ", ""), LintRule.NAN, "defaults nan", "voltage.l1-n"),
    pytest.param((", rollover: 99999", ""), LintRule.ROLLOVER, "points", "active_energy.import.total"),
    pytest.param(
        ("words: 20}]", "words: 20}, {start: 30, words: 2}]"), LintRule.EMPTY_BLOCK, "block 0x001E", "no point"
    ),
    pytest.param((", recorded: true", ""), LintRule.NOTHING_RECORDED, "product 'OM1'", "no point is recorded"),
    pytest.param(("addr: 7", "addr: 4"), LintRule.SHARED_REGISTERS, "point 'power_factor.total'", "'voltage.l1-n'"),
    pytest.param(("source: 1, ", ""), LintRule.ONE_SOURCE, "tests", "the maker's table"),
    pytest.param(
        ("tests: [{product: OM1, source: 1, at: 4, raw: [2300], expect: {voltage.l1-n: 230}}]\n", ""),
        LintRule.NO_VECTORS,
        "tests",
        "nothing proves",
    ),
    pytest.param(
        ("tests:", 'notes: [mind]\ntexts: {en: {mind: "Mind"}, fr: {mind: "Attention"}, nl: {mind: "Let op"}}\ntests:'),
        LintRule.TRANSLATION,
        "texts de",
        "mind",
    ),
    pytest.param(
        (
            "words: 20}]",
            "words: 20}]\nlimits: {max_registers: 10}",
        ),
        None,
        "",
        "",
        id="a block that can be read in pieces is no slip",
    ),
]


@pytest.mark.parametrize(("change", "rule", "place", "part"), CASES)
def test_a_slip_is_found_with_its_place_and_a_remedy_and_can_be_excused(
    find: Find, change: tuple[str, str], rule: LintRule | None, place: str, part: str
) -> None:
    found = find(change)

    if rule is None:
        assert found == ()
        return
    assert [(finding.rule, finding.place) for finding in found] == [(rule, place)]
    assert part in found[0].text
    assert found[0].remedy
    assert str(found[0]).endswith(f"[{rule}]")
    assert find(change, ("id: one-meter", f'lint: {{{rule}: "it is meant so"}}\nid: one-meter')) == ()


def test_points_that_lie_across_one_another_make_a_block_that_cannot_be_read_in_pieces(find: Find) -> None:
    tied = "".join(
        f"  - {{name: harmonic_voltage.l1.h{order}, addr: {10 + order}, type: u16, unit: '%', "
        f"plus: [{{addr: {13 + order}, type: u16, scale: 0.1}}]}}\n"
        for order in (2, 5, 8, 11)
    )

    found = find(
        ("words: 20}]", "words: 30}]\nlimits: {max_registers: 6}"),
        ("tests:", f"{tied}tests:"),
    )

    assert [(finding.rule, finding.place) for finding in found] == [(LintRule.LONG_BLOCK, "block 0x0000")]
    assert "13 registers hang together, and one request may ask for 6" in found[0].text


def test_what_needs_no_excuse_and_rules_that_do_not_exist_are_told(find: Find) -> None:
    found = find(("id: one-meter", 'lint: {rollover: "nobody knows"}\nid: one-meter'))

    assert [str(finding) for finding in found] == ["lint: there is nothing to excuse by 'rollover'; leave it away"]
    with pytest.raises(ProfileError, match=r"rolover: Input should be .*'rollover'"):
        find(("id: one-meter", 'lint: {rolover: "nobody knows"}\nid: one-meter'))


@pytest.mark.parametrize(
    "change",
    [
        ("addr: 5, type: u32, unit: kWh", "addr: 12, type: u64, nan: [], unit: kWh"),
        ("status: derived", "status: unverified"),
        (
            "addr: 5, type: u32, unit: kWh}",
            f"addr: 12, type: u32, unit: kWh, plus: [{{addr: 14, type: u32}}]}}\n{TARIFFS}",
        ),
        ("type: u16, scale: 0.1, unit: V", "type: f32, unit: V"),
        ("addr: 7, type: s16, scale: 0.001", "addr: 7, type: s16, scale: 0.00001, scale_register: 8"),
    ],
)
def test_what_is_right_is_not_told(find: Find, change: tuple[str, str]) -> None:
    changes = [change] if "f32" not in change[1] else [change, ("addr: 4, type: f32", "addr: 2, type: f32")]
    vector = ("at: 4, raw: [2300]", "at: 2, raw: [0x4366, 0]")

    assert find(*changes, *([vector] if "f32" in change[1] else [])) == ()


def test_the_linter_takes_a_second_source_by_what_the_sources_say_that_they_cover(find: Find) -> None:
    swapped = [('covers: "registers"', 'covers: "some values"'), ('covers: "some values"}\nv', 'covers: "points"}\nv')]

    assert find(*swapped)[0].rule is LintRule.ONE_SOURCE
    assert find(*swapped, ("source: 1", "source: 0")) == ()
