"""What is done to the file before and beside its use: prepare it at a start, look at it from outside."""

from __future__ import annotations

from pathlib import Path

from wattledger.journal.healing import look_through, set_aside_if_damaged


def prepare(path: Path, *, source: str) -> Path | None:
    """Check, migrate or make the file, before the processes of a server use it.

    A damaged file is set aside under a name that says so and a new one begun whose first entry tells it; gives the
    path it lies at now, None when all was well. Raises JournalTooNewError and JournalUnavailableError.
    """
    return set_aside_if_damaged(path, source=source)


def check(path: Path) -> None:
    """Look through the whole file without changing it, beside those who use it; raises JournalError on a finding."""
    look_through(path, read_only=True)
