"""A file that carries readings from one archive to another: who had them, of which series they are, and the chunks.

    magic      8 bytes   as PNG has it, so that a transfer that takes the file for a text is found out
    sections   one behind the other, each of
               kind (1), length of the content (4), CRC-32 of kind, length and content (4), little endian; the content
    1  origin  JSON, first and once: `Origin`
    2  chunk   the number that the series has in the origin (8), the chunk
    3  end     JSON, last and once: how many chunks there are, SHA-256 of all bytes before this section

Whoever reads it may have it from anybody: nothing in it is believed before it was looked at, and a file without its end
is no file. A section is small enough to stand in memory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from wattledger.archive.errors import ArchiveDamagedError, ArchiveTooNewError
from wattledger.archive.interface import Chunk

MAGIC = b"\x89WATTX\r\n"
FORMAT = 1
HEAD = struct.Struct("<BII")
SERIES = struct.Struct("<Q")
ORIGIN, CHUNK, END = 1, 2, 3
MOST_BYTES = {ORIGIN: 16 * 1024 * 1024, CHUNK: 4 * 1024 * 1024, END: 1024}
MOST_SERIES = 50_000
MOST_TEXT = 200  # characters of a name


@dataclass(frozen=True, slots=True)
class OriginSeries:
    """A series as its own server knows it; `number` is what the chunks call it."""

    number: int
    uuid: UUID
    device: str
    channel: int
    point: str
    aggregate: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the readings come from: which server, which life of its archive, when, of what period and series."""

    server: UUID
    epoch: str
    exported: datetime
    start: datetime
    end: datetime
    series: tuple[OriginSeries, ...]
    format: int = FORMAT


_ORIGIN = TypeAdapter(Origin)


class ExchangeWriter:
    """Puts chunks into a file, as `writing_exchange` gives it."""

    def __init__(self, file: BinaryIO, origin: Origin) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._chunks = 0
        self._write(MAGIC)
        self._section(ORIGIN, _ORIGIN.dump_json(origin))

    def add(self, chunk: Chunk) -> None:
        """The next chunk."""
        self._section(CHUNK, SERIES.pack(chunk.series) + chunk.blob)
        self._chunks += 1

    def finish(self) -> None:
        """Say that this is all."""
        self._section(END, json.dumps({"chunks": self._chunks, "sha256": self._digest.hexdigest()}).encode())

    def _section(self, kind: int, content: bytes) -> None:
        self._write(HEAD.pack(kind, len(content), _check_sum(kind, content)) + content)

    def _write(self, written: bytes) -> None:
        self._file.write(written)
        self._digest.update(written)


@contextmanager
def writing_exchange(path: Path, origin: Origin) -> Iterator[ExchangeWriter]:
    """Make the file, which has its name only when it is whole and on the card. Raises OSError, also when it exists."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        with unfinished.open("wb") as file:
            writer = ExchangeWriter(file, origin)
            yield writer
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


class ExchangeReader:
    """An open file; what is read of it is sound, and may yet lie. Raises ArchiveDamagedError and ArchiveTooNewError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._digest = hashlib.sha256()
        if self._take(len(MAGIC)) != MAGIC:
            raise ArchiveDamagedError("it is no export of an archive")
        self.origin = _origin(self._content_of(ORIGIN))
        self._first = file.tell()
        self._digest_of_head = self._digest.copy()

    def chunks(self) -> Iterator[tuple[Chunk, float]]:
        """Each chunk from the first on, and how much of the file is read with it, 0 to 1; to the end, or it raises."""
        self._file.seek(self._first)
        self._digest = self._digest_of_head.copy()
        known = {series.number for series in self.origin.series}
        count = 0
        while True:
            said = self._digest.hexdigest()
            kind, content = self._section()
            if kind == END:
                return self._check_end(content, count=count, sha256=said)
            if kind != CHUNK or len(content) < SERIES.size:
                raise ArchiveDamagedError("a part of it is not where it should be")
            (number,) = SERIES.unpack_from(content)
            if number not in known:
                raise ArchiveDamagedError(f"it has readings of a series {number} that it does not name")
            count += 1
            yield Chunk(number, content[SERIES.size :]), self._file.tell() / self._size

    def _check_end(self, content: bytes, *, count: int, sha256: str) -> None:
        if content != json.dumps({"chunks": count, "sha256": sha256}).encode():
            raise ArchiveDamagedError("it is not what its end says")
        if self._file.read(1):
            raise ArchiveDamagedError("something follows its end")

    def _content_of(self, wanted: int) -> bytes:
        kind, content = self._section()
        if kind != wanted:
            raise ArchiveDamagedError("a part of it is not where it should be")
        return content

    def _section(self) -> tuple[int, bytes]:
        kind, length, check_sum = HEAD.unpack(self._take(HEAD.size))
        if length > MOST_BYTES.get(kind, 0):
            raise ArchiveDamagedError(f"a part of kind {kind} with {length} bytes")
        content = self._take(length)
        if _check_sum(kind, content) != check_sum:
            raise ArchiveDamagedError("a check sum is wrong")
        return kind, content

    def _take(self, length: int) -> bytes:
        taken = self._file.read(length)
        if len(taken) != length:
            raise ArchiveDamagedError("it ends too early")
        self._digest.update(taken)
        return taken


@contextmanager
def reading_exchange(path: Path) -> Iterator[ExchangeReader]:
    """Open a file. Raises OSError, ArchiveDamagedError and ArchiveTooNewError."""
    with path.open("rb") as file:
        yield ExchangeReader(file)


def _origin(content: bytes) -> Origin:
    try:
        said = json.loads(content)
        if isinstance(said, dict) and isinstance(said.get("format"), int) and said["format"] > FORMAT:
            raise ArchiveTooNewError(f"it has format {said['format']}; this release knows {FORMAT}: update it")
        origin = _ORIGIN.validate_json(content)
    except (ValueError, RecursionError, ValidationError) as error:
        raise ArchiveDamagedError("what it says of its origin cannot be read") from error
    if len(origin.series) > MOST_SERIES or len({each.number for each in origin.series}) != len(origin.series):
        raise ArchiveDamagedError(f"it names a series twice, or more than {MOST_SERIES}")
    names = [text for each in origin.series for text in (each.device, each.point, each.aggregate)]
    if not all(len(text) <= MOST_TEXT and text.isprintable() for text in (origin.epoch, *names)):
        raise ArchiveDamagedError(f"a name of more than {MOST_TEXT} characters, or with some that nobody can read")
    if any(time.tzinfo is None for time in (origin.exported, origin.start, origin.end)):
        raise ArchiveDamagedError("what it says of its origin cannot be read")
    return origin


def _check_sum(kind: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<BI", kind, len(content))))
