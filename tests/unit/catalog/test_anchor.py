"""Profiles whose addresses count from the start of a block of the device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wattledger.catalog import DeviceMap, ProfileError, device_map, load_profile

ANCHORED = """\
id: anchored
version: 1
name: Anchored meter
family: small
status: unverified
sources: [{title: "made for the tests"}]
variants: {whole: {title: "whole numbers"}, float: {title: "floats"}}
anchor: {kind: sunspec, models: {whole: [64001, 64002], float: [64011]}}
products: [{ref: A, variant: whole, alternatives: [float], instance: 2}]
transport: {tcp: {port: 502}}
identify: [{kind: register, addr: 2, words: 16, type: str, into: vendor}]
blocks: [{start: 2, words: 10, variants: [whole]}, {start: 2, words: 20, variants: [float]}]
points:
  - {name: voltage.l1-n, addr: 2, type: u16, scale_register: 4, unit: V, variants: [whole]}
  - {name: frequency, addr: 3, type: u16, unit: Hz, variants: [whole]}
  - {name: frequency, addr: 8, type: f32, unit: Hz, variants: [float]}
  - {name: voltage.l1-n, addr: 2, type: f32, unit: V, variants: [float]}
tests: [{product: A, model: 64011, at: 8, raw: [0x4248, 0], expect: {frequency: 50}}]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(old: str, new: str) -> Path:
        assert old in ANCHORED
        path = tmp_path / "anchored.yaml"
        path.write_text(ANCHORED.replace(old, new, 1))
        return path

    return written


def mapped(path: Path) -> DeviceMap:
    profile = load_profile(path)
    return device_map(profile, profile.product("A"))


def test_each_model_has_the_same_points_in_registers_of_its_own(write: Callable[..., Path]) -> None:
    found = mapped(write("", ""))
    whole, other = found.layout_of(64002), found.layout_of(64011)
    assert whole is not None
    assert other is not None

    settled = [found.settled(layout, at=40070) for layout in (whole, other)]

    assert [[str(point.name) for point in one.points] for one in settled] == [["voltage.l1-n", "frequency"]] * 2
    assert [[point.spans for point in one.points] for one in settled] == [
        [((40072, 40073), (40074, 40075)), ((40073, 40074),)],
        [((40072, 40074),), ((40078, 40080),)],
    ]
    assert [(block.start, block.end) for one in settled for block in one.blocks] == [(40072, 40082), (40072, 40092)]
    assert all(one.anchor is None for one in settled)
    assert found.layout_of(203) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alternatives: [float]", "alternatives: [none]", "product 'A': unknown variant 'none'"),
        (
            "models: {whole: [64001, 64002], float: [64011]}",
            "models: {whole: [64001]}",
            "no models for variant 'float'",
        ),
        ("whole: [64001, 64002],", "whole: [64001], wrong: [2],", "anchor: unknown variant 'wrong'"),
        ("instance: 2", "match: {product_code: X}", "product 'A': it is recognised by its models"),
        ("instance: 2", "instance: 0", "product 'A': instance: "),
        (
            "  - {name: frequency, addr: 8, type: f32, unit: Hz, variants: [float]}\n",
            "",
            "product 'A': not all of its variants have",
        ),
        ("transport:", "clock: {addr: 5, fields: [day]}\ntransport:", "clock: "),
        ("{start: 2, words: 10,", "{start: 1, words: 11,", "block 0x0001: begins in the header"),
        (
            "{kind: register, addr: 2, words: 16, type: str",
            "{kind: mei, object: 0",
            "only registers of the common model",
        ),
        ("addr: 2, words: 16, type: str", "addr: 60, words: 16, type: str", "identify step 0x003C"),
        ("model: 64011, at: 8", "model: 203, at: 8", "test vector 1: A is never in a block of model 203"),
        (
            "anchor: {kind: sunspec, models: {whole: [64001, 64002], float: [64011]}}\n",
            "",
            "for profiles with an 'anchor'",
        ),
        ("identify:", "defaults: {fc: 4}\nidentify:", "fc: SunSpec models are read with function 3"),
        ("blocks:", "commands: [{name: c, addr: 9, text: c, value: 1}]\ntexts: {en: {c: C}}\nblocks:", "commands: not"),
    ],
)
def test_a_mistake_in_an_anchored_profile_is_told(write: Callable[..., Path], old: str, new: str, message: str) -> None:
    with pytest.raises(ProfileError, match="anchored") as refused:
        load_profile(write(old, new))

    assert message in str(refused.value)
