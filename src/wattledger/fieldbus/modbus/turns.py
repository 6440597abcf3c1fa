"""Who may ask now: a link's turns, given in the order in which they were wanted."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """As many turns at once as a link has room for requests.

    A lock of asyncio costs two coroutines per request even where nobody waits, a tenth of the whole request; so a turn
    that is free is taken by a plain call.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_free(self) -> bool:
        """Take a turn if one is free; False: `wait` for it."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Take the next turn that is given back, behind all who wait already."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was ours in the same moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """End a turn; whoever waits longest has it now."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
