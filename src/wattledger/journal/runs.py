"""When each scheduled task last ran; kept in the journal's file, so that a restart neither repeats nor forgets one."""

from __future__ import annotations

from datetime import datetime

from wattledger.journal.entries import from_us, to_us
from wattledger.journal.store import Store


class Runs:
    """The last runs by name of task."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def last(self) -> dict[str, datetime]:
        """When each task ran last, UTC; one that never did is absent. Raises JournalError."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT task, last FROM run").fetchall()
        return {row["task"]: from_us(row["last"]) for row in rows}

    def ran(self, task: str, at: datetime) -> None:
        """Record that a task ran. Raises JournalError."""
        with self._store.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (task, to_us(at)))
