"""One data folder, one server: the lock, and the folder made ready for it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

from wattledger.plant import DataFolder
from wattledger.services.errors import FolderInUseError, FolderUnusableError
from wattledger.web.terminal import gettext as _

PRIVATE = 0o700  # what a server keeps is nobody else's business: keys, sockets, hashes of passwords

LAST_BREATH_S = 1.0  # the children of a parent that was killed are dying, and hold the lock until they have


@contextmanager
def locked(folder: DataFolder) -> Generator[int, None, None]:
    """Hold the data folder, made if it is missing; gives the descriptor of the lock.

    The lock belongs to the open file, so children that inherit it hold it too: as long as one of them lives no other
    server starts beside it, however the parent died. Raises FolderInUseError and FolderUnusableError.
    """
    try:
        for path in (folder.root, folder.run, folder.tls, folder.snapshots):
            path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        _take(lock, folder)
        _write_pid(lock, folder)
        yield lock
    finally:
        os.close(lock)


def unusable(folder: DataFolder, error: OSError) -> FolderUnusableError:
    """The folder cannot be used, in one line."""
    text = _("The data folder {folder} cannot be used: {reason}. Give one that this user may write and that has space.")
    return FolderUnusableError(text.format(folder=folder.root, reason=error.strerror or error))


def _take(lock: int, folder: DataFolder) -> None:
    deadline = time.monotonic() + LAST_BREATH_S
    while not _is_taken(lock):
        if time.monotonic() < deadline:
            time.sleep(0.05)
            continue
        pid = os.pread(lock, 20, 0).decode(errors="replace").strip() or "?"
        text = _("Another server (pid {pid}) uses the data folder {folder}. Stop it first, or give another folder.")
        raise FolderInUseError(text.format(pid=pid, folder=folder.root))


def _is_taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_pid(lock: int, folder: DataFolder) -> None:
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        raise unusable(folder, error) from error
