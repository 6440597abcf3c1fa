"""Readings on their way from one archive to another, as chunks that each release and machine can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wattledger.archive.embedded.chunk import decode_chunk, encode_chunk
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.overlay import lay, taken_slots
from wattledger.archive.embedded.periods import Span, period_at
from wattledger.archive.embedded.scaled import DELETED, Scaled
from wattledger.archive.embedded.snapshot import Snapshot, late_rows_of
from wattledger.archive.errors import ArchiveDamagedError
from wattledger.archive.interface import Changes, Chunk
from wattledger.measure import Quality

SERIES_AT_ONCE = 64
WORDS = (Quality.CORRECTED, DELETED)  # what a person said, which counts more than what was read

Piece = tuple[Sequence[int], int, int]  # series, start, end


def pieces_of(changes: Changes) -> Iterator[Piece]:
    """What is to be read again after these changes: few series of at most a month each."""
    spans: dict[int, tuple[int, int]] = {}
    for change in changes.changes:
        start, end = int(change.start.timestamp()), int(change.end.timestamp()) + 1
        for each in change.series:
            known = spans.get(each, (start, end))
            spans[each] = min(known[0], start), max(known[1], end)
    for (start, end), series in _by_span(spans).items():
        for first in range(0, len(series), SERIES_AT_ONCE):
            month = period_at(start, Span.MONTH)
            while month.start < end:
                yield series[first : first + SERIES_AT_ONCE], max(start, month.start), min(end, month.end)
                month = period_at(month.end, Span.MONTH)


def chunks_of(snapshot: Snapshot, piece: Piece) -> tuple[Chunk, ...]:
    """The readings and deletions of a piece. Raises SealedGoneError."""
    series, start, end = piece
    found = snapshot.readings(series, start=start, end=end)
    return tuple(Chunk(each, encode_chunk(part, portable=True)) for each, part in found.items() if len(part))


def checked(chunks: Sequence[Chunk]) -> list[tuple[int, Scaled]]:
    """What stands in the chunks; raises ValueError for what no archive has written."""
    try:
        return [(chunk.series, decode_chunk(chunk.blob, {})) for chunk in chunks]
    except ArchiveDamagedError as error:
        raise ValueError(f"a chunk cannot be read: {error}") from error


def take_in(writing: Writing, parts: Sequence[tuple[int, Scaled]]) -> int:
    """Add what is missing, and let what a person said count; gives the number of readings that came or changed."""
    return sum(_take_in(writing, series, part) for series, part in parts if series not in writing.memory.forgotten)


def _take_in(writing: Writing, series: int, part: Scaled) -> int:
    said = np.isin(part.qualities, WORDS)
    others = part.picked(~said)
    taken = taken_slots(writing, series, others.slots.tolist())
    fresh = others.picked(~np.isin(others.slots, [*taken]))
    if len(fresh):
        writing.stage(series, fresh)
    return len(fresh) + lay(writing, series, [*late_rows_of(part.picked(said))])


def _by_span(spans: Mapping[int, tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for each, span in sorted(spans.items()):
        found.setdefault(span, []).append(each)
    return found
