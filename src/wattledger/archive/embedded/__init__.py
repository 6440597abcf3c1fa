"""The archive in the engine's own process, written by one thread: `hot.db`, and sealed files that never change.

Promises what the interface promises, at fifteen bytes written per reading or less, and less than one at rest. What was
recorded lately stands as frames in `hot.db` (tables in `schema`, a frame's bytes in `codec`). A day that is over
becomes a sealed file, and its month another (`sealed`, a series' bytes in `chunk`); `hot.db` names the files that
count, so that one transaction of it is one state of the archive.
"""

from wattledger.archive.embedded.checking import check
from wattledger.archive.embedded.exchanging import contents_of
from wattledger.archive.embedded.finding import Finding
from wattledger.archive.embedded.reader import EmbeddedReader
from wattledger.archive.embedded.tending import Rhythm
from wattledger.archive.embedded.writer import EmbeddedArchive

__all__ = ["EmbeddedArchive", "EmbeddedReader", "Finding", "Rhythm", "check", "contents_of"]
