"""Readings on their way from one archive to another, as chunks that each release and machine can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from wattledger.archive.embedded.chunk import decode_foreign_chunk, encode_chunk
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.overlay import lay
from wattledger.archive.embedded.periods import Span, period_at
from wattledger.archive.embedded.scaled import DELETED, NO_READINGS, Scaled
from wattledger.archive.embedded.snapshot import Snapshot, late_rows_of
from wattledger.archive.errors import ArchiveDamagedError
from wattledger.archive.interface import Changes, Chunk, ChunkContents
from wattledger.archive.validation import LEAST_DECIMALS, MOST_DECIMALS, MOST_OFFSET_S, instant
from wattledger.measure import Quality

SERIES_AT_ONCE = 64
READINGS_A_CHUNK = 20_000  # a month of every five minutes whole; it holds the writer up for some ms
MOST_READINGS_A_CHUNK = 100_000  # that are taken in
MOST_SLOT = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
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
        yield from by_month(series, start, end)


def by_month(series: Sequence[int], start: int, end: int) -> Iterator[Piece]:
    """These series from `start` to before `end`, a month of some of them at once."""
    for first in range(0, len(series), SERIES_AT_ONCE):
        month = period_at(start, Span.MONTH)
        while month.start < end:
            yield series[first : first + SERIES_AT_ONCE], max(start, month.start), min(end, month.end)
            month = period_at(month.end, Span.MONTH)


def chunks_of(snapshot: Snapshot, piece: Piece) -> tuple[Chunk, ...]:
    """The readings and deletions of a piece. Raises SealedGoneError."""
    series, start, end = piece
    found = snapshot.readings(series, start=start, end=end)
    return tuple(
        Chunk(each, encode_chunk(part.picked(slice(first, first + READINGS_A_CHUNK)), portable=True))
        for each, part in found.items()
        for first in range(0, len(part), READINGS_A_CHUNK)
    )


def contents_of(chunk: Chunk) -> ChunkContents:
    """What a chunk holds; raises ValueError for what no archive has written."""
    part = _checked(chunk)
    return ChunkContents(len(part), instant(int(part.slots[0])), instant(int(part.slots[-1])))


def checked(chunks: Sequence[Chunk]) -> list[tuple[int, Scaled]]:
    """What stands in the chunks; raises ValueError for what no archive has written."""
    return [(chunk.series, _checked(chunk)) for chunk in chunks]


def take_in(writing: Writing, parts: Sequence[tuple[int, Scaled]], *, keep_words: bool) -> int:
    """Add what is missing, and let what a person said count; gives the number of readings that came or changed.

    `keep_words`: what a person said here counts more than what one said there.
    """
    wanted = [(series, part) for series, part in parts if series not in writing.memory.forgotten]
    return sum(_take_in(writing, series, part, keep_words=keep_words) for series, part in wanted)


def _take_in(writing: Writing, series: int, part: Scaled, *, keep_words: bool) -> int:
    start, end = int(part.slots[0]), int(part.slots[-1]) + 1
    here = writing.snapshot.readings([series], start=start, end=end).get(series, NO_READINGS)
    said = np.isin(part.qualities, WORDS)
    fresh = part.picked(~said & ~np.isin(part.slots, here.slots))
    if len(fresh):
        writing.stage(series, fresh)
    if keep_words:
        said &= ~np.isin(part.slots, here.slots[np.isin(here.qualities, WORDS)])
    return len(fresh) + lay(writing, series, [*late_rows_of(part.picked(said))])


def _checked(chunk: Chunk) -> Scaled:
    try:
        part = decode_foreign_chunk(chunk.blob, most=MOST_READINGS_A_CHUNK)
    except ArchiveDamagedError as error:
        raise ValueError(f"a chunk cannot be read: {error}") from error
    fault = _fault(part)
    if fault:
        raise ValueError(f"a chunk cannot be taken: {fault}")
    return part


def _fault(part: Scaled) -> str:
    """Why no archive has written this; empty when one may have."""
    if not len(part):
        return "it is empty"
    if (np.diff(part.slots) <= 0).any() or part.slots[0] < 0 or part.slots[-1] >= MOST_SLOT:
        return "its slots do not rise between 1970 and 2200"
    if part.decimals.min() < LEAST_DECIMALS or part.decimals.max() > MOST_DECIMALS:
        return "decimals that no value has"
    if not np.isin(part.qualities, (*Quality, DELETED)).all():
        return "a quality that this release does not know"
    if np.abs(part.offsets_ms.astype(np.int64)).max() > MOST_OFFSET_S * 1000:
        return "an offset of more than a day"
    return ""


def _by_span(spans: Mapping[int, tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for each, span in sorted(spans.items()):
        found.setdefault(span, []).append(each)
    return found
