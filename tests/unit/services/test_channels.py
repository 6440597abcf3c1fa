"""Events handed on."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from wattledger.journal import Code, Entry, Journal, Kind, Message
from wattledger.services.channels import DeliveryError, LogChannel, pump


class Post:
    """A receiver that takes alarms, while it is open."""

    name = "post"

    def __init__(self) -> None:
        self.is_open = True
        self.got: list[Message] = []

    def wants(self, entry: Entry) -> bool:
        return entry.kind is Kind.ALARM

    def deliver(self, message: Message) -> None:
        if not self.is_open:
            raise DeliveryError("closed")
        self.got.append(message)


def alarm(journal: Journal) -> None:
    journal.note(Code.ARCHIVE_SET_ASIDE, params={"file": "f"}, source="engine")


def test_each_event_becomes_one_line_of_the_log(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    pump(journal, LogChannel())
    journal.note(Code.TOKEN_CREATED, params={"user": "anna", "token": "plc"}, source="cli", actor="local")
    alarm(journal)

    with caplog.at_level(logging.INFO):
        assert pump(journal, LogChannel()) == 2
        assert pump(journal, LogChannel()) == 0

    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [
        ("INFO", "token_created raised by local: Access token plc created for user anna"),
        ("ERROR", "archive_set_aside raised: A damaged part of the archive was set aside as f; a new one was begun"),
    ]


def test_a_receiver_gets_what_it_wants_and_nothing_else(journal: Journal) -> None:
    post = Post()
    pump(journal, post)
    journal.note(Code.LOGIN_REFUSED, params={"user": "anna"}, source="web")
    alarm(journal)
    pump(journal, post)

    assert [message.entry.code for message in post.got] == ["archive_set_aside"]


def test_what_is_not_taken_is_kept_and_a_given_up_message_is_an_event_until_the_next_gets_through(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    pump(journal, post)
    post.is_open = False
    alarm(journal)
    assert pump(journal, post) == 0
    assert journal.standing_keys(Code.DELIVERY_FAILED) == frozenset()

    monkeypatch.setattr("wattledger.journal.outbox.GIVEN_UP_AFTER", timedelta(0))
    alarm(journal)
    pump(journal, post)
    assert journal.standing_keys(Code.DELIVERY_FAILED) == {"post"}

    post.is_open = True
    alarm(journal)
    pump(journal, post)
    assert journal.standing_keys(Code.DELIVERY_FAILED) == frozenset()
