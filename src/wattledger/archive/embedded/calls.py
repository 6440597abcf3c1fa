"""The writer's queue: calls that wait for the card, at most so many, and which of them share a commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition
from typing import Generic, Protocol, TypeVar

from wattledger.archive.embedded.hot import Writing
from wattledger.archive.errors import ArchiveBusyError, ArchiveError

MOST_WAITING = 1024  # calls; ten ticks of a hundred devices, a few MB
MOST_TOGETHER = 256  # calls in one commit: two ticks of a hundred devices, within 20 ms of work

T = TypeVar("T")


class Waiting(Protocol):
    """A call as the queue and the thread see it, whatever it gives."""

    shares_commit: bool

    def run(self, writing: Writing) -> None: ...

    def succeed(self) -> None: ...

    def fail(self, error: BaseException) -> None: ...


@dataclass(slots=True)
class Call(Generic[T]):
    """One piece of work and the promise of its result, which is kept only after the commit."""

    work: Callable[[Writing], T]
    shares_commit: bool = False
    future: Future[T] = field(default_factory=Future)
    _result: list[T] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.future.set_running_or_notify_cancel()  # from now on it cannot be cancelled: what was given is stored

    def run(self, writing: Writing) -> None:
        self._result = [self.work(writing)]

    def succeed(self) -> None:
        self.future.set_result(self._result[0])

    def fail(self, error: BaseException) -> None:
        self.future.set_exception(error)


class CallQueue:
    """First in, first out. When it is full a call is refused, not kept waiting: who records must not stand still."""

    def __init__(self) -> None:
        self._calls: deque[Waiting] = deque()
        self._changed = Condition()
        self._closed = False

    def put(self, call: Waiting) -> None:
        """Let `call` wait for its turn, or fail it at once."""
        with self._changed:
            if not self._closed and len(self._calls) < MOST_WAITING:
                self._calls.append(call)
                self._changed.notify()
                return
            closed = self._closed
        if closed:
            call.fail(ArchiveError("the archive is closed"))
        else:
            call.fail(ArchiveBusyError(f"{MOST_WAITING} calls wait for the card already; give this one again later"))

    def take(self) -> list[Waiting]:
        """The next calls to be done in one commit, waiting for one; none after the last call of a closed queue."""
        with self._changed:
            self._changed.wait_for(lambda: self._calls or self._closed)
            if not self._calls:
                return []
            taken = [self._calls.popleft()]
            while taken[-1].shares_commit and self._calls and len(taken) < MOST_TOGETHER:
                if not self._calls[0].shares_commit:
                    break
                taken.append(self._calls.popleft())
            return taken

    def close(self) -> None:
        """Take no more calls."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
