"""A sealed file: blobs by key, written once, found with two short reads, never changed afterwards.

    magic      8 bytes   WATTSEAL
    blobs      one behind the other
    meta       JSON: format, min_reader, period, generation …
    index      per section its keys (8 bytes each), where its blobs begin (4) and how long they are (4), keys rising
    footer     where the meta begins (8), length of the meta (4), number of blobs per section (4 each),
               CRC-32 of meta and index (4), magic (8); all little endian

A file of our own rather than a database: it needs neither lock nor log, so that readers of any user and any number
open it in 50 microseconds, and it comes into being with the one transaction of `hot.db` that names it. Each blob has
its check sum in itself.
"""

from __future__ import annotations

import json
import os
import re
import struct
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.periods import Period
from wattledger.archive.errors import ArchiveDamagedError, ArchiveTooNewError

FOLDER = "sealed"
MAGIC = b"WATTSEAL"
FORMAT = 2  # since it has the rows of days of format 2
SECTIONS = 3
FOOTER = struct.Struct(f"<QI{SECTIONS}II8s")
ENTRY_BYTES = 16
SYNC_BYTES = 512 * 1024  # a card that had to take a whole month at once would keep ticks waiting for seconds
ALL_SERIES, NEWEST = 0, -1  # keys in Section.DAYS beside the series, which are positive
NAME = re.compile(r"(?P<period>\d{4}(-\d\d){0,2})\.g(?P<generation>\d+)")

INDEXES_REMEMBERED = 40  # a year and the days of a month; 3 MB of 5,000 series
SETTLED_S = 2.0  # file systems date by clocks that tick every few milliseconds, some every two seconds

Meta = Mapping[str, str | int]
Places = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32]]  # keys, where blobs begin, how long they are
Index = tuple[Meta, Sequence[Places]]


class Section(IntEnum):
    """What a file holds; the keys of each are its own."""

    CHUNKS = 0  # by series
    OFFSETS = 1  # by layout
    DAYS = 2  # by series; in the file of a day all together, at ALL_SERIES; and the newest of each series, at NEWEST


@dataclass(frozen=True, slots=True, order=True)
class SealedName:
    """Which file: of two of one period the later generation counts. No generation comes twice in an archive."""

    period: Period
    generation: int

    def __str__(self) -> str:
        return f"{self.period.name}.g{self.generation}"

    def path(self, folder: Path) -> Path:
        """Where it lies in an archive's folder."""
        return folder / FOLDER / str(self)


def sealed_name(text: str) -> SealedName | None:
    """What a file name says; None for a file of somebody else."""
    found = NAME.fullmatch(text)
    return None if found is None else SealedName(Period(found["period"]), int(found["generation"]))


class SealedWriter:
    """Writes one sealed file; it is nothing until `finish` has returned."""

    def __init__(self, path: Path, *, durable: bool) -> None:
        path.parent.mkdir(exist_ok=True)
        self.path = path
        self._durable = durable
        self._synced = 0
        self._file = path.open("wb", buffering=2 * SYNC_BYTES)
        self._file.write(MAGIC)
        self._index: list[dict[int, tuple[int, int]]] = [{} for _ in range(SECTIONS)]

    def add(self, section: Section, key: int, blob: bytes) -> None:
        """Put a blob behind the others."""
        at = self._file.tell()
        self._index[section][key] = (at, len(blob))
        self._file.write(blob)
        if at - self._synced >= SYNC_BYTES:
            self._file.flush()
            if self._durable:
                os.fdatasync(self._file.fileno())
            self._synced = at

    def keys(self, section: Section) -> list[int]:
        """What was added, in order of the keys."""
        return sorted(self._index[section])

    def finish(self, meta: Meta) -> int:
        """Write index and footer, see that all of it survives a power cut, and give the size in bytes."""
        at = self._file.tell()
        text = json.dumps({"format": FORMAT, "min_reader": FORMAT, **meta}).encode()
        tail = text + b"".join(map(_index_bytes, self._index))
        counts = [len(section) for section in self._index]
        self._file.write(tail + FOOTER.pack(at, len(text), *counts, zlib.crc32(tail), MAGIC))
        size = self._file.tell()
        self._file.flush()
        if self._durable:
            os.fsync(self._file.fileno())
            sync_folder(self.path.parent)
        self._file.close()
        return size

    def discard(self) -> None:
        """Give up, and leave no file; where the card does not even allow that, it is removed later."""
        with suppress(OSError):  # what is in the buffer may be just what the card did not take
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


