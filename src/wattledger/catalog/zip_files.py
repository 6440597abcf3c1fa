"""The files of a zip of unknown origin, read whole into memory within bounds, or refused.

A zip can say one thing to one program and another to the next, unpack to a thousand times its size, and name places
outside of itself. Here nothing is ever written to a path that a zip names; what is no plain file is refused.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable

from wattledger.catalog.package_errors import PackageError, PackageFault

MOST_PACKED_BYTES = 4 * 1024 * 1024  # fifty profiles with icons take half of it
MOST_UNPACKED_BYTES = 8 * 1024 * 1024
MOST_FILES = 300
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
FIRST_BYTES = b"PK\x03\x04"  # a file entry; nothing may stand before it
ENCRYPTED = 0x1
MADE_ON_UNIX = 3


def read_zip(data: bytes, *, most_bytes_of: Callable[[str], int | None]) -> dict[str, bytes]:
    """The files of the zip by name, in its order.

    `most_bytes_of` tells how large a file of that name may be; None: there must be none of this name.
    Raises PackageError.
    """
    if len(data) > MOST_PACKED_BYTES:
        raise PackageError(PackageFault.TOO_LARGE, reason=f"{MOST_PACKED_BYTES // 1024} kB at most")
    if not data.startswith(FIRST_BYTES):
        raise PackageError(PackageFault.NO_PACKAGE, reason="it is no zip")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive, most_bytes_of)
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise PackageError(PackageFault.NO_PACKAGE, reason=f"the zip is damaged: {error}") from error


def _check_entries(archive: zipfile.ZipFile, most_bytes_of: Callable[[str], int | None]) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise PackageError(PackageFault.TOO_LARGE, reason=f"{MOST_FILES} files at most")
    if archive.comment:
        raise PackageError(PackageFault.UNSAFE, reason="a comment of the zip")
    for name, count in Counter(entry.filename for entry in entries).items():
        if count > 1:
            raise PackageError(PackageFault.UNSAFE, reason=f"two files called {name!r}")
    for entry in entries:
        _check_entry(entry)
        most_bytes = most_bytes_of(entry.filename)
        if most_bytes is None:
            raise PackageError(PackageFault.UNKNOWN_FILE, name=entry.filename)
        if entry.file_size > most_bytes:  # zipfile unpacks no more than the entry says
            raise PackageError(PackageFault.TOO_LARGE, reason=f"{entry.filename}: {most_bytes // 1024} kB at most")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise PackageError(PackageFault.TOO_LARGE, reason=f"{MOST_UNPACKED_BYTES // 1024} kB at most when unpacked")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & ENCRYPTED:
        raise PackageError(PackageFault.UNSAFE, reason=f"{entry.filename!r} is locked with a password")
    if entry.compress_type not in METHODS:
        raise PackageError(PackageFault.UNSAFE, reason=f"{entry.filename!r} is packed by an unusual method")
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == MADE_ON_UNIX else 0
    if entry.is_dir() or kind not in (0, stat.S_IFREG):
        raise PackageError(PackageFault.UNSAFE, reason=f"{entry.filename!r} is no plain file")
