"""A watched contact as the engine sees it: the program that watches it, and what it tells in shared memory."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time
from pathlib import Path

from wattledger.fieldbus.local import contact
from wattledger.fieldbus.local.contact import CLOSED, CLOSINGS, CLOSINGS_AGAIN, ERROR, LOOKED_AT_NS, STATE, UNKNOWN

PROGRAM = Path(contact.__file__)
FIRST_LOOK_S = 5.0  # a small computer takes a second to start a program
STALE_S = 2.0  # 500 looks


class WatchedContact:
    """Starts the program at once, and anew when it has died; `close` ends it.

    Every method may block for as long as starting a program takes.
    """

    def __init__(self, file: Path, *, closed_level: bool, debounce_s: float, closings: int = 0) -> None:
        self._file = file
        self._arguments = (str(int(closed_level)), repr(debounce_s))
        self._descriptor = os.memfd_create("contact", os.MFD_CLOEXEC)
        os.ftruncate(self._descriptor, contact.WORDS * 8)
        self._map = mmap.mmap(self._descriptor, contact.WORDS * 8)
        self._words = memoryview(self._map).cast("q")
        self._words[CLOSINGS] = self._words[CLOSINGS_AGAIN] = closings
        self._words[STATE] = UNKNOWN
        self._process = self._start()
        self._await_first_look()

    @property
    def is_closed(self) -> bool:
        """Whether the contact is closed, as long as there is no `failure`."""
        return self._words[STATE] == CLOSED

    @property
    def closings(self) -> int:
        """How often the contact has closed, with those counted before."""
        while (closings := self._words[CLOSINGS]) != self._words[CLOSINGS_AGAIN]:
            time.sleep(0)  # just being written
        return closings

    def failure(self) -> str:
        """Why the contact cannot be seen now; empty: it is."""
        if self._process.poll() is not None:
            self._process = self._start()
            self._await_first_look()
        error = self._words[ERROR]
        if error:
            reason = "is neither 0 nor 1" if error == contact.NO_NUMBER else os.strerror(error)
            return f"{self._file}: {reason}"
        if self._words[STATE] == UNKNOWN or time.monotonic_ns() - self._words[LOOKED_AT_NS] > STALE_S * 1e9:
            return f"{self._file}: not looked at"
        return ""

    def close(self) -> None:
        """End the program; what it counted can still be read."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._words[LOOKED_AT_NS] = 0
        # -I and -S: nothing of the environment, no site packages; half the memory, half the time
        command = [sys.executable, "-IS", str(PROGRAM), str(self._file), *self._arguments, str(self._descriptor)]
        return subprocess.Popen(command, pass_fds=[self._descriptor], stdin=subprocess.DEVNULL)

    def _await_first_look(self) -> None:
        deadline_s = time.monotonic() + FIRST_LOOK_S
        while not self._words[LOOKED_AT_NS] and self._process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(contact.LOOK_EVERY_S)
