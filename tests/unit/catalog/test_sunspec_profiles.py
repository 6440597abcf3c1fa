"""The built-in profiles of SunSpec meters and inverters."""

from __future__ import annotations

import pytest

from wattledger.catalog import load_catalog
from wattledger.fieldbus.vectors import vector_faults


@pytest.mark.parametrize("profile_id", ["sunspec-meter", "sunspec-inverter"])
def test_they_read_their_golden_vectors_and_speak_four_languages(profile_id: str) -> None:
    profile = load_catalog().profile(profile_id)

    assert vector_faults(profile) == ()
    assert profile.tests
    assert {text.keys() == profile.texts["en"].keys() for text in profile.texts.values()} == {True}
    assert set(profile.texts) == {"en", "fr", "de", "nl"}
