"""The parent: keeps its children running, and ends with them.

It imports the code once, so that its children share it, and does nothing else that could fail: it opens no database,
starts no thread and no event loop.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from wattledger.plant import DataFolder
from wattledger.services.errors import ExitCode
from wattledger.services.forking import PARENT_SIGNALS
from wattledger.services.watched import ChildKind, Limits, Watched

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0


def keep_running(
    kinds: Sequence[ChildKind],
    *,
    folder: DataFolder,
    limits: Limits | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> ExitCode:
    """Fork the children and start again whichever dies or hangs, until SIGTERM or SIGINT; then end them all.

    SIGHUP renews the children that are `renewed`. `on_ready` is called once, when each child has beaten. A second
    SIGTERM or SIGINT kills at once. Gives FAILED when a child had to be killed in the end.
    """
    limits = limits or Limits()
    gc.freeze()  # a collection in a child would touch, and so copy, every page it shares with us
    return _Parent([Watched(kind, folder, limits) for kind in kinds], limits, on_ready).run()


class _Parent:
    def __init__(self, children: Sequence[Watched], limits: Limits, on_ready: Callable[[], None]) -> None:
        self._children = children
        self._limits = limits
        self._on_ready: Callable[[], None] | None = on_ready
        self._is_stopping = False

    def run(self) -> ExitCode:
        with _signals() as wakeup:
            now = time.monotonic()
            while not self._is_stopping or any(child.pid is not None for child in self._children):
                self._start_due(now)
                planned = min(self._next_due(), now + LONGEST_WAIT_S)
                _wait([wakeup, *self._pipes()], planned - now)
                now = time.monotonic()
                self._take_beats(now, overslept=now - planned > self._limits.heartbeat_s / 2)
                for number in _signals_taken(wakeup):
                    self._take_signal(number, now)
                for child in self._children:
                    child.reap(now)
                    child.judge(now)
        killed = any(child.verdict is not None for child in self._children)
        return ExitCode.FAILED if killed else ExitCode.OK

    def _start_due(self, now: float) -> None:
        for child in self._children:
            if child.pid is None and child.start_at <= now and not self._is_stopping:
                try:
                    child.start(now)
                except OSError as error:
                    log.error("%s cannot be started: %s", child.kind.name, error)
                    child.start_at = now + child.backoff.next_s()

    def _next_due(self) -> float:
        waiting_for = (child for child in self._children if child.pid is not None or not self._is_stopping)
        return min(child.next_due() for child in waiting_for)

    def _pipes(self) -> list[int]:
        return [child.pipe for child in self._children if child.pipe is not None]

    def _take_beats(self, now: float, *, overslept: bool) -> None:
        for child in self._children:
            child.take_beats(now)
            if overslept:  # the whole computer stood still, not this child
                child.last_beat = now
        if self._on_ready is not None and all(child.has_beaten for child in self._children):
            self._on_ready()
            self._on_ready = None

    def _take_signal(self, number: int, now: float) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            for child in self._children:
                child.kill() if self._is_stopping else child.terminate(now)
            self._is_stopping = True
        elif number == signal.SIGHUP:
            for child in self._children:
                if child.kind.renewed:
                    child.terminate(now)


@contextmanager
def _signals() -> Generator[int, None, None]:
    """A descriptor from which the numbers of the signals we get can be read."""
    ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    before = {number: signal.signal(number, lambda *_: None) for number in PARENT_SIGNALS}
    wakeup_before = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(ours)
        os.close(theirs)


def _signals_taken(wakeup: int) -> bytes:
    try:
        return os.read(wakeup, 4096)
    except BlockingIOError:
        return b""


def _wait(pipes: Sequence[int], timeout_s: float) -> None:
    with selectors.PollSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        selector.select(max(timeout_s, 0.0))
