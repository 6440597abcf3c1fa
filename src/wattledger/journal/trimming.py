"""Bounded growth: what goes when the journal is full, and how what stays still says the same."""

from __future__ import annotations

import sqlite3

from wattledger.journal.fold import Event, fold
from wattledger.journal.rows import entries_of

# Two years of a busy site's events in about 8 MB, and the fold of all of them stays under a second on the smallest box.
MOST_ENTRIES = 20_000
KEPT_SHARE = 0.9  # trimmed to this share, so that it happens once in a while and not with every entry
AT_ONCE = 200  # occurrences looked at together
MANY_REPETITIONS = 50  # of one event; their single times are worth less than other events


def trim(connection: sqlite3.Connection, *, most: int = MOST_ENTRIES) -> int:
    """Bring the entries down when there are more than `most`; gives the number that went.

    Many repetitions of one event become one entry. Then go events that nobody needs to look at (ended, acknowledged,
    or told once), oldest first; then ended alarms that nobody acknowledged. What stands never goes. What stays folds
    to the same events as before. Within a transaction of the caller.
    """
    before = _count(connection)
    if before <= most:
        return 0
    target = int(most * KEPT_SHARE)
    _merge_repetitions(connection, more_than=MANY_REPETITIONS)
    for open_too in (False, True):
        _drop(connection, _count(connection) - target, open_too=open_too)
    if _count(connection) > target:
        _merge_repetitions(connection, more_than=1)
    return before - _count(connection)


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM entry").fetchone()[0])


def _drop(connection: sqlite3.Connection, surplus: int, *, open_too: bool) -> None:
    """Drop whole occurrences, oldest first, until `surplus` entries are gone."""
    position = 0
    while surplus > 0 and (events := _events_after(connection, position)):
        position = events[-1].position
        for event in events:
            if surplus > 0 and not event.is_standing and (open_too or not event.is_open):
                gone = connection.execute("DELETE FROM entry WHERE occurrence = ?", (event.occurrence,))
                surplus -= gone.rowcount


def _events_after(connection: sqlite3.Connection, position: int) -> list[Event]:
    rows = connection.execute(
        "SELECT occurrence FROM entry WHERE act = 'raised' AND id > ? ORDER BY id LIMIT ?", (position, AT_ONCE)
    )
    return fold(entries_of(connection, [row[0] for row in rows]))[::-1]


def _merge_repetitions(connection: sqlite3.Connection, *, more_than: int) -> None:
    """Where an event has more repetitions, make them one: the newest, with the sum and the latest time of all."""
    rows = connection.execute(
        "SELECT occurrence, max(id) AS newest, sum(count) AS count, max(time) AS time FROM entry"
        " WHERE act = 'repeated' GROUP BY occurrence HAVING count(*) > ?",
        (more_than,),
    ).fetchall()
    for row in rows:
        connection.execute(
            "DELETE FROM entry WHERE occurrence = ? AND id < ? AND act IN ('repeated', 'ended')",
            (row["occurrence"], row["newest"]),
        )
        connection.execute(
            "UPDATE entry SET count = ?, time = ? WHERE id = ?", (row["count"], row["time"], row["newest"])
        )
