"""A YAML file is read the same with the quick parser and without it."""

from __future__ import annotations

import pytest
import yaml

from wattledger.catalog.documents import parse_document, read_document
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.loading import BUILT_IN


def test_both_parsers_read_every_built_in_profile_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted(BUILT_IN.glob("*.yaml"))
    quick = [read_document(path) for path in paths]

    monkeypatch.setattr(yaml, "__with_libyaml__", False)

    assert paths
    assert [read_document(path) for path in paths] == quick


@pytest.mark.parametrize("is_quick", [True, False])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x [1]\nb: *x", "line 2: aliases"),
        ("a: 1\na: 2", "line 2: key 'a' is given twice"),
        ("a: [1\nb: 2", "x.yaml: line 2: "),
        ("\n" + "[" * 5000, "line 2: nested deeper"),
        ("a: \x00", "no readable YAML"),
        ("a: 2026-99-99", "no readable YAML"),
    ],
)
def test_both_parsers_refuse_the_same_and_name_the_line(
    monkeypatch: pytest.MonkeyPatch, text: str, reason: str, is_quick: bool
) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", is_quick)

    with pytest.raises(ProfileError) as caught:
        parse_document(text, file="x.yaml")

    assert reason in str(caught.value)
