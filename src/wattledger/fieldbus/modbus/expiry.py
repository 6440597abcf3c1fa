"""Time limits of requests that follow each other, with one timer for many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LEAST_PAUSE_S = 0.001  # the loops count in milliseconds


class Expiry:
    """Calls `on_expired` when the limit that was set last has passed and was not lifted.

    A timer of its own for each request cost a tenth of the whole request, and nearly all were cancelled. So the timer
    runs on, looks at the limit when it fires, and is set anew for what is left.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_expired: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._on_expired = on_expired
        self._clock = clock
        self._limit: float | None = None  # on the clock; None: nothing is waited for
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = 0.0

    def set(self, time_s: float) -> None:
        """Expire `time_s` from now, whatever was set before."""
        self._limit = self._clock() + time_s
        if self._timer is None or self._limit < self._fires_at:
            self._start(time_s)

    def lift(self) -> None:
        """Nothing is waited for any more."""
        self._limit = None

    def end(self) -> None:
        """Leave no timer behind."""
        self._limit = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, time_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = self._clock() + time_s
        self._timer = self._loop.call_later(time_s, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._limit is None:
            return
        left_s = self._limit - self._clock()
        if left_s > 0:
            self._start(max(left_s, LEAST_PAUSE_S))
        else:
            self._limit = None
            self._on_expired()
