"""One child as its parent sees it: running and beating, to be killed, or to be started again."""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass, field
from functools import partial

from wattledger.fieldbus import Backoff
from wattledger.plant import DataFolder
from wattledger.services.child import Child, ChildMain, run_child
from wattledger.services.forking import fork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the parent waits, in seconds."""

    # Blocking work is in threads; what still stalls a loop is a card that hangs in a write or a box that swaps. Thirty
    # times the beat leaves room for both, and a hung engine costs at most a few 5-minute slots' tolerance.
    heartbeat_s: float = 30.0
    start_s: float = 120.0  # to the first beat: a cold card, the check of a large write-ahead log, first-time set-up
    stop_s: float = 15.0  # the engine flushes within 5 s, the web lets go of open streams within 2 s
    first_restart_s: float = 1.0
    most_restart_s: float = 60.0  # what dies at each start must not keep the box busy with starting it
    steady_s: float = 60.0  # who lived this long has started well


@dataclass(frozen=True, slots=True)
class ChildKind:
    """A child to be kept running; `renewed` ones are started afresh when the parent gets SIGHUP."""

    name: str
    main: ChildMain
    renewed: bool = False


@dataclass(slots=True)
class Watched:
    """The present process of one kind of child. Times are monotonic seconds."""

    kind: ChildKind
    folder: DataFolder
    limits: Limits
    pid: int | None = None
    pipe: int | None = None  # our end of the heartbeat
    has_beaten: bool = False
    last_beat: float = 0.0
    started: float = 0.0
    start_at: float = 0.0
    kill_at: float | None = None
    is_planned: bool = False  # its end was asked for, so nobody needs to be told
    verdict: str | None = None  # why we killed it
    death: str | None = None  # why the last one died
    backoff: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self.backoff = Backoff(first_s=self.limits.first_restart_s, most_s=self.limits.most_restart_s)

    def start(self, now: float) -> None:
        """Fork the child. Raises OSError when the system has no room for another process."""
        ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        child = Child(self.kind.name, self.folder, theirs, self.death)
        try:
            self.pid = fork(self.kind.name, partial(run_child, self.kind.main, child))
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self.pipe, self.started, self.last_beat, self.has_beaten = ours, now, now, False
        self.kill_at, self.is_planned, self.verdict = None, False, None

    def take_beats(self, now: float) -> None:
        """Read what the child has written."""
        if self.pipe is not None and _drain(self.pipe):
            self.last_beat, self.has_beaten = now, True

    def terminate(self, now: float) -> None:
        """Ask the child to end; it is killed when it does not."""
        if self.pid is not None and not self.is_planned:
            self.is_planned, self.kill_at = True, now + self.limits.stop_s
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the child, whatever it does."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    def judge(self, now: float) -> None:
        """Kill the child when its time is over."""
        if self.pid is None or self.verdict is not None or now < self._judged_at():
            return
        waited_s = round(self.limits.stop_s if self.is_planned else now - self.last_beat)
        self.verdict = f"did not end within {waited_s} s" if self.is_planned else f"no heartbeat for {waited_s} s"
        log.error("%s (pid %d): %s, killing it", self.kind.name, self.pid, self.verdict)
        self.kill()

    def reap(self, now: float) -> None:
        """See whether the child has ended, and when to start the next."""
        if self.pid is None:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return
        reason = self.verdict or _reason(status)
        if now - self.started >= self.limits.steady_s:
            self.backoff.reset()
        self.start_at = now if self.is_planned else now + self.backoff.next_s()
        self.death = None if self.is_planned else reason
        if not self.is_planned:
            log.error(
                "%s (pid %d) died: %s; starting it again in %.1f s", self.kind.name, pid, reason, self.start_at - now
            )
        if self.pipe is not None:
            os.close(self.pipe)
        self.pid = self.pipe = None

    def next_due(self) -> float:
        """When there is something to do if nothing happens."""
        return self.start_at if self.pid is None else self._judged_at()

    def _judged_at(self) -> float:
        if self.kill_at is not None:
            return self.kill_at
        return self.last_beat + (self.limits.heartbeat_s if self.has_beaten else self.limits.start_s)


def _drain(pipe: int) -> bool:
    try:
        return bool(os.read(pipe, 65536))
    except BlockingIOError:
        return False


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended by itself with exit code {os.WEXITSTATUS(status)}"
