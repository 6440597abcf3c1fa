"""Zones and switchboards: made through the API, and what circuits belong to."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_building_has_floors_and_rooms_and_boards_stand_in_them(api: Any, meter: dict[str, Any]) -> None:
    house = api.post("/zones", {"name": "House", "kind": "building", "area_m2": 900})
    floor = api.post("/zones", {"name": "Cellar", "kind": "floor", "parent": house["id"]})
    board = api.post("/switchboards", {"name": "Main", "location": floor["id"]})
    changed = api.patch(f"/devices/{meter['id']}", {"zone": floor["id"], "switchboard": board["id"]})

    assert [row["name"] for row in api.get("/zones")["items"]] == ["House", "Cellar"]
    assert (floor["parent"], house["area_m2"]) == (house["id"], 900)
    assert api.get("/switchboards")["items"] == [board]
    assert (changed["zone"], changed["switchboard"]) == (floor["id"], board["id"])


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("/zones", {"name": "x", "kind": "floor"}, "parent", "contradiction"),
        ("/zones", {"name": "x", "kind": "building", "parent": "z1"}, "parent", "contradiction"),
        ("/zones", {"name": "x", "kind": "room", "parent": "z99"}, "parent", "unknown"),
        ("/zones", {"name": "x", "kind": "tent"}, "kind", "not_one_of"),
        ("/switchboards", {"name": "x", "location": "z99"}, "location", "unknown"),
    ],
)
def test_what_stands_nowhere_is_refused(api: Any, path: str, body: dict[str, Any], field: str, code: str) -> None:
    refused = api("POST", path, body)

    assert (refused.status_code, refused.json()["field"], refused.json()["code"]) == (422, field, code)
    assert api.get(path)["items"] == []
