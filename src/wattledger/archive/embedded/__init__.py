"""The archive in the engine's own process: one SQLite file, `hot.db`, written by one thread.

Promises what the interface promises, at fifteen bytes written per reading or less. The file's tables are drawn in
`schema`, a frame's bytes in `codec`.
"""

from wattledger.archive.embedded.checking import Finding, check
from wattledger.archive.embedded.reader import EmbeddedReader
from wattledger.archive.embedded.writer import EmbeddedArchive

__all__ = ["EmbeddedArchive", "EmbeddedReader", "Finding", "check"]
