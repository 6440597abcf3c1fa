"""Entries as rows of the file and back, and the questions that are asked of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, cast

from wattledger.journal.conditions import Written
from wattledger.journal.entries import Act, Entry, from_us, to_us
from wattledger.journal.events import Code, Kind, Param, Severity

COLUMNS = (
    "occurrence, act, time, code, key, source, kind, severity, standing, needs_acknowledgement, text, params, actor,"
    " comment, count"
)
INSERT = f"INSERT INTO entry ({COLUMNS}) VALUES ({', '.join('?' * 15)})"  # noqa: S608 - constants of this module
# Queries name at most this many occurrences at once; SQLite takes 32766 parameters, a page needs far fewer.
MOST_AT_ONCE = 500


def append(connection: sqlite3.Connection, entry: Entry) -> int:
    """Append and give the entry's id."""
    cursor = connection.execute(INSERT, _values(entry))
    return cast("int", cursor.lastrowid)


def entries_after(connection: sqlite3.Connection, cursor: int, *, limit: int) -> list[Entry]:
    """The next entries after a cursor, oldest first."""
    rows = connection.execute("SELECT * FROM entry WHERE id > ? ORDER BY id LIMIT ?", (cursor, limit))
    return [entry_of(row) for row in rows]


def entries_of(connection: sqlite3.Connection, occurrences: Sequence[str]) -> list[Entry]:
    """All entries of these occurrences, in no particular order."""
    found: list[Entry] = []
    for start in range(0, len(occurrences), MOST_AT_ONCE):
        part = occurrences[start : start + MOST_AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(f"SELECT * FROM entry WHERE occurrence IN ({marks})", part)  # noqa: S608 - marks only
        found.extend(entry_of(row) for row in rows)
    return found


def written_of(connection: sqlite3.Connection, code: Code, key: str) -> Written | None:
    """What stands in the file of the newest occurrence of a condition; None when it never was."""
    raised = connection.execute(
        "SELECT occurrence FROM entry WHERE act = 'raised' AND code = ? AND key = ? ORDER BY id DESC LIMIT 1",
        (code.value, key),
    ).fetchone()
    if raised is None:
        return None
    occurrence = raised[0]
    last = connection.execute(
        "SELECT * FROM entry WHERE occurrence = ? AND act <> 'acknowledged' ORDER BY id DESC LIMIT 1", (occurrence,)
    ).fetchone()
    repeats, ends, acknowledged = connection.execute(
        "SELECT sum(act = 'repeated'), sum(act = 'ended'), sum(act = 'acknowledged') FROM entry WHERE occurrence = ?",
        (occurrence,),
    ).fetchone()
    return Written(last=entry_of(last), repeats=repeats, ends=ends, acknowledged=acknowledged > 0)


def entry_of(row: sqlite3.Row | Mapping[str, Any]) -> Entry:
    """The entry that a row of the file holds."""
    return Entry(
        occurrence=row["occurrence"],
        act=Act(row["act"]),
        time=from_us(row["time"]),
        code=row["code"],
        key=row["key"],
        source=row["source"],
        kind=Kind(row["kind"]),
        severity=Severity(row["severity"]),
        standing=bool(row["standing"]),
        needs_acknowledgement=bool(row["needs_acknowledgement"]),
        text=row["text"],
        params=cast("dict[str, Param]", json.loads(row["params"])),
        actor=row["actor"],
        comment=row["comment"],
        count=row["count"],
        id=row["id"],
    )


def to_json(entry: Entry) -> str:
    """The entry as one JSON document, for those who must keep it longer than the journal does."""
    names = f"id, {COLUMNS}".split(", ")
    return json.dumps(dict(zip(names, (entry.id, *_values(entry)), strict=True)))


def entry_of_json(document: str) -> Entry:
    """The entry that `to_json` wrote."""
    return entry_of(cast("dict[str, Any]", json.loads(document)))


def _values(entry: Entry) -> tuple[str | int | None, ...]:
    return (
        entry.occurrence,
        entry.act.value,
        to_us(entry.time),
        entry.code,
        entry.key,
        entry.source,
        entry.kind.value,
        entry.severity.value,
        int(entry.standing),
        int(entry.needs_acknowledgement),
        entry.text,
        json.dumps(dict(entry.params), ensure_ascii=False),
        entry.actor,
        entry.comment,
        entry.count,
    )
