"""One data folder, one server: the lock, and the folder made ready for it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

from wattledger.plant import DataFolder
from wattledger.services.errors import FolderInUseError, FolderUnusableError
from wattledger.web.terminal import gettext as _

PRIVATE = 0o700  # what a server keeps is nobody else's business: keys, sockets, hashes of passwords

PREPARED = b"prepared"  # in the lock's file, after the pid
# Commands beside a server wait for one that is starting: for its preparation, which brings databases up …
PREPARATION_S = 10.0
APPEARING_S = 2.0  # … and, on a folder that none has prepared yet, for one that was called just before them
LOOK_EVERY_S = 0.05

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


def tell_prepared(lock: int) -> None:
    """Say in the lock's file that the folder is ready for those who work beside the server."""
    with suppress(OSError):  # a full card: who waits for it then waits in vain, and goes on
        os.pwrite(lock, b"%d\n%s\n" % (os.getpid(), PREPARED), 0)


def wait_while_starting(folder: DataFolder) -> None:
    """Return when no server is starting on the folder, or when one takes too long; never raises for what is not there.

    A folder on which none has run gets a moment in which one may appear.
    """
    began = time.monotonic()
    while time.monotonic() - began < PREPARATION_S and not _is_settled(folder, time.monotonic() - began):
        time.sleep(LOOK_EVERY_S)


def has_run(folder: DataFolder) -> bool:
    """Whether a server has made what the folder needs."""
    return folder.configuration.exists() and folder.secret_key.exists()


def _is_settled(folder: DataFolder, waited_s: float) -> bool:
    try:
        lock = os.open(folder.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return waited_s >= APPEARING_S
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # a server has it
        return PREPARED in os.pread(lock, 64, 0)
    else:
        return has_run(folder) or waited_s >= APPEARING_S
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
        pid = os.pread(lock, 20, 0).decode(errors="replace").partition("\n")[0] or "?"
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
