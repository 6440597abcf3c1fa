"""What the archive takes on the card, and whether there is space for what is to be done."""

from __future__ import annotations

import shutil

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.letting_go import months_of
from wattledger.archive.embedded.periods import Period, Span
from wattledger.archive.embedded.segments import OF_READINGS
from wattledger.archive.errors import ArchiveFullError

MONTHS_KEPT = 2  # the open one and the one before are never dropped
RESERVE_SHARE = 0.1  # of the card, for backups, snapshots, and files that are written before others go
OWN_SHARE = 0.5  # of the card: what others fill it with must not cost the history
SPARE_BYTES = 1024 * 1024  # for the log, which grows meanwhile
GROWTH = 1.2  # a new generation may be a little larger than what it is made of
FRAMES_TO_CHUNKS = 8  # frames take eleven bytes a reading, chunks of a day hardly more than one


def taken_bytes(writing: Writing) -> int:
    """What the archive takes: `hot.db` as far as it is used, and the files that count.

    Its log of some MB comes and goes, and pages that are free are written again.
    """
    (sealed,) = writing.connection.execute("SELECT coalesce(sum(bytes), 0) FROM segment").fetchone()
    return int(sealed) + hot_bytes(writing)


def hot_bytes(writing: Writing) -> int:
    """What `hot.db` holds."""
    pages, free, size = (
        writing.connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def allowed_bytes(taken: int, *, card_bytes: int, free_bytes: int) -> int:
    """What the archive may take on its card: what others leave but for a reserve, and half of the card anyway."""
    return int(max(OWN_SHARE * card_bytes, taken + free_bytes - RESERVE_SHARE * card_bytes))


def oldest_too_much(writing: Writing, *, most_bytes: int | None) -> Period | None:
    """The month that has to go for the archive to take `most_bytes` (None: its share of the card); None: none has."""
    taken = taken_bytes(writing)
    if most_bytes is None:
        card = shutil.disk_usage(writing.memory.sealed.folder)
        most_bytes = allowed_bytes(taken, card_bytes=card.total, free_bytes=card.free)
    if taken <= most_bytes:
        return None
    months = months_of(writing)
    return months[0] if len(months) > MONTHS_KEPT else None


def check_space(writing: Writing, period: Period) -> None:
    """Raise ArchiveFullError where the card has no space for a new file of `period` beside those it replaces."""
    sealed = writing.memory.sealed
    sources = [name for span in OF_READINGS for name in sealed.of(span, start=period.start, end=period.end)]
    year = sealed.named(period.within(Span.YEAR))
    sizes = sum(name.path(sealed.folder).stat().st_size for name in [*sources, *([year] if year else [])]
                if name.path(sealed.folder).exists())  # fmt: skip
    frames = hot_bytes(writing) // FRAMES_TO_CHUNKS if period.span is Span.DAY else 0
    needed, free = int(GROWTH * sizes) + frames + SPARE_BYTES, shutil.disk_usage(sealed.folder).free
    if free < needed:
        raise ArchiveFullError(f"{needed // 1024} KB are needed to seal {period.name} and {free // 1024} KB are free")
