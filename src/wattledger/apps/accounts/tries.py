"""Wrong passwords: after a few of them even the right one waits, so that guessing takes for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MOST_TRIES = 5
WINDOW_S = 300.0
MOST_NAMES = 1000  # remembered at once; the oldest go first


class Tries:
    """Counts wrong passwords per name, by the monotonic clock, in the memory of this process."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: dict[str, list[float]] = {}
        self._turn = threading.Lock()

    def is_locked(self, name: str) -> bool:
        """Whether too many were wrong within the last minutes."""
        with self._turn:
            return len(self._recent(name)) >= MOST_TRIES

    def wrong(self, name: str) -> bool:
        """Count a wrong one; True when it is the one that locks."""
        with self._turn:
            tries = [*self._recent(name), self._now()]
            self._wrong.pop(name, None)
            self._wrong[name] = tries
            while len(self._wrong) > MOST_NAMES:
                self._wrong.pop(next(iter(self._wrong)))
            return len(tries) == MOST_TRIES

    def right(self, name: str) -> None:
        """Forget what was wrong before."""
        with self._turn:
            self._wrong.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        return [tried for tried in self._wrong.get(name, ()) if self._now() - tried < WINDOW_S]
