"""Rows of the day tables: found by slot and layout with a seek each, never by reading a whole day.

A day table is keyed (slot, layout), so that a tick is written side by side; a chart of one series wants few of its rows
from every slot. So the slots are stepped through by the key, and the wanted layouts sought in each.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator

from wattledger.archive.embedded.schema import day_table

Row = tuple[int, int, int, bytes]  # slot, layout, offset in ms, blob

_UPWARDS = """
WITH RECURSIVE grid (slot) AS (
    SELECT (SELECT min(slot) FROM {table} WHERE slot >= :start)
    UNION ALL
    SELECT (SELECT min(slot) FROM {table} WHERE slot > grid.slot) FROM grid WHERE grid.slot < :end
)
SELECT frame.slot, frame.layout, frame.offset_ms, frame.blob FROM grid CROSS JOIN {table} AS frame
WHERE grid.slot < :end AND frame.slot = grid.slot AND frame.layout IN (SELECT value FROM json_each(:layouts))
"""

_DOWNWARDS = """
WITH RECURSIVE grid (slot) AS (
    SELECT (SELECT max(slot) FROM {table})
    UNION ALL
    SELECT (SELECT max(slot) FROM {table} WHERE slot < grid.slot) FROM grid WHERE grid.slot IS NOT NULL
)
SELECT frame.slot, frame.layout, frame.offset_ms, frame.blob FROM grid CROSS JOIN {table} AS frame
WHERE frame.slot = grid.slot AND frame.layout IN (SELECT value FROM json_each(:layouts))
"""

_AT_SLOTS = """
SELECT frame.slot, frame.layout, frame.offset_ms, frame.blob FROM json_each(:slots) AS grid CROSS JOIN {table} AS frame
WHERE frame.slot = grid.value AND frame.layout IN (SELECT value FROM json_each(:layouts))
"""


def rows_between(
    connection: sqlite3.Connection, day: int, layouts: Collection[int], *, start: int, end: int
) -> list[Row]:
    """The frames of `layouts` with start <= slot < end, by slot."""
    wanted = {"start": start, "end": end, "layouts": json.dumps(sorted(layouts))}
    return connection.execute(_UPWARDS.format(table=day_table(day)), wanted).fetchall()


def rows_backwards(connection: sqlite3.Connection, day: int, layouts: Collection[int]) -> Iterator[Row]:
    """The frames of `layouts`, newest first, read only as far as somebody asks."""
    wanted = {"layouts": json.dumps(sorted(layouts))}
    return connection.execute(_DOWNWARDS.format(table=day_table(day)), wanted)


def rows_at(connection: sqlite3.Connection, day: int, layouts: Collection[int], *, slots: Collection[int]) -> list[Row]:
    """The frames of `layouts` at `slots`."""
    wanted = {"slots": json.dumps(sorted(slots)), "layouts": json.dumps(sorted(layouts))}
    return connection.execute(_AT_SLOTS.format(table=day_table(day)), wanted).fetchall()


def layouts_at(connection: sqlite3.Connection, slot: int, *, day: int) -> set[int]:
    """The layouts that have a frame at `slot`."""
    rows = connection.execute(f"SELECT layout FROM {day_table(day)} WHERE slot = ?", (slot,))  # noqa: S608 - our name
    return {layout for (layout,) in rows}


def layouts_between(connection: sqlite3.Connection, day: int, *, start: int, end: int) -> set[int]:
    """The layouts that have a frame on `day` with start <= slot < end."""
    rows = connection.execute(
        f"SELECT DISTINCT layout FROM {day_table(day)} WHERE slot >= ? AND slot < ?",  # noqa: S608 - our name
        (start, end),
    )
    return {layout for (layout,) in rows}


def write_row(connection: sqlite3.Connection, day: int, row: Row) -> None:
    """Store a frame, in the place of the one with the same slot and layout."""
    connection.execute(f"INSERT OR REPLACE INTO {day_table(day)} VALUES (?, ?, ?, ?)", row)  # noqa: S608 - our name
