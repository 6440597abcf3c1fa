"""Counts of pulses on the card: two files of one fixed size, written in turns and in place, each with a check sum.

Written in place, because a card that is full takes no new file but still takes what overwrites an old one. A power cut
in the middle spoils one of the two at most; the other holds the counts of the write before.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"wattledger counts 1\n"
SIZE = 4096  # one page of a card
DIGITS = 8  # of the check sum, hexadecimal


@dataclass(frozen=True, slots=True)
class Count:
    """Pulses of one device. A kernel counter starts at 0 with each boot: what it showed last, and in which boot."""

    pulses: int
    counter: int = 0
    boot: str = ""


class CountFiles:
    """The counts by device, kept in two files of `folder`; used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = (folder / "counts-0", folder / "counts-1")
        self._sequence = 0
        self.are_damaged = False  # there were counts, and none of the files can be read

    def load(self) -> dict[int, Count]:
        """The newest counts that can be read; empty where there are none. Raises OSError."""
        present = [path.read_bytes() for path in self._files if path.exists()]
        readable = [found for found in map(_decoded, present) if found is not None]
        self.are_damaged = bool(present) and not readable
        self._sequence, counts = max(readable, key=lambda found: found[0], default=(0, {}))
        return counts

    def keep(self, counts: dict[int, Count]) -> None:
        """Write the counts; they are on the card when this is done. Raises OSError."""
        kept = _encoded(self._sequence + 1, counts)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._files[(self._sequence + 1) % 2]
        is_new = not path.exists()
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(file, kept, 0)
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            _sync_folder(self._folder)
        self._sequence += 1


def _encoded(sequence: int, counts: dict[int, Count]) -> bytes:
    rows = {str(device): [count.pulses, count.counter, count.boot] for device, count in sorted(counts.items())}
    body = MAGIC + json.dumps({"sequence": sequence, "counts": rows}).encode("ascii")
    body = body.ljust(SIZE - DIGITS, b" ")
    return body + f"{zlib.crc32(body):0{DIGITS}x}".encode("ascii")


def _decoded(kept: bytes) -> tuple[int, dict[int, Count]] | None:
    body, check_sum = kept[:-DIGITS], kept[-DIGITS:]
    if not body.startswith(MAGIC) or check_sum != f"{zlib.crc32(body):0{DIGITS}x}".encode("ascii"):
        return None
    document = json.loads(body[len(MAGIC) :])
    return document["sequence"], {int(device): Count(*row) for device, row in document["counts"].items()}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
