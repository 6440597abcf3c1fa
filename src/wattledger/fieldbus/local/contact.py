"""One contact, and the program that watches it: `contact.py FILE CLOSED_LEVEL DEBOUNCE_S MEMORY STARTER`.

A program of its own, because a look every few milliseconds must not wait for the turn of a thread: in the engine, which
computes at times, every tenth pulse of 30 ms passed unseen. It runs in real time where it may, imports nothing of ours,
so that it takes 5 MB, and tells what it sees in shared memory, where it stands even when the program is killed.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import NamedTuple

LOOK_EVERY_S = 0.004  # an S0 pulse lasts 30 ms at least (IEC 62053-31): seven looks
REOPEN_EVERY_S = 1.0  # a file that cannot be read: its driver may come back
MOST_BYTES = 8
PRIORITY = 1  # real time, where we may: no ordinary program on this computer should delay a look

# The shared memory, in words of 8 bytes. The closings stand twice, because a small processor writes a word in halves.
CLOSINGS, CLOSINGS_AGAIN, STATE, ERROR, LOOKED_AT_NS = range(5)
WORDS = 5
UNKNOWN, OPEN, CLOSED = -1, 0, 1
NO_NUMBER = -1  # instead of an errno: the file holds something else than 0 or 1


class Contact(NamedTuple):
    """What is known of a contact. `changing_since_s`: since when the other state is seen without a break; None: not."""

    closed: bool
    closings: int = 0
    changing_since_s: float | None = None


def seen(contact: Contact | None, *, closed: bool, at_s: float, debounce_s: float) -> Contact:
    """The contact after it was seen once more; None before: nothing was seen yet, and what it is now counts nothing.

    A new state holds once it was seen at every look for `debounce_s`: shorter ones are bouncing or disturbance. With 0
    it holds at once.
    """
    if contact is None:
        return Contact(closed)
    if closed is contact.closed:
        return contact if contact.changing_since_s is None else contact._replace(changing_since_s=None)
    since_s = at_s if contact.changing_since_s is None else contact.changing_since_s
    if at_s - since_s < debounce_s:
        return contact._replace(changing_since_s=since_s)
    return Contact(closed, contact.closings + closed)


class _File:
    """The file of an input, kept open; opened anew after a while when it fails."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._not_before_s = 0.0
        self.error = 0

    def level(self, now_s: float) -> bool | None:
        """What it shows; None: nothing that could be read, `error` says why, or it is just being written (0)."""
        if self.error and now_s < self._not_before_s:
            return None
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            text = os.pread(self._descriptor, MOST_BYTES, 0).strip()
            level = bool(int(text)) if text else None
        except OSError as error:
            self._fail(error.errno or NO_NUMBER, now_s)
            return None
        except ValueError:
            self._fail(NO_NUMBER, now_s)
            return None
        self.error = 0
        return level

    def _fail(self, error: int, now_s: float) -> None:
        self.error = error
        self._not_before_s = now_s + REOPEN_EVERY_S
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


def watch(path: str, *, closed_level: bool, debounce_s: float, memory: memoryview, starter: int) -> None:
    """Look at the file until the process `starter`, our parent, is gone; one byte of output tells of the first look."""
    before, is_told = memory[CLOSINGS], False
    contact: Contact | None = None
    file = _File(path)
    due_s = time.monotonic()
    while os.getppid() == starter:
        now_s = time.monotonic()
        level = file.level(now_s)
        if level is not None:
            contact = seen(contact, closed=level is closed_level, at_s=now_s, debounce_s=debounce_s)
            memory[CLOSINGS] = memory[CLOSINGS_AGAIN] = before + contact.closings
            memory[STATE] = CLOSED if contact.closed else OPEN
        memory[ERROR] = file.error
        memory[LOOKED_AT_NS] = time.monotonic_ns()
        if not is_told:
            with suppress(BrokenPipeError):  # nobody waits so long
                os.write(sys.stdout.fileno(), b".")
            is_told = True
        due_s = max(due_s + LOOK_EVERY_S, now_s)  # looks that were missed are not made up for
        # not `sleep`, which waits for an absolute time and fails under a library that shifts the clock
        select.select([], [], [], max(0.0, due_s - time.monotonic()))


def main(path: str, closed_level: str, debounce_s: str, memory: str, starter: str) -> None:
    """What the program does; `memory` is the inherited descriptor, `starter` the process id of who started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us, and counts until then
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    words = memoryview(mmap.mmap(int(memory), WORDS * 8)).cast("q")
    level = closed_level == "1"
    watch(path, closed_level=level, debounce_s=float(debounce_s), memory=words, starter=int(starter))


if __name__ == "__main__":
    main(*sys.argv[1:])
