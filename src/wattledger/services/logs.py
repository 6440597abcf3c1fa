"""Where the log goes: to the terminal, to the system's journal, else to a file of bounded size."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

from wattledger.plant import DataFolder

LINE = "%(asctime)s %(service)s %(levelname)s %(name)s: %(message)s"
MOST_BYTES = 2 * 1024 * 1024  # a file; with those kept before it 8 MB of the card
KEPT_FILES = 3

_service = "parent"


def log_to(folder: DataFolder) -> None:
    """Set the log up for this process and those it forks. Raises OSError when the file cannot be opened."""
    handler: logging.Handler
    if sys.stderr is not None and (sys.stderr.isatty() or _is_system_journal()):
        handler = logging.StreamHandler(sys.stderr)
    else:
        handler = BoundedFileHandler(folder.logs / "wattledger.log")
    handler.setFormatter(logging.Formatter(LINE))
    handler.addFilter(_name_service)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a line that a full card does not take must not become pages on stderr


def name_service(name: str) -> None:
    """From now on the lines of this process carry this name."""
    global _service  # noqa: PLW0603 - one process is one service, and its threads share the log
    _service = name


def _name_service(record: logging.LogRecord) -> bool:
    record.service = _service
    return True


def _is_system_journal() -> bool:
    """Whether stderr is the stream that systemd gave us (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class BoundedFileHandler(WatchedFileHandler):
    """A file that several processes append to and that is turned over when it is full.

    Each line is one write to a file opened for appending, so lines stay whole; whoever finds the file full turns it
    over under a lock, and the others notice that its name stands for a new file. Logging never raises: a folder that
    was removed is made again, lines go to stderr while there can be no file, and are lost while the card is full.
    """

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES, kept: int = KEPT_FILES) -> None:
        super().__init__(path, encoding="utf-8")
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        """Append the line."""
        with suppress(OSError):  # on a full card there may be no room for the lock; the line may still fit
            if self._is_full():
                self._turn_over()
        try:
            super().emit(record)
        except OSError:
            with suppress(Exception):  # a stderr that is closed, or arguments that do not fit the text
                print(self.format(record), file=sys.stderr, flush=True)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super()._open()

    def _is_full(self) -> bool:
        return self._path.exists() and self._path.stat().st_size >= self._most_bytes

    def _turn_over(self) -> None:
        lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_full():  # nobody else was faster
                for number in range(self._kept - 1, 0, -1):
                    older = self._numbered(number)
                    if older.exists():
                        older.replace(self._numbered(number + 1))
                self._path.replace(self._numbered(1))
        finally:
            os.close(lock)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
