"""Keeps what happened: an append-only list of events, the outbox that hands them on, and the jobs of the worker.

Promises that several processes can tell events at the same time, that the state of an event is nothing but the fold of
its entries, that a condition which repeats or flaps is one event with a count, that the file stays bounded and that
what was told survives a power cut. SQLite only; who is told, and in which language, is the business of others.
"""

from wattledger.journal.entries import Act, Entry
from wattledger.journal.errors import (
    JobPendingError,
    JobsTakenError,
    JobStateError,
    JournalDamagedError,
    JournalError,
    JournalTooNewError,
    JournalUnavailableError,
    UnknownJobError,
    UnknownOccurrenceError,
)
from wattledger.journal.events import EVENTS, Code, EventType, Kind, Param, Severity
from wattledger.journal.fold import Event, fold
from wattledger.journal.jobs import Job, Jobs, JobState, Json
from wattledger.journal.journal import Journal
from wattledger.journal.outbox import Message, Outbox
from wattledger.journal.pages import Page
from wattledger.journal.runs import Runs
from wattledger.journal.upkeep import check, prepare

__all__ = [
    "EVENTS",
    "Act",
    "Code",
    "Entry",
    "Event",
    "EventType",
    "Job",
    "JobPendingError",
    "JobState",
    "JobStateError",
    "Jobs",
    "JobsTakenError",
    "Journal",
    "JournalDamagedError",
    "JournalError",
    "JournalTooNewError",
    "JournalUnavailableError",
    "Json",
    "Kind",
    "Message",
    "Outbox",
    "Page",
    "Param",
    "Runs",
    "Severity",
    "UnknownJobError",
    "UnknownOccurrenceError",
    "check",
    "fold",
    "prepare",
]
