"""The schema that editors use takes what loading takes, and explains every key."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from wattledger.catalog.documents import read_document
from wattledger.catalog.editor_schema import editor_schema
from wattledger.catalog.loading import BUILT_IN


def as_json(profile: object) -> Any:
    return json.loads(json.dumps(profile, default=str))


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_takes_every_built_in_profile_and_refuses_a_slip(path: Any) -> None:
    schema = jsonschema_rs.validator_for(json.dumps(editor_schema()))
    profile = as_json(read_document(path))

    schema.validate(profile)
    assert not schema.is_valid({**profile, "pointz": []})
    for point in profile.get("points", [])[:1]:
        assert not schema.is_valid({**profile, "points": [{**point, "unit": "kWhh"}]})


def test_every_key_is_explained() -> None:
    schema = editor_schema()
    parts = {"": schema, **schema["$defs"]}

    unexplained = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, about in part.get("properties", {}).items()
        if not about.get("description")
    ]

    assert unexplained == []
