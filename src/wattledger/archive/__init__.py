"""Keeps readings: the interface, and the archive embedded in the engine's process.

Promises that a reading whose future is done survives a power cut, that the first reading of a slot stands until a
person corrects it, and that who follows the changes ends with what the archive has. Knows series by their ids only;
which slots there are, whether the clock can be trusted, and what readings mean, is for others to know.
"""

from wattledger.archive.embedded import EmbeddedArchive, EmbeddedReader, Finding, Rhythm, check, contents_of
from wattledger.archive.errors import (
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveError,
    ArchiveFullError,
    ArchiveTooNewError,
)
from wattledger.archive.forecast import MOST_HISTORY_DAYS, Forecast, Recording, forecast
from wattledger.archive.interface import (
    MOST_HELD_FRAMES,
    MOST_SERIES_A_FRAME,
    Archive,
    ArchiveReader,
    Buckets,
    Change,
    Changes,
    Chunk,
    ChunkContents,
    Columns,
    Exported,
    Frame,
    HeldFrame,
    Point,
    Tended,
    Usage,
)

__all__ = [
    "MOST_HELD_FRAMES",
    "MOST_HISTORY_DAYS",
    "MOST_SERIES_A_FRAME",
    "Archive",
    "ArchiveBusyError",
    "ArchiveDamagedError",
    "ArchiveError",
    "ArchiveFullError",
    "ArchiveReader",
    "ArchiveTooNewError",
    "Buckets",
    "Change",
    "Changes",
    "Chunk",
    "ChunkContents",
    "Columns",
    "EmbeddedArchive",
    "EmbeddedReader",
    "Exported",
    "Finding",
    "Forecast",
    "Frame",
    "HeldFrame",
    "Point",
    "Recording",
    "Rhythm",
    "Tended",
    "Usage",
    "check",
    "contents_of",
    "forecast",
]
