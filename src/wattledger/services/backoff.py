"""How long to wait before the next try."""

from __future__ import annotations


class Backoff:
    """Waits that double from `first_s` up to `most_s`, until `reset`."""

    def __init__(self, *, first_s: float, most_s: float) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The wait before this try, in seconds."""
        wait_s = self._next_s
        self._next_s = min(wait_s * 2, self._most_s)
        return wait_s

    def reset(self) -> None:
        """It went well: the next wait is the first again."""
        self._next_s = self._first_s
