"""Programs that follow what changed in the readings, through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wattledger.archive import EmbeddedArchive, Point
from wattledger.plant import DataFolder

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)


def give(folder: DataFolder, *series: int) -> None:
    with EmbeddedArchive.open(folder.archive, durable=False) as archive:
        for each in series:
            archive.backfill(each, [Point(NOON, 1.0), Point(NOON + STEP, 2.0)], decimals=0).result()


def test_changes_are_told_once_from_where_one_was(api: Any, folder: DataFolder) -> None:
    give(folder, 7, 8)

    first = api.get("/changes?limit=1")
    second = api.get(f"/changes?next={first['next']}")
    nothing = api.get(f"/changes?next={second['next']}")
    give(folder, 9)
    third = api.get(f"/changes?next={nothing['next']}")

    assert first["items"] == [{"series": ["s7"], "first": "2026-01-05T12:00:00Z", "last": "2026-01-05T12:05:00Z"}]
    assert [item["series"] for item in second["items"]] == [["s8"]]
    assert (nothing["items"], nothing["next"], nothing["reset"]) == ([], second["next"], False)
    assert [item["series"] for item in third["items"]] == [["s9"]]


def test_an_archive_that_began_anew_resets_those_who_follow(api: Any, folder: DataFolder) -> None:
    give(folder, 7)
    before = api.get("/changes")["next"]
    for path in folder.archive.glob("hot.db*"):
        path.unlink()
    empty = api.get(f"/changes?next={before}")
    give(folder, 8)

    after = api.get(f"/changes?next={before}")

    assert (empty["reset"], empty["items"]) == (True, [])
    assert (after["reset"], [item["series"] for item in after["items"]]) == (True, [["s8"]])
    assert api.get(f"/changes?next={after['next']}")["reset"] is False
    assert [item["series"] for item in api.get(f"/changes?next={empty['next']}")["items"]] == [["s8"]]


def test_what_was_forgotten_and_what_made_room_is_told(api: Any, folder: DataFolder) -> None:
    give(folder, 7)
    with EmbeddedArchive.open(folder.archive, durable=False) as archive:
        archive.forget_before(NOON + timedelta(days=40)).result()
        archive.forget([7]).result()

    told = api.get("/changes")

    assert (told["forgotten"], told["let_go_until"]) == (["s7"], "2026-02-01T00:00:00Z")


@pytest.mark.parametrize("cursor", ["x", "1", "-1-", "1-x", "1-" + "a" * 40, "9" * 30 + "-"])
def test_what_is_no_cursor_is_refused(api: Any, folder: DataFolder, cursor: str) -> None:
    problem = api("GET", f"/changes?next={cursor}").json()

    assert (problem["status"], problem["field"]) == (422, "next")
