"""Whether there is space for what is to be done, and what has to go for it."""

from __future__ import annotations

import shutil

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.letting_go import months_of
from wattledger.archive.embedded.periods import Period, Span
from wattledger.archive.embedded.segments import OF_READINGS
from wattledger.archive.embedded.using import allowed_on_card, hot_bytes, taken_bytes
from wattledger.archive.errors import ArchiveFullError

MONTHS_KEPT = 2  # the open one and the one before are never dropped
SPARE_BYTES = 1024 * 1024  # for the log, which grows meanwhile
GROWTH = 1.2  # a new generation may be a little larger than what it is made of
FRAMES_TO_CHUNKS = 8  # frames take eleven bytes a reading, chunks of a day hardly more than one


def oldest_too_much(writing: Writing, *, most_bytes: int | None) -> Period | None:
    """The month that has to go for the archive to take `most_bytes` (None: its share of the card); None: none has."""
    taken = taken_bytes(writing.connection)
    if taken <= (allowed_on_card(taken, folder=writing.memory.sealed.folder) if most_bytes is None else most_bytes):
        return None
    months = months_of(writing)
    return months[0] if len(months) > MONTHS_KEPT else None


def check_space(writing: Writing, period: Period) -> None:
    """Raise ArchiveFullError where the card has no space for a new file of `period` beside those it replaces."""
    sealed = writing.memory.sealed
    spans = () if period.span is Span.YEAR else OF_READINGS  # a year's file takes the place of the one before alone
    sources = [name for span in spans for name in sealed.of(span, start=period.start, end=period.end)]
    year = sealed.named(period.within(Span.YEAR))
    sizes = sum(name.path(sealed.folder).stat().st_size for name in [*sources, *([year] if year else [])]
                if name.path(sealed.folder).exists())  # fmt: skip
    frames = hot_bytes(writing.connection) // FRAMES_TO_CHUNKS if period.span is Span.DAY else 0
    needed, free = int(GROWTH * sizes) + frames + SPARE_BYTES, shutil.disk_usage(sealed.folder).free
    if free < needed:
        raise ArchiveFullError(f"{needed // 1024} KB are needed to seal {period.name} and {free // 1024} KB are free")
