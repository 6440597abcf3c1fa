"""What the archive takes on its card, and what it may take."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from wattledger.archive.embedded.periods import Span
from wattledger.archive.embedded.schema import DAY_S, knows_sealed
from wattledger.archive.embedded.segments import OF_READINGS
from wattledger.archive.embedded.snapshot import Snapshot
from wattledger.archive.embedded.staging import staged_months
from wattledger.archive.interface import Usage
from wattledger.archive.validation import instant

RESERVE_SHARE = 0.1  # of the card, for backups, snapshots, and files that are written before others go
OWN_SHARE = 0.5  # of the card: what others fill it with must not cost the history
USUAL_BYTES_A_READING = 0.7  # of five minutes, until there is a month of one's own to go by
READINGS = "readings"  # under which key a file notes how many it holds


def usage(snapshot: Snapshot) -> Usage:
    """What the snapshot takes. Raises SealedGoneError."""
    taken = taken_bytes(snapshot.connection)
    folder = snapshot.sealed.folder
    first = oldest(snapshot)
    return Usage(
        taken,
        allowed_on_card(taken, folder=folder),
        None if first is None else instant(first),
        _bytes_a_reading(snapshot),
    )


def taken_bytes(connection: sqlite3.Connection) -> int:
    """What the archive takes: `hot.db` as far as it is used, and the files that count.

    Its log of some MB comes and goes, and pages that are free are written again.
    """
    if not knows_sealed(connection):
        return hot_bytes(connection)
    (sealed,) = connection.execute("SELECT coalesce(sum(bytes), 0) FROM segment").fetchone()
    return int(sealed) + hot_bytes(connection)


def hot_bytes(connection: sqlite3.Connection) -> int:
    """What `hot.db` holds."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def allowed_on_card(taken: int, *, folder: Path) -> int:
    """What an archive in `folder` that takes `taken` bytes may take."""
    card = shutil.disk_usage(folder)
    return allowed_bytes(taken, card_bytes=card.total, free_bytes=card.free)


def allowed_bytes(taken: int, *, card_bytes: int, free_bytes: int) -> int:
    """What others leave of the card but for a reserve, and half of the card anyway."""
    return int(max(OWN_SHARE * card_bytes, taken + free_bytes - RESERVE_SHARE * card_bytes))


def oldest(snapshot: Snapshot) -> int | None:
    """The beginning of the day or month of the oldest reading; None without any."""
    (late,) = snapshot.connection.execute("SELECT min(slot) FROM late").fetchone()
    starts = [
        *(day * DAY_S for day in snapshot.days[:1]),
        *(name.period.start for name in snapshot.sealed.names if name.period.span in OF_READINGS),
        *(month.start for month in staged_months(snapshot.connection)),
        *([] if late is None else [late]),
    ]
    return min(starts, default=None)


def _bytes_a_reading(snapshot: Snapshot) -> float:
    """By the newest month that is sealed, with its share of the rows of days."""
    months = [name for name in snapshot.sealed.names if name.period.span is Span.MONTH]
    for name in reversed(months):
        with snapshot.sealed.opened(name) as file:
            readings = 0 if file is None else int(file.file.meta.get(READINGS, 0))
            if file is not None and readings:
                return file.file.size / readings
    return USUAL_BYTES_A_READING
