"""Paces commits: each costs the card some twenty kilobytes, however little is written in it."""

from __future__ import annotations

import asyncio

# A line of 31 meters answers a slot for twelve seconds, device by device, and a slow one for a minute: a commit for
# each frame writes 260 MB a day. What waits goes with the power, so that this is no longer than it must be.
MOST_WAITING_S = 8.0
QUIET_S = 1.0  # when nothing comes for so long, it is likely that all has come


class Gathering:
    """When what came is to be written: once no more comes, but at most 8 s after the first of it; and never more often.

    All times are those by which the running loop wakes.
    """

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._last_s = self._committed_s = float("-inf")

    def came(self, at_s: float) -> None:
        """Something came that is to be written."""
        self._first_s = at_s if self._first_s is None else self._first_s
        self._last_s = at_s

    def due_s(self) -> float:
        """When what came is to be written, if no more comes."""
        complete_s = self._last_s + QUIET_S
        if self._first_s is not None:
            complete_s = min(complete_s, self._first_s + MOST_WAITING_S)
        return max(complete_s, self._committed_s + MOST_WAITING_S)

    def committed(self, at_s: float) -> None:
        """What came so far was taken to be written."""
        self._first_s, self._committed_s = None, at_s

    async def complete(self) -> None:
        """Wait until what came is to be written, and take it that it is."""
        now_s = monotonic_s()
        while now_s < self.due_s():
            await asyncio.sleep(self.due_s() - now_s)
            now_s = monotonic_s()
        self.committed(now_s)


def monotonic_s() -> float:
    """The time by which the running loop wakes."""
    return asyncio.get_running_loop().time()
