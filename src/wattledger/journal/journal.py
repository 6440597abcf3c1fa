"""The journal: told events, standing conditions, acknowledgements, and the list of what happened."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from wattledger.journal.conditions import Condition, Written, entries_due
from wattledger.journal.entries import Act, Entry, entry_for, new_occurrence
from wattledger.journal.errors import JournalError, UnknownOccurrenceError
from wattledger.journal.events import EVENTS, Code, Kind, Param, Severity
from wattledger.journal.fold import Event, fold
from wattledger.journal.jobs import Jobs
from wattledger.journal.outbox import Outbox
from wattledger.journal.pages import Page, Wanted, page_of
from wattledger.journal.rows import append, entries_after, entries_of, written_of
from wattledger.journal.runs import Runs
from wattledger.journal.store import Seen, Store
from wattledger.journal.trimming import MOST_ENTRIES, trim

log = logging.getLogger(__name__)

MOST_WAITING = 1000  # told events kept in memory while the file cannot be written; then the oldest go


class Journal:
    """The events of one server, in one file that several processes append to.

    Telling (`note`, `begin`, `end`) never raises for trouble with the file: what cannot be written now is logged once,
    waits in memory and goes with the next call. So who begins conditions also calls `flush` every few seconds. Safe to
    share between threads; what waits in memory stays with the process that was told.
    """

    def __init__(
        self, path: Path, *, most_entries: int = MOST_ENTRIES, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = Store(path)
        self._most_entries = most_entries
        self._now = now
        self._in_trouble = False
        self._start_empty()
        self.jobs = Jobs(self._store, now=now)
        self.outbox = Outbox(self._store, now=now)
        self.runs = Runs(self._store)

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    def note(
        self, code: Code, *, params: Mapping[str, Param] | None = None, source: str, actor: str | None = None
    ) -> str:
        """Tell what happened once; gives the id of the occurrence.

        `actor` is the user in whose name it happened. Raises ValueError when the code is that of a lasting condition
        or `params` are not those of its text.
        """
        self._check(code, standing=False)
        occurrence = new_occurrence()
        entry = entry_for(
            code,
            Act.RAISED,
            time=self._now(),
            occurrence=occurrence,
            key="",
            params=params or {},
            source=source,
            actor=actor,
        )
        with self._turn:
            self._waiting.append(entry)
            self._settle(())
        return occurrence

    def begin(self, code: Code, key: str, *, params: Mapping[str, Param] | None = None, source: str) -> None:
        """Tell that a condition holds, as often as it is seen; `key` says of what ("device:12").

        The first telling makes an event, the others count. Coming back shortly after its end, unacknowledged, it is the
        same event again. Raises ValueError when the code is told once only or `params` are not those of its text.
        """
        self._check(code, standing=True)
        EVENTS[code].text(params or {})
        with self._turn:
            self._condition(code, key).fire(self._now(), params or {}, source)
            self._settle([(code, key)])

    def end(self, code: Code, key: str, *, source: str = "") -> None:
        """Tell that a condition holds no longer; costs nearly nothing when it did not.

        `source` empty: the one that told of it last. Raises ValueError for a code that is told once only.
        """
        self._check(code, standing=True)
        with self._turn:
            self._condition(code, key).end(self._now(), source)
            self._settle([(code, key)])

    def flush(self, *, at_once: bool = False) -> None:
        """Write what has waited long enough, or everything `at_once`."""
        with self._turn:
            self._settle(list(self._conditions), at_once=at_once)

    def acknowledge(self, occurrence: str, *, actor: str, comment: str = "") -> bool:
        """Record that `actor` has seen an alarm; False when somebody else was first.

        Raises UnknownOccurrenceError for what is not, or not an alarm, and JournalError when it cannot be written.
        """
        with self._turn, self._store.writing() as connection:
            entries = entries_of(connection, [occurrence])
            raised = next((entry for entry in entries if entry.act is Act.RAISED), None)
            if raised is None or not raised.needs_acknowledgement:
                raise UnknownOccurrenceError(f"no alarm {occurrence} that could be acknowledged")
            if any(entry.act is Act.ACKNOWLEDGED for entry in entries):
                return False
            said = replace(raised, act=Act.ACKNOWLEDGED, time=self._now(), actor=actor, comment=comment, count=0, id=0)
            append(connection, said)
            self._keep_bound(connection)
            self._written.clear()
            return True

    def events(
        self,
        *,
        active_only: bool = False,
        limit: int = 50,
        after: int | None = None,
        kinds: Collection[Kind] = (),
        severities: Collection[Severity] = (),
        codes: Collection[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page:
        """A page of events, newest first; `after` is the `next` of the page before.

        `active_only`: what stands, and alarms that nobody acknowledged. The period [since, until) takes in whatever
        fired within it. Empty collections stand for all. Raises JournalError when the file cannot be read.
        """
        wanted = Wanted(active_only, kinds, severities, codes, since, until)
        with self._store.reading() as connection:
            return page_of(connection, wanted, limit=limit, after=after)

    def event(self, occurrence: str) -> Event | None:
        """One event; None when it is not (any more)."""
        return next(iter(fold(self.history(occurrence))), None)

    def history(self, occurrence: str) -> tuple[Entry, ...]:
        """All entries of one event, oldest first."""
        with self._store.reading() as connection:
            return tuple(sorted(entries_of(connection, [occurrence]), key=lambda entry: entry.id))

    def entries_after(self, cursor: int, *, limit: int = 1000) -> tuple[Entry, ...]:
        """The next entries after a cursor (the id of the last one seen, 0 for the first), oldest first."""
        with self._store.reading() as connection:
            return tuple(entries_after(connection, cursor, limit=limit))

    def standing_keys(self, code: Code) -> frozenset[str]:
        """The keys of which a condition stands, so that those of things that are gone can be ended."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT DISTINCT key FROM entry WHERE act = 'raised' AND code = ?", (code.value,))
            written = ((row["key"], written_of(connection, code, row["key"])) for row in rows.fetchall())
            return frozenset(key for key, found in written if found is not None and found.is_standing)

    def trim(self) -> int:
        """Keep the bound now rather than with the next entry; gives the number of entries that went."""
        with self._turn, self._store.writing() as connection:
            self._written.clear()
            return trim(connection, most=self._most_entries)

    def close(self) -> None:
        """Write all that waits and let go of the file."""
        self.flush(at_once=True)
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _start_empty(self) -> None:
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._waiting: deque[Entry] = deque(maxlen=MOST_WAITING)
        self._conditions: dict[tuple[Code, str], Condition] = {}
        self._written: dict[tuple[Code, str], Written | None] = {}
        self._seen: Seen | None = None

    @property
    def _turn(self) -> threading.RLock:
        """The lock of this process; after a fork it is new, and what waits is the parent's to write."""
        if self._process != os.getpid():
            self._start_empty()
        return self._lock

    def _check(self, code: Code, *, standing: bool) -> None:
        if EVENTS[code].standing is not standing:
            raise ValueError(f"{code.value} is {'told once: note it' if standing else 'a condition: begin and end it'}")

    def _condition(self, code: Code, key: str) -> Condition:
        return self._conditions.setdefault((code, key), Condition(code, key))

    def _settle(self, keys: Iterable[tuple[Code, str]], *, at_once: bool = False) -> None:
        try:
            self._forget_what_others_changed()
            now = self._now()
            due = [key for key in keys if self._due(key, now, at_once=at_once)]
            if due or self._waiting:
                self._write(due, now, at_once=at_once)
        except JournalError as error:
            if not self._in_trouble:
                log.warning("events cannot be written and wait in memory: %s", error)
            self._in_trouble = True
        else:
            if self._in_trouble:
                log.warning("events can be written again")
            self._in_trouble = False

    def _forget_what_others_changed(self) -> None:
        before, self._seen = self._seen, self._store.seen()
        if self._seen != before:
            self._written.clear()
        if before is not None and self._seen.file != before.file:
            for condition in self._conditions.values():
                condition.forgotten()

    def _due(self, key: tuple[Code, str], now: datetime, *, at_once: bool) -> bool:
        if key not in self._written:
            with self._store.reading() as connection:
                self._written[key] = written_of(connection, *key)
        return bool(entries_due(self._conditions[key], self._written[key], now, at_once=at_once))

    def _write(self, keys: Collection[tuple[Code, str]], now: datetime, *, at_once: bool) -> None:
        told = []
        with self._store.writing() as connection:
            for entry in self._waiting:
                append(connection, entry)
            for key in keys:  # decided anew: another process may have been faster
                entries = entries_due(self._conditions[key], written_of(connection, *key), now, at_once=at_once)
                told.extend([key] if entries else [])
                for entry in entries:
                    append(connection, entry)
            self._keep_bound(connection)
        self._waiting.clear()
        for key in told:
            self._conditions[key].written()
        self._written.clear()

    def _keep_bound(self, connection: sqlite3.Connection) -> None:
        gone = trim(connection, most=self._most_entries)
        if gone:
            log.info("%d old entries of the list of events were dropped", gone)
