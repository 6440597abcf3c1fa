"""Telling, repeating, ending, acknowledging, and the list of events."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wattledger.journal import Act, Code, Event, Journal, Kind, Severity, UnknownOccurrenceError, fold
from wattledger.journal.conditions import LONGEST_FLAP, SAME_TROUBLE

BUS = {"bus": "Cellar", "reason": "no route"}
LOGIN = {"user": "anna"}


def begin(journal: Journal, key: str = "bus:1", *, reason: str = "no route") -> None:
    journal.begin(Code.BUS_DOWN, key, params={"bus": "Cellar", "reason": reason}, source="engine")


def only(journal: Journal) -> Event:
    (event,) = journal.events().events
    return event


def test_what_is_noted_stands_in_the_list_with_its_text_and_who_did_it(journal: Journal) -> None:
    occurrence = journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web", actor="anna")

    event = only(journal)
    assert (event.occurrence, event.text, event.actor) == (occurrence, "Login refused for user anna", "anna")
    assert not event.is_standing
    assert not event.is_open


def test_a_condition_that_is_told_again_and_again_is_one_event_with_a_count(journal: Journal, clock: Any) -> None:
    for _ in range(50):
        begin(journal)
    journal.flush(at_once=True)

    assert only(journal).count == 50
    assert len(journal.entries_after(0)) == 2


def test_repetitions_are_written_at_growing_distances_and_none_is_lost(journal: Journal, clock: Any) -> None:
    seconds = 6 * 3600
    for _ in range(seconds // 10):
        begin(journal)
        clock.go_on(seconds=10)
    journal.end(Code.BUS_DOWN, "bus:1")

    event = only(journal)
    assert event.count == seconds // 10
    assert not event.is_standing
    assert len(journal.entries_after(0)) < 15


def test_a_flapping_condition_is_one_event_and_does_not_flood(journal: Journal, clock: Any) -> None:
    for _ in range(3600):
        begin(journal)
        clock.go_on(seconds=0.5)
        journal.end(Code.BUS_DOWN, "bus:1")
        clock.go_on(seconds=0.5)
    journal.flush(at_once=True)

    event = only(journal)
    assert event.count == 3600
    assert not event.is_standing
    assert len(journal.entries_after(0)) < 40


def test_the_last_end_of_a_flapping_condition_is_written_by_a_later_flush(journal: Journal, clock: Any) -> None:
    for _ in range(10):
        begin(journal)
        journal.end(Code.BUS_DOWN, "bus:1")
    begin(journal)
    journal.flush(at_once=True)
    journal.end(Code.BUS_DOWN, "bus:1")
    assert only(journal).is_standing

    clock.go_on(seconds=LONGEST_FLAP.total_seconds())
    journal.flush()

    assert not only(journal).is_standing


def test_the_first_end_is_written_at_once(journal: Journal) -> None:
    begin(journal)
    journal.end(Code.BUS_DOWN, "bus:1")

    assert not only(journal).is_standing


def test_a_condition_that_comes_back_much_later_is_another_event(journal: Journal, clock: Any) -> None:
    begin(journal)
    journal.end(Code.BUS_DOWN, "bus:1")
    clock.go_on(seconds=SAME_TROUBLE.total_seconds())
    begin(journal)

    assert [event.is_standing for event in journal.events().events] == [True, False]


def test_a_condition_that_comes_back_after_its_acknowledgement_is_another_event(journal: Journal) -> None:
    begin(journal)
    journal.end(Code.BUS_DOWN, "bus:1")
    journal.acknowledge(only(journal).occurrence, actor="anna")
    begin(journal)

    assert len(journal.events().events) == 2


def test_ending_what_never_began_writes_nothing(journal: Journal) -> None:
    journal.end(Code.BUS_DOWN, "bus:1")

    assert journal.entries_after(0) == ()


def test_a_condition_goes_on_and_ends_across_a_restart(journal: Journal, another: Callable[[], Journal]) -> None:
    begin(journal)
    successor = another()
    begin(successor)
    successor.end(Code.BUS_DOWN, "bus:1")

    event = only(journal)
    assert (event.count, event.is_standing) == (2, False)


def test_an_end_after_a_restart_needs_no_begin(journal: Journal, another: Callable[[], Journal]) -> None:
    begin(journal)
    another().end(Code.BUS_DOWN, "bus:1")

    assert not only(journal).is_standing
    assert journal.history(only(journal).occurrence)[-1].text == "Cellar is down: no route"


def test_what_another_process_ended_begins_anew_when_it_is_told_again(
    journal: Journal, another: Callable[[], Journal], clock: Any
) -> None:
    begin(journal)
    another().end(Code.BUS_DOWN, "bus:1")
    clock.go_on(seconds=5)
    begin(journal)

    assert only(journal).is_standing


def test_conditions_of_the_same_code_are_told_apart_by_their_key(journal: Journal) -> None:
    begin(journal, "bus:1")
    begin(journal, "bus:2")
    journal.end(Code.BUS_DOWN, "bus:1")

    assert journal.standing_keys(Code.BUS_DOWN) == {"bus:2"}


def test_the_text_of_an_event_is_that_of_its_last_firing(journal: Journal) -> None:
    begin(journal, reason="refused")
    begin(journal, reason="no route")
    journal.flush(at_once=True)

    assert only(journal).text == "Cellar is down: no route"


STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["begin", "end"]), st.integers(0, 400)), max_size=30)


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whichever_process_tells_it_the_firings_add_up(
    steps: list[tuple[int, str, int]], tmp_path_factory: pytest.TempPathFactory, clock: Any
) -> None:
    path = tmp_path_factory.mktemp("told") / "journal.sqlite3"
    processes = [Journal(path, now=clock) for _ in range(3)]
    for process, act, wait_s in steps:
        if act == "begin":
            begin(processes[process])
        else:
            processes[process].end(Code.BUS_DOWN, "bus:1")
        clock.go_on(seconds=wait_s)
    for journal in processes:
        journal.close()

    with Journal(path) as journal:
        events = fold(journal.entries_after(0))
    assert sum(event.count for event in events) == sum(act == "begin" for _, act, _ in steps)
    assert sum(event.is_standing for event in events) <= 1


def test_an_acknowledgement_is_recorded_once(journal: Journal, another: Callable[[], Journal]) -> None:
    begin(journal)
    occurrence = only(journal).occurrence

    assert journal.acknowledge(occurrence, actor="anna", comment="fuse replaced")
    assert not another().acknowledge(occurrence, actor="ben")
    assert (only(journal).acknowledged_by, only(journal).comment) == ("anna", "fuse replaced")


def test_what_is_no_alarm_is_not_acknowledged(journal: Journal) -> None:
    occurrence = journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")

    with pytest.raises(UnknownOccurrenceError):
        journal.acknowledge(occurrence, actor="anna")
    with pytest.raises(UnknownOccurrenceError):
        journal.acknowledge("unknown", actor="anna")


def test_pages_give_every_event_once_newest_first(journal: Journal) -> None:
    told = [journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web") for _ in range(7)]

    seen: list[str] = []
    after: int | None = None
    while True:
        page = journal.events(limit=3, after=after)
        seen += [event.occurrence for event in page.events]
        after = page.next
        if after is None:
            break

    assert seen == told[::-1]


def test_the_list_is_filtered_by_kind_severity_code_and_period(journal: Journal, clock: Any) -> None:
    journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    clock.go_on(hours=1)
    begin(journal)
    clock.go_on(hours=1)
    now = clock()

    def codes(**wanted: Any) -> list[str]:
        return [event.code for event in journal.events(**wanted).events]

    assert codes(kinds=[Kind.ALARM]) == ["bus_down"]
    assert codes(severities=[Severity.WARNING]) == ["login_refused"]
    assert codes(codes=["login_refused", "unknown"]) == ["login_refused"]
    assert codes(since=now - timedelta(minutes=90)) == ["bus_down"]
    assert codes(until=now - timedelta(minutes=90)) == ["login_refused"]


@given(steps=st.lists(st.sampled_from(["begin", "end", "note", "acknowledge", "wait"]), max_size=25))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_active_ones_are_those_that_fold_to_open(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory, clock: Any
) -> None:
    with Journal(tmp_path_factory.mktemp("open") / "journal.sqlite3", now=clock) as journal:
        for step in steps:
            if step == "begin":
                begin(journal)
                journal.begin(Code.CLOCK_UNTRUSTED, "clock", params={"reason": "behind"}, source="engine")
            elif step == "end":
                journal.end(Code.BUS_DOWN, "bus:1")
                journal.end(Code.CLOCK_UNTRUSTED, "clock")
            elif step == "note":
                journal.note(Code.ARCHIVE_SET_ASIDE, params={"file": "f"}, source="engine")
            elif step == "wait":
                clock.go_on(minutes=20)
            else:
                for event in journal.events(kinds=[Kind.ALARM], limit=1).events:
                    journal.acknowledge(event.occurrence, actor="anna")

        everything = fold(journal.entries_after(0))
        assert list(journal.events(active_only=True).events) == [event for event in everything if event.is_open]


def test_params_that_do_not_fit_the_text_and_the_wrong_way_of_telling_are_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="takes"):
        journal.note(Code.LOGIN_REFUSED, params={"name": "anna"}, source="web")
    with pytest.raises(ValueError, match="takes"):
        journal.begin(Code.BUS_DOWN, "bus:1", params={}, source="engine")
    with pytest.raises(ValueError, match="condition"):
        journal.note(Code.BUS_DOWN, params=BUS, source="engine")
    with pytest.raises(ValueError, match="told once"):
        journal.begin(Code.LOGIN_REFUSED, "x", params=LOGIN, source="web")


def test_while_the_file_is_locked_events_wait_and_nobody_is_stopped(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wattledger.journal.connection.BUSY_TIMEOUT_S", 0.01)
    journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    journal.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with caplog.at_level(logging.WARNING):
        journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
        begin(journal)
        begin(journal)
    assert len(caplog.records) == 1
    other.execute("ROLLBACK")
    other.close()
    journal.flush()

    assert [(entry.act, entry.code, entry.count) for entry in journal.entries_after(0)] == [
        (Act.RAISED, "login_refused", 1),
        (Act.RAISED, "login_refused", 1),
        (Act.RAISED, "bus_down", 1),
        (Act.REPEATED, "bus_down", 1),
    ]
