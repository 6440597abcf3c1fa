"""A small profile to damage in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SMALL_PROFILE = """\
id: small-meter
version: 1
name: Small meter
family: small
status: unverified
sources: [{title: "made for the tests"}]
variants: {one: {title: "one phase", rollover: 99999}}
products: [{ref: SM1, variant: one, match: {product_code: SM1}}]
transport: {tcp: {port: 502}}
defaults: {nan: {u16: 0xFFFF}}
identify: [{kind: register, addr: 0, words: 4, type: str, into: vendor}]
blocks: [{start: 0, words: 20}]
points:
  - {name: voltage.l1-n, addr: 4, type: u16, scale: 0.1, unit: V}
  - {name: active_energy.import.total, addr: 5, type: u32, unit: kWh}
tests: [{product: SM1, at: 4, raw: [2300], expect: {voltage.l1-n: 230}}]
"""


@pytest.fixture
def small_profile() -> str:
    return SMALL_PROFILE


@pytest.fixture
def write_profile(tmp_path: Path) -> Callable[..., Path]:
    """Write the small profile, with one piece of text replaced, and give its path."""

    def write(old: str = "", new: str = "", *, name: str = "small.yaml") -> Path:
        assert old in SMALL_PROFILE
        path = tmp_path / name
        path.write_text(SMALL_PROFILE.replace(old, new, 1) if old else SMALL_PROFILE)
        return path

    return write
