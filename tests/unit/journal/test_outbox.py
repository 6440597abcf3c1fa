"""Handing entries on, at least once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wattledger.journal import Code, Entry, Journal
from wattledger.journal.outbox import FIRST_WAIT, GIVEN_UP_AFTER, KEPT, LONGEST_WAIT


def note(journal: Journal, user: str = "anna") -> None:
    journal.note(Code.LOGIN_REFUSED, params={"user": user}, source="web")


def collect_all(journal: Journal, wanted: Callable[[Entry], bool] = lambda _: True) -> None:
    while journal.outbox.collect("mail", wanted=wanted, limit=2):
        pass


def test_a_channel_tells_what_happens_after_it_was_opened_once_and_in_order(journal: Journal) -> None:
    note(journal, "before")
    journal.outbox.open("mail")
    for number in range(5):
        note(journal, f"user {number}")
    collect_all(journal)
    journal.outbox.open("mail")
    collect_all(journal)

    users = [message.entry.params["user"] for message in journal.outbox.due("mail")]
    assert users == [f"user {number}" for number in range(5)]


def test_only_what_is_wanted_becomes_a_message(journal: Journal) -> None:
    journal.outbox.open("mail")
    note(journal, "anna")
    note(journal, "ben")
    collect_all(journal, lambda entry: entry.params["user"] == "ben")

    assert [message.entry.params["user"] for message in journal.outbox.due("mail")] == ["ben"]


def test_what_was_sent_is_not_due_again(journal: Journal, another: Callable[[], Journal]) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    journal.outbox.sent(journal.outbox.due("mail")[0])

    assert another().outbox.due("mail") == ()


def test_what_was_not_confirmed_is_due_again_with_the_same_id_after_a_crash(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    (before,) = journal.outbox.due("mail")
    successor = another()

    (after,) = successor.outbox.due("mail")

    assert after.message_id == before.message_id


def test_a_message_survives_the_trimming_of_its_entry(journal: Journal) -> None:
    journal.outbox.open("mail")
    note(journal, "anna")
    collect_all(journal)
    entry = journal.entries_after(0)[0]
    with journal._store.writing() as connection:
        connection.execute("DELETE FROM entry")

    assert journal.outbox.due("mail")[0].entry == entry


def test_failures_are_tried_again_at_growing_distances_up_to_a_limit(journal: Journal, clock: Any) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    waits = []
    for _ in range(10):
        (message,) = journal.outbox.due("mail")
        assert journal.outbox.failed(message, "no server")
        failed_at = clock()
        while not (due := journal.outbox.due("mail")):
            clock.go_on(seconds=30)
        assert due[0].last_error == "no server"
        waits.append(clock() - failed_at)

    assert waits[:3] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert waits[-1] == LONGEST_WAIT


def test_a_message_that_is_too_old_is_given_up(journal: Journal, clock: Any) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    clock.go_on(seconds=GIVEN_UP_AFTER.total_seconds())

    assert not journal.outbox.failed(journal.outbox.due("mail")[0], "no server")
    assert journal.outbox.due("mail") == ()


def test_a_clock_that_went_back_does_not_hold_messages_up(journal: Journal, clock: Any) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    journal.outbox.failed(journal.outbox.due("mail")[0], "no server")
    clock.go_on(days=-3)

    assert len(journal.outbox.due("mail")) == 1


def test_settled_messages_are_forgotten_in_time(journal: Journal, clock: Any) -> None:
    journal.outbox.open("mail")
    note(journal)
    collect_all(journal)
    journal.outbox.sent(journal.outbox.due("mail")[0])
    assert journal.outbox.trim() == 0

    clock.go_on(seconds=(KEPT + timedelta(seconds=1)).total_seconds())
    assert journal.outbox.trim() == 1


def test_a_channel_that_never_gets_rid_of_its_messages_stays_bounded(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.outbox.open("mail")
    for number in range(8):
        note(journal, f"user {number}")
    collect_all(journal)
    monkeypatch.setattr("wattledger.journal.outbox.MOST_DUE", 3)

    assert journal.outbox.trim() == 5
    assert [message.entry.params["user"] for message in journal.outbox.due("mail")] == ["user 5", "user 6", "user 7"]
