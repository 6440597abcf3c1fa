"""The change feed: a row per commit and span, with the cursor that its followers keep.

Sets of ids are written as runs, `1-20,23`: a tick of five thousand series is a few bytes. The feed is bounded by
drawing its oldest rows together into one; a follower that was away for long reads more than it must and misses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wattledger.archive.embedded.layouts import LayoutBook
from wattledger.archive.embedded.schema import read_meta, write_meta
from wattledger.archive.interface import Change, Changes
from wattledger.archive.validation import instant

MOST_CHANGES: Final = 50_000  # rows; half a year of one commit every five minutes, 3 MB
LET_GO_UNTIL: Final = "let_go_until"  # under which key it is noted
FOLDED_AT_ONCE: Final = 256  # rows; folding each commit's excess by itself would write two pages more each time


@dataclass(frozen=True, slots=True)
class Span:
    """Readings of the series of `layouts`, and of `series`, that changed in [first, last], in seconds."""

    first: int
    last: int
    layouts: frozenset[int] = frozenset()
    series: frozenset[int] = frozenset()

    def __or__(self, other: Span) -> Span:
        return Span(
            min(self.first, other.first),
            max(self.last, other.last),
            self.layouts | other.layouts,
            self.series | other.series,
        )


def append(connection: sqlite3.Connection, spans: Iterable[Span], *, most: int = MOST_CHANGES) -> None:
    """Write `spans` to the feed and draw its oldest rows together when it has grown beyond `most`."""
    oldest, newest = connection.execute(
        "SELECT (SELECT min(cursor) FROM change), (SELECT max(cursor) FROM change)"
    ).fetchone()
    cursor = newest or 0  # the newest row is never removed, so no cursor comes twice
    for span in spans:
        cursor += 1
        row = (cursor, span.first, span.last, runs(span.layouts), runs(span.series))
        connection.execute('INSERT INTO change (cursor, "first", "last", layouts, series) VALUES (?, ?, ?, ?, ?)', row)
    if oldest is not None and cursor - oldest >= most + FOLDED_AT_ONCE:
        fold(connection, through=cursor - most)


def fold(connection: sqlite3.Connection, *, through: int) -> None:
    """Draw the rows up to the cursor `through` together into one at its place."""
    rows = connection.execute(
        'SELECT "first", "last", layouts, series FROM change WHERE cursor <= ?', (through,)
    ).fetchall()
    whole = _span(rows[0])
    for row in rows[1:]:
        whole |= _span(row)
    connection.execute("DELETE FROM change WHERE cursor < ?", (through,))
    row = (whole.first, whole.last, runs(whole.layouts), runs(whole.series), through)
    connection.execute('UPDATE change SET "first" = ?, "last" = ?, layouts = ?, series = ? WHERE cursor = ?', row)


def read_changes(
    connection: sqlite3.Connection,
    book: LayoutBook,
    *,
    after: int,
    limit: int,
    epoch: str | None = None,
    forgotten: Collection[int] = (),
) -> Changes:
    """What happened after the cursor, as the interface promises."""
    present = str(read_meta(connection, "epoch"))
    is_reset = epoch is not None and _means_nothing(connection, after, was_of_epoch=epoch == present)
    after = 0 if is_reset else after
    rows = connection.execute(
        'SELECT cursor, "first", "last", layouts, series FROM change WHERE cursor > ? ORDER BY cursor LIMIT ?',
        (after, limit),
    ).fetchall()
    named: dict[tuple[str, str], tuple[int, ...]] = {}  # most commits name the same layouts: expand them once
    changes = []
    for _, first, last, layouts, series in rows:
        if (layouts, series) not in named:
            ids = {each for layout in from_runs(layouts) if layout in book for each in book[layout].series}
            named[layouts, series] = tuple(sorted(ids.union(from_runs(series))))
        changes.append(Change(named[layouts, series], instant(first), instant(last)))
    let_go = read_meta(connection, LET_GO_UNTIL)
    return Changes(
        rows[-1][0] if rows else after,
        tuple(changes),
        present,
        is_reset,
        tuple(sorted({each for ids in named.values() for each in ids}.intersection(forgotten))),
        instant(let_go) if isinstance(let_go, int) else None,
    )


def note_let_go(connection: sqlite3.Connection, until: int) -> None:
    """All that was before `until` may have made room, as far as it was not given anew since."""
    known = read_meta(connection, LET_GO_UNTIL)
    if not isinstance(known, int) or known < until:
        write_meta(connection, LET_GO_UNTIL, until)


def runs(ids: Iterable[int]) -> str:
    """A set of ids as text."""
    bounds: list[list[int]] = []
    for each in sorted(ids):
        if bounds and each == bounds[-1][1] + 1:
            bounds[-1][1] = each
        else:
            bounds.append([each, each])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in bounds)


def from_runs(text: str) -> frozenset[int]:
    """The ids that `runs` wrote."""
    bounds = [run.partition("-") for run in text.split(",") if run]
    return frozenset(each for low, _, high in bounds for each in range(int(low), int(high or low) + 1))


def _means_nothing(connection: sqlite3.Connection, after: int, *, was_of_epoch: bool) -> bool:
    """Whether a cursor is of another life of the archive, or was given by what `hot.db` was before it was set back."""
    (newest,) = connection.execute("SELECT coalesce(max(cursor), 0) FROM change").fetchone()
    return after > 0 and (not was_of_epoch or after > newest)


def _span(row: Sequence[object]) -> Span:
    first, last, layouts, series = row
    return Span(int(str(first)), int(str(last)), from_runs(str(layouts)), from_runs(str(series)))
