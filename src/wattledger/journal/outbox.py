"""The outbox: what each channel (a log, mail, a publication) still has to tell, at least once.

A channel is a cursor on the entries plus its own messages. `collect` copies new entries into messages and moves the
cursor in one transaction, so nothing is skipped by a crash and nothing is lost when the journal is trimmed. A message
keeps its id however often it is tried: the receiver can tell a repetition.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from wattledger.journal.entries import Entry, from_us, to_us
from wattledger.journal.errors import JournalUnavailableError
from wattledger.journal.rows import entries_after, entry_of_json, to_json
from wattledger.journal.store import Store

FIRST_WAIT = timedelta(seconds=30)  # after a failure, doubled with each further one …
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=7)  # a mail server may be down over the holidays; older news is no news
KEPT = timedelta(days=7)  # settled messages, for those who ask what was sent
MOST_DUE = 10_000  # messages of one channel; when it never gets rid of them the oldest are given up


@dataclass(frozen=True, slots=True)
class Message:
    """One entry on its way through one channel; `attempts` failed so far."""

    id: int
    channel: str
    message_id: str
    entry: Entry
    attempts: int
    created: datetime
    due: datetime
    last_error: str


class Outbox:
    """The messages of all channels; one process pumps a channel."""

    def __init__(self, store: Store, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def open(self, channel: str) -> None:
        """Make the channel known: it tells what happens from now on. Nothing changes for one that is known."""
        with self._store.reading() as connection:
            if connection.execute("SELECT 1 FROM channel WHERE name = ?", (channel,)).fetchone():
                return
        with self._store.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO channel SELECT ?, coalesce(max(seq), 0) FROM sqlite_sequence"
                " WHERE name = 'entry'",
                (channel,),
            )

    def collect(self, channel: str, *, wanted: Callable[[Entry], bool] = lambda _: True, limit: int = 1000) -> int:
        """Make messages of the next entries, of those `wanted`; gives how many entries were looked at, 0 at the end."""
        with self._store.reading() as connection:  # asked every few seconds: no lock while there is nothing new
            if not entries_after(connection, _cursor(connection, channel), limit=1):
                return 0
        with self._store.writing() as connection:
            entries = entries_after(connection, _cursor(connection, channel), limit=limit)
            now = to_us(self._now())
            connection.executemany(
                "INSERT INTO message (channel, message_id, entry, state, created, due) VALUES (?, ?, ?, 'due', ?, ?)",
                [(channel, uuid4().hex, to_json(entry), now, now) for entry in entries if wanted(entry)],
            )
            connection.execute("UPDATE channel SET cursor = ? WHERE name = ?", (entries[-1].id, channel))
            return len(entries)

    def due(self, channel: str, *, limit: int = 100) -> tuple[Message, ...]:
        """The messages that are to be tried now, oldest first."""
        now = to_us(self._now())
        # A due time beyond the longest wait was set by a clock that has gone back since: it means now.
        beyond = to_us(self._now() + LONGEST_WAIT)
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM message WHERE channel = ? AND state = 'due' AND (due <= ? OR due > ?)"
                " ORDER BY id LIMIT ?",
                (channel, now, beyond, limit),
            )
            return tuple(_message(row) for row in rows)

    def sent(self, message: Message) -> None:
        """The receiver has it."""
        self._settle(message, "sent", message.last_error)

    def failed(self, message: Message, error: str) -> bool:
        """It did not get through: try again later; False when it is too old for that and given up."""
        now = self._now()
        if now - message.created >= GIVEN_UP_AFTER:
            self._settle(message, "given_up", error)
            return False
        wait = min(FIRST_WAIT * 2 ** min(message.attempts, 32), LONGEST_WAIT)
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE message SET attempts = attempts + 1, due = ?, last_error = ? WHERE id = ?",
                (to_us(now + wait), error, message.id),
            )
        return True

    def trim(self) -> int:
        """Forget messages that were settled long ago, and the oldest of a channel that has far too many."""
        with self._store.writing() as connection:
            old = connection.execute(
                "DELETE FROM message WHERE state <> 'due' AND settled < ?", (to_us(self._now() - KEPT),)
            )
            surplus = connection.execute(
                "DELETE FROM message WHERE state = 'due' AND id <= (SELECT other.id FROM message other"
                " WHERE other.channel = message.channel AND other.state = 'due'"
                " ORDER BY other.id DESC LIMIT 1 OFFSET ?)",
                (MOST_DUE,),
            )
            return old.rowcount + surplus.rowcount

    def _settle(self, message: Message, state: str, error: str) -> None:
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE message SET state = ?, attempts = attempts + 1, settled = ?, last_error = ? WHERE id = ?",
                (state, to_us(self._now()), error, message.id),
            )


def _cursor(connection: sqlite3.Connection, channel: str) -> int:
    row = connection.execute("SELECT cursor FROM channel WHERE name = ?", (channel,)).fetchone()
    if row is None:
        raise JournalUnavailableError(f"the channel {channel!r} was not opened since the list of events was begun")
    return int(row["cursor"])


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        channel=row["channel"],
        message_id=row["message_id"],
        entry=entry_of_json(row["entry"]),
        attempts=row["attempts"],
        created=from_us(row["created"]),
        due=from_us(row["due"]),
        last_error=row["last_error"],
    )
