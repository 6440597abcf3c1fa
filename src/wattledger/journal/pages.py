"""The list of events, page by page."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from wattledger.journal.events import Kind, Severity
from wattledger.journal.fold import Event, fold
from wattledger.journal.rows import entries_of

MOST_EVENTS = 1000  # a page
AT_ONCE = 200

# The same as Event.is_open, so that a page of open events need not fold the whole journal.
OPEN = """(
    (needs_acknowledgement AND NOT EXISTS (
        SELECT 1 FROM entry a WHERE a.occurrence = raised.occurrence AND a.act = 'acknowledged'))
    OR (standing AND 'ended' <> (
        SELECT last.act FROM entry last WHERE last.occurrence = raised.occurrence AND last.act <> 'acknowledged'
        ORDER BY last.id DESC LIMIT 1))
)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; an empty collection or None stands for all. The period takes in whatever fired within it."""

    open_only: bool = False
    kinds: Collection[Kind] = ()
    severities: Collection[Severity] = ()
    codes: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, event: Event) -> bool:
        """Whether the event is within the period and open if that is asked; the rest is asked of the file."""
        return (
            (not self.open_only or event.is_open)
            and (self.since is None or event.last_fired >= self.since)
            and (self.until is None or event.first_fired < self.until)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Events, newest first; `next` is what to give as `after` for those before them, None when there are none."""

    events: tuple[Event, ...]
    next: int | None


def page_of(connection: sqlite3.Connection, wanted: Wanted, *, limit: int, after: int | None) -> Page:
    """The newest wanted events below the position `after`, at most `limit`."""
    limit = max(1, min(limit, MOST_EVENTS))
    events = tuple(islice(_wanted_events(connection, wanted, after), limit + 1))
    return Page(events[:limit], next=events[limit - 1].position if len(events) > limit else None)


def _wanted_events(connection: sqlite3.Connection, wanted: Wanted, after: int | None) -> Iterator[Event]:
    for occurrences in _newest_first(connection, wanted, after):
        yield from filter(wanted.fits, fold(entries_of(connection, occurrences)))


def _newest_first(
    connection: sqlite3.Connection, wanted: Wanted, after: int | None
) -> Generator[list[str], None, None]:
    conditions, values = _conditions(wanted)
    below = after if after is not None else 2**63 - 1
    while True:
        rows = connection.execute(
            f"SELECT id, occurrence FROM entry raised WHERE act = 'raised' AND id < ? {conditions}"  # noqa: S608 - marks
            " ORDER BY id DESC LIMIT ?",
            (below, *values, AT_ONCE),
        ).fetchall()
        if not rows:
            return
        yield [row["occurrence"] for row in rows]
        below = rows[-1]["id"]


def _conditions(wanted: Wanted) -> tuple[str, list[str]]:
    sql = ""
    values: list[str] = []
    for column, choices in (("kind", wanted.kinds), ("severity", wanted.severities), ("code", wanted.codes)):
        if choices:
            sql += f" AND {column} IN ({', '.join('?' * len(choices))})"
            values.extend(str(choice) for choice in choices)
    return sql + (f" AND {OPEN}" if wanted.open_only else ""), values
