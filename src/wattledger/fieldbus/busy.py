"""How much of its time a link is used."""

from __future__ import annotations

from collections.abc import Callable

WINDOW_S = 60
_SLOTS = 64  # more than the window has seconds, so that none of them is overwritten too early


class BusyTime:
    """Seconds in which at least one exchange was under way; several at once count once. `clock` is monotonic."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_at = clock()
        self._under_way = 0
        self._counted_to = self._began_at
        self.ended_at = float("-inf")  # the last exchange
        self._total_s = 0.0
        self._seconds = [-1] * _SLOTS  # which second of the clock each slot holds
        self._used_s = [0.0] * _SLOTS

    def begin(self, at: float) -> None:
        """An exchange begins."""
        if not self._under_way:
            self._counted_to = at
        self._under_way += 1

    def end(self, at: float) -> None:
        """An exchange has ended, well or not."""
        self._under_way -= 1
        self.ended_at = at
        if not self._under_way:
            second, start = int(at), self._counted_to
            slot = second % _SLOTS
            if self._seconds[slot] == second and start >= second:  # nearly always, and for each request
                self._counted_to = at
                self._total_s += at - start
                self._used_s[slot] += at - start
            else:
                self._count_to(at)

    def total_s(self) -> float:
        """The seconds of use since the start or the last reset."""
        self._count_present()
        return self._total_s

    def reset(self) -> None:
        """Count anew; the load of the last minute is what it was."""
        self._count_present()
        self._total_s = 0.0

    def load(self) -> float:
        """The share of the last minute, or of the time since the start, in which the link was used: 0 to 1."""
        self._count_present()
        now = self._clock()
        first = int(now) - WINDOW_S + 1
        used_s = sum(used for second, used in zip(self._seconds, self._used_s, strict=True) if second >= first)
        watched_s = now - max(self._began_at, first)
        return min(1.0, used_s / watched_s) if watched_s > 0 else 0.0

    def _count_present(self) -> None:
        if self._under_way:
            self._count_to(self._clock())

    def _count_to(self, end: float) -> None:
        start, self._counted_to = self._counted_to, end
        self._total_s += end - start
        start = max(start, end - WINDOW_S)
        while int(start) < int(end):
            self._use(int(start), int(start) + 1 - start)
            start = float(int(start) + 1)
        self._use(int(end), end - start)

    def _use(self, second: int, used_s: float) -> None:
        slot = second % _SLOTS
        if self._seconds[slot] != second:
            self._seconds[slot], self._used_s[slot] = second, 0.0
        self._used_s[slot] += used_s
