"""Growing pauses between tries."""

from __future__ import annotations


class Backoff:
    """Pauses that double with each failure, from `first_s` to at most `most_s`."""

    def __init__(self, *, first_s: float, most_s: float) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The pause after one more failure."""
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, self._most_s)
        return pause_s

    def reset(self) -> None:
        """A success: the next pause is the shortest again."""
        self._next_s = self._first_s
