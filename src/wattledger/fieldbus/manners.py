"""Pauses that a device wants of everybody who asks it, and how a link keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from wattledger.catalog import Limits


@dataclass(frozen=True, slots=True)
class Manners:
    """How a device wants to be asked: a pause after the last answer on its link, and one after a connection is made."""

    gap_s: float = 0.0
    connect_pause_s: float = 0.0

    @classmethod
    def of(cls, limits: Limits) -> Manners:
        """Those of a profile; `NO_PAUSES` itself where it wants none, so that links need not look into them."""
        if not limits.gap_ms and not limits.connect_pause_ms:
            return NO_PAUSES
        return cls(limits.gap_ms / 1000, limits.connect_pause_ms / 1000)


NO_PAUSES = Manners()


class Pacing:
    """Keeps the pauses of one link; times are those of its monotonic clock."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opened_at = float("-inf")

    def opened(self) -> None:
        """A connection was made, or a port opened, just now."""
        self._opened_at = self._clock()

    async def keep(self, manners: Manners, *, ended_at: float) -> None:
        """Wait until a device with these manners may be asked; the last exchange of the link ended at `ended_at`."""
        due_at = max(ended_at + manners.gap_s, self._opened_at + manners.connect_pause_s)
        wait_s = due_at - self._clock()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
