"""A watched contact as the engine sees it: the program that watches it, and what it tells in shared memory."""

from __future__ import annotations

import mmap
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from wattledger.fieldbus.local import contact
from wattledger.fieldbus.local.contact import CLOSED, CLOSINGS, CLOSINGS_AGAIN, ERROR, LOOKED_AT_NS, STATE, UNKNOWN

PROGRAM = Path(contact.__file__)
FIRST_LOOK_S = 2.0  # a small computer takes a second to start a program
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

    @property
    def is_closed(self) -> bool:
        """Whether the contact is closed, as long as there is no `failure`."""
        return self._words[STATE] == CLOSED

    @property
    def closings(self) -> int:
        """How often the contact has closed, with those counted before."""
        while (closings := self._words[CLOSINGS]) != self._words[CLOSINGS_AGAIN]:
            os.sched_yield()  # just being written
        return closings

    def failure(self) -> str:
        """Why the contact cannot be seen now; empty: it is."""
        if self._process.poll() is not None:
            self._process = self._start()
        error = self._words[ERROR]
        if error:
            reason = "is neither 0 nor 1" if error == contact.NO_NUMBER else os.strerror(error)
            return f"{self._file}: {reason}"
        if self._words[STATE] == UNKNOWN or time.monotonic_ns() - self._words[LOOKED_AT_NS] > STALE_S * 1e9:
            return f"{self._file}: not looked at"
        return ""

    def close(self) -> None:
        """End the program for good; what it counted can still be read."""
        self._process.kill()
        self._process.wait()
        os.close(self._descriptor)

    def _start(self) -> subprocess.Popen[bytes]:
        """The program, after its first look at the file, or when it takes too long for that."""
        # -I and -S: nothing of the environment, no site packages; half the memory, half the time
        command = [sys.executable, "-IS", str(PROGRAM), str(self._file), *self._arguments]
        command += [str(self._descriptor), str(os.getpid())]
        read, write = os.pipe2(os.O_CLOEXEC)
        try:
            process = subprocess.Popen(command, pass_fds=[self._descriptor], stdin=subprocess.DEVNULL, stdout=write)
        finally:
            os.close(write)
        select.select([read], [], [], FIRST_LOOK_S)
        os.close(read)
        return process
