"""Errors of this package.

JournalError
├── JournalDamagedError       the file is not, or no longer, a journal of ours
├── JournalTooNewError        written by a later release, which this one must not touch
├── JournalUnavailableError   locked, full, read-only or out of reach; the same call may work later
├── UnknownOccurrenceError    no event of this id, or not one that is acknowledged
├── UnknownJobError           no job of this id
├── JobStateError             the job is not in a state in which this can be done
└── JobsTakenError            another worker does the jobs
"""


class JournalError(Exception):
    """The journal could not do what was asked; the text says what happened and what to do."""


class JournalDamagedError(JournalError):
    """The file cannot be read as a journal."""


class JournalTooNewError(JournalError):
    """A later release wrote the journal and says that this one does not understand it."""


class JournalUnavailableError(JournalError):
    """The file cannot be used now: locked by somebody, on a full or read-only file system, or missing rights."""


class UnknownOccurrenceError(JournalError):
    """An event that does not exist (any more), or of a kind that nobody acknowledges."""


class UnknownJobError(JournalError):
    """A job that does not exist (any more)."""


class JobStateError(JournalError):
    """A job that is not in a state in which this can be done."""


class JobPendingError(JournalError):
    """A job of this kind waits or runs for the same thing already; `job` is its id."""

    def __init__(self, text: str, *, job: int) -> None:
        super().__init__(text)
        self.job = job


class JobsTakenError(JournalError):
    """Another process holds the job lock."""
