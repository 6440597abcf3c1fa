"""Bounded growth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wattledger.journal import Code, Journal, fold

MOST = 30
STEP = st.tuples(st.sampled_from(["begin", "end", "note", "alarm", "acknowledge"]), st.integers(0, 3))


def tell(journal: Journal, act: str, number: int) -> None:
    key, params = f"bus:{number}", {"bus": "Cellar", "reason": "no route"}
    if act == "begin":
        journal.begin(Code.BUS_DOWN, key, params=params, source="engine")
        journal.flush(at_once=True)
    elif act == "end":
        journal.end(Code.BUS_DOWN, key)
        journal.flush(at_once=True)
    elif act == "note":
        journal.note(Code.LOGIN_REFUSED, params={"user": "anna"}, source="web")
    elif act == "alarm":
        journal.note(Code.ARCHIVE_SET_ASIDE, params={"file": "f"}, source="engine")
    else:
        for event in journal.events(active_only=True, limit=number + 1).events:
            if event.needs_acknowledgement:
                journal.acknowledge(event.occurrence, actor="anna")


@given(steps=st.lists(STEP, min_size=20, max_size=60))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bound_holds_and_what_stays_folds_to_the_same_events(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory, clock: Any
) -> None:
    path = tmp_path_factory.mktemp("bound") / "journal.sqlite3"
    with Journal(path, now=clock) as unbounded:
        for act, number in steps:
            tell(unbounded, act, number)
            clock.go_on(seconds=1)
        before = fold(unbounded.entries_after(0))
    with Journal(path, most_entries=MOST) as bounded:
        bounded.trim()
        after = fold(bounded.entries_after(0))
        assert len(bounded.entries_after(0)) <= MOST

    same = {event.occurrence: event for event in before}
    assert all(same[event.occurrence] == event for event in after)
    assert [event for event in after if event.is_standing] == [event for event in before if event.is_standing]


@given(steps=st.lists(STEP, min_size=30, max_size=60))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bound_holds_after_every_entry(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Journal(tmp_path_factory.mktemp("bound") / "journal.sqlite3", most_entries=MOST) as journal:
        for act, number in steps:
            tell(journal, act, number)
            assert len(journal.entries_after(0)) <= MOST


def test_what_stands_outlives_any_number_of_other_events(path: Path) -> None:
    with Journal(path, most_entries=MOST) as journal:
        tell(journal, "begin", 1)
        for _ in range(10 * MOST):
            tell(journal, "note", 0)

        assert journal.standing_keys(Code.BUS_DOWN) == {"bus:1"}


def test_unacknowledged_alarms_outlive_messages_and_acknowledged_ones(path: Path) -> None:
    with Journal(path, most_entries=MOST) as journal:
        tell(journal, "alarm", 0)
        tell(journal, "acknowledge", 0)
        tell(journal, "alarm", 0)
        for _ in range(10 * MOST):
            tell(journal, "note", 0)

        alarms = journal.events(codes=[Code.ARCHIVE_SET_ASIDE]).events
        assert [event.acknowledged for event in alarms] == [None]


def test_alarms_that_nobody_acknowledges_do_not_grow_for_ever(path: Path) -> None:
    with Journal(path, most_entries=MOST) as journal:
        for _ in range(10 * MOST):
            tell(journal, "alarm", 0)

        assert len(journal.entries_after(0)) <= MOST


def test_entry_ids_are_never_given_twice(path: Path) -> None:
    with Journal(path, most_entries=2) as journal:
        ids = []
        for _ in range(10):
            tell(journal, "note", 0)
            ids.append(journal.entries_after(0)[-1].id)

        assert ids == sorted(set(ids))
