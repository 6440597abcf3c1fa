"""What the product itself ships is above all doubt."""

from __future__ import annotations

import pytest

from wattledger.catalog import load_catalog
from wattledger.catalog.linting import lint


@pytest.mark.parametrize("profile_id", [profile.id for profile in load_catalog().profiles])
def test_every_built_in_profile_is_clean(profile_id: str) -> None:
    findings = lint(load_catalog().profile(profile_id))

    assert not findings, "\n".join(map(str, findings))
