"""Looking over the sealed files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from wattledger.archive.embedded.chunk import decode_chunk
from wattledger.archive.embedded.connection import HOT, reading
from wattledger.archive.embedded.day_codec import decode_rows
from wattledger.archive.embedded.finding import Finding
from wattledger.archive.embedded.newest import decode_newest
from wattledger.archive.embedded.periods import Span
from wattledger.archive.embedded.sealed import NEWEST, SealedFile, SealedName, Section, opened
from wattledger.archive.embedded.segments import sealed_set
from wattledger.archive.errors import ArchiveError


def check_sealed(folder: Path) -> Iterator[Finding]:
    """What is wrong with the files that `hot.db` names. One that is replaced meanwhile is not wrong."""
    try:
        names = _named(folder)
    except ArchiveError as error:
        yield Finding(HOT, str(error))
        return
    for name in names:
        try:
            with opened(name.path(folder)) as file:
                yield from _check_file(name, file)
        except FileNotFoundError:
            if name in _named(folder):
                yield Finding(str(name), "the file is missing")
        except (ArchiveError, OSError) as error:
            yield Finding(str(name), str(error))


def _named(folder: Path) -> tuple[SealedName, ...]:
    with reading(folder) as connection:
        return () if connection is None else sealed_set(connection, folder).names


def _check_file(name: SealedName, file: SealedFile) -> Iterator[Finding]:
    if (file.meta.get("period"), file.meta.get("generation")) != (name.period.name, name.generation):
        yield Finding(str(name), "it is the file of another time")
    shared = name.period.span is Span.DAY
    for section, look in (
        (Section.CHUNKS, lambda _, blob: _check_slots(name, blob)),
        (Section.OFFSETS, lambda _, blob: _check_slots(name, blob)),
        (Section.DAYS, lambda key, blob: _check_days(key, blob, shared=shared)),
    ):
        yield from _check_section(name, file, section, look)


def _check_section(
    name: SealedName, file: SealedFile, section: Section, look: Callable[[int, bytes], object]
) -> Iterator[Finding]:
    for key in file.keys(section).tolist():
        try:
            look(key, file.blob(section, key) or b"")
        except (ArchiveError, OSError) as error:
            yield Finding(f"{name}, {section.name.lower()} {key}", str(error))


def _check_days(key: int, blob: bytes, *, shared: bool) -> None:
    if key == NEWEST:
        decode_newest(blob)
    else:
        decode_rows(blob, series=None if shared else key)


def _check_slots(name: SealedName, blob: bytes) -> None:
    slots = decode_chunk(blob, {}).slots
    if (np.diff(slots) <= 0).any():
        raise ArchiveError("a slot is there twice")
    if len(slots) and not name.period.start <= slots[0] <= slots[-1] < name.period.end:
        raise ArchiveError("a slot of another time")
