"""Channels: the ways by which events are handed on, and the pump that empties the outbox into them."""

from __future__ import annotations

import logging
from typing import Protocol

from wattledger.journal import Code, Entry, Journal, Kind, Message, Severity

events = logging.getLogger("wattledger.events")

SOURCE = "worker"
LEVELS = {Kind.INFORMATION: logging.INFO, Kind.WARNING: logging.WARNING}  # alarms and errors are errors


class DeliveryError(Exception):
    """The receiver did not take a message; the text says why."""


class Channel(Protocol):
    """A way to a receiver. What it delivers may come twice, with the same message id."""

    name: str

    def wants(self, entry: Entry) -> bool:
        """Whether this entry is for the receiver."""

    def deliver(self, message: Message) -> None:
        """Hand over, blocking. Raises DeliveryError."""


class LogChannel:
    """Each entry as one line of the log."""

    name = "log"

    def wants(self, entry: Entry) -> bool:  # noqa: ARG002 - the log takes everything
        """All of them."""
        return True

    def deliver(self, message: Message) -> None:
        """Write the line."""
        entry = message.entry
        level = LEVELS.get(entry.kind, logging.CRITICAL if entry.severity is Severity.CRITICAL else logging.ERROR)
        who = f" by {entry.actor}" if entry.actor else ""
        events.log(level, "%s %s%s: %s", entry.code, entry.act, who, entry.text)


def pump(journal: Journal, channel: Channel) -> int:
    """Hand over what is due; gives how many messages got through. Raises JournalError."""
    outbox = journal.outbox
    outbox.open(channel.name)
    while outbox.collect(channel.name, wanted=channel.wants):
        pass
    sent = 0
    for message in outbox.due(channel.name):
        try:
            channel.deliver(message)
        except DeliveryError as error:
            if not outbox.failed(message, str(error)):
                params = {"channel": channel.name, "reason": str(error)}
                journal.begin(Code.DELIVERY_FAILED, channel.name, params=params, source=SOURCE)
        else:
            outbox.sent(message)
            journal.end(Code.DELIVERY_FAILED, channel.name, source=SOURCE)
            sent += 1
    return sent