class SealedFile:
    """An open sealed file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        there = os.fstat(descriptor)
        self.size = there.st_size
        known = INDEXES.of(there)
        self.meta, self._sections = known if known is not None else INDEXES.learnt(there, self._index())
        if int(self.meta["min_reader"]) > FORMAT:
            raise ArchiveTooNewError(f"needs a release that knows sealed files of format {self.meta['min_reader']}")

    def keys(self, section: Section) -> NDArray[np.int64]:
        """The keys of a section, rising."""
        return self._sections[section][0]

    def blob(self, section: Section, key: int) -> bytes | None:
        """The blob of `key`; None where there is none."""
        keys, starts, lengths = self._sections[section]
        at = int(keys.searchsorted(key))
        if at == len(keys) or keys[at] != key:
            return None
        return self._read(int(starts[at]), int(lengths[at]))

    def blobs(self, section: Section, keys: Collection[int]) -> Iterator[tuple[int, bytes]]:
        """Those of `keys` that there are, each with its blob."""
        known, starts, lengths = self._sections[section]
        wanted = np.array([*keys], dtype=np.int64)
        at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        there = at[known[at] == wanted] if len(known) else at[:0]
        places = zip(known[there].tolist(), starts[there].tolist(), lengths[there].tolist(), strict=True)
        for key, start, length in places:
            yield key, self._read(start, length)

    def _index(self) -> Index:
        if self.size < len(MAGIC) + FOOTER.size:
            raise ArchiveDamagedError("a sealed file that ends too early")
        at, length, *counts, crc, magic = FOOTER.unpack(self._read(self.size - FOOTER.size, FOOTER.size))
        if magic != MAGIC or at > self.size:
            raise ArchiveDamagedError("no sealed file, or one that ends too early")
        tail = self._read(at, self.size - FOOTER.size - at)
        if len(tail) != length + ENTRY_BYTES * sum(counts) or zlib.crc32(tail) != crc:
            raise ArchiveDamagedError("the check sum of its index is wrong")
        return json.loads(tail[:length]), _sections(tail[length:], counts)

    def _read(self, at: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, at)


class _Indexes:
    """The indexes that were read last: a month that is open yet has a file for each of its days.

    Whoever writes to a file changes its time; a file that was written just now may be written again within the same.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[tuple[int, ...], Index] = {}

    def of(self, file: os.stat_result) -> Index | None:
        """What is known of a file."""
        return self._known.get(_identity(file))

    def learnt(self, file: os.stat_result, index: Index) -> Index:
        """Remember what was read of a file."""
        if time.time() - file.st_mtime > SETTLED_S:
            with self._lock:
                while len(self._known) >= INDEXES_REMEMBERED:
                    del self._known[next(iter(self._known))]
                self._known[_identity(file)] = index
        return index


def _identity(file: os.stat_result) -> tuple[int, ...]:
    return file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns


INDEXES = _Indexes()


@contextmanager
def opened(path: Path) -> Iterator[SealedFile]:
    """The file at `path`. Raises FileNotFoundError, ArchiveDamagedError, ArchiveTooNewError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield SealedFile(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """See that the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _index_bytes(section: Mapping[int, tuple[int, int]]) -> bytes:
    keys = sorted(section)
    places = np.array([section[key] for key in keys], dtype="<u4").reshape(-1, 2)
    return np.array(keys, dtype="<i8").tobytes() + places[:, 0].tobytes() + places[:, 1].tobytes()


def _sections(index: bytes, counts: Sequence[int]) -> list[Places]:
    sections, at = [], 0
    for count in counts:
        keys = np.frombuffer(index, dtype="<i8", count=count, offset=at)
        starts = np.frombuffer(index, dtype="<u4", count=count, offset=at + 8 * count)
        lengths = np.frombuffer(index, dtype="<u4", count=count, offset=at + 12 * count)
        sections.append((keys, starts, lengths))
        at += ENTRY_BYTES * count
    return sections
