"""Readings as CSV (RFC 4180): made row by row while it is sent, so that a year costs no more memory than a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby

from wattledger.apps.measurements.queries import Row

ROWS_A_CHUNK = 500
Cell = tuple[datetime, int, float, str]


def csv_of(columns: Iterable[tuple[str, Iterable[Row]]]) -> Iterator[bytes]:
    """Chunks of lines, one per slot: time, then value and quality of each column in turn, empty where it has none.

    Times are RFC 3339 in UTC, the decimal mark is a point, the separator a comma; lines end in CR LF.
    """
    columns = list(columns)
    titles = [title for name, _ in columns for title in (name, f"{name} quality")]
    cells = [_cells(place, rows) for place, (_, rows) in enumerate(columns)]
    chunk = [_line(["time", *titles])]
    for slot, found in groupby(merge(*cells), key=lambda cell: cell[0]):
        fields = [""] * (2 * len(columns))
        for _, place, value, quality in found:
            fields[2 * place : 2 * place + 2] = [repr(value), quality]
        chunk.append(_line([slot.isoformat().replace("+00:00", "Z"), *fields]))
        if len(chunk) == ROWS_A_CHUNK:
            yield b"".join(chunk)
            chunk.clear()
    yield b"".join(chunk)


def _cells(place: int, rows: Iterable[Row]) -> Iterator[Cell]:
    for slot, value, quality in rows:
        yield slot, place, value, quality.name.lower()


def _line(fields: Iterable[str]) -> bytes:
    return (",".join(map(_quoted, fields)) + "\r\n").encode()


def _quoted(field: str) -> str:
    """Quoted where the separator asks for it; a name that a spreadsheet would take for a formula is made text."""
    if field[:1] in {"=", "+", "@", "\t"} or (field[:1] == "-" and not field[1:2].isdigit()):
        field = "'" + field
    if any(sign in field for sign in ',"\r\n'):
        return '"' + field.replace('"', '""') + '"'
    return field
