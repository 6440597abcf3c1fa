"""How late the event loop runs its tasks: the one figure that tells whether timeouts can be believed."""

from __future__ import annotations

import asyncio
from collections import deque

from wattledger.engine.clock import Clock

LOOK_EVERY_S = 0.1
REMEMBERED_S = 60.0


class LoopLag:
    """The worst delay of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._late: deque[tuple[float, float]] = deque()  # monotonic time, delay; delays falling

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            asked = self._clock.monotonic()
            await asyncio.sleep(LOOK_EVERY_S)
            woke = self._clock.monotonic()
            self._note(woke, max(0.0, woke - asked - LOOK_EVERY_S))

    def worst_s(self) -> float:
        """Seconds by which a task ran late, at worst within the last minute."""
        return round(self._late[0][1], 4) if self._late else 0.0

    def _note(self, at: float, delay_s: float) -> None:
        while self._late and self._late[-1][1] <= delay_s:
            self._late.pop()
        self._late.append((at, delay_s))
        while self._late[0][0] < at - REMEMBERED_S:
            self._late.popleft()
