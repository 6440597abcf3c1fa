"""How often a request is tried, and how long a bus that cannot be opened is left alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from wattledger.fieldbus.backoff import Backoff
from wattledger.fieldbus.errors import AnswerTimeoutError, ConnectionLostError, UnfitAnswerError, UnreachableError
from wattledger.fieldbus.modbus.pdu import Request

FIRST_PAUSE_S = 0.5  # a device that restarts, or an adapter that is plugged in again, is back soon
MOST_PAUSE_S = 30.0

ReceivedT = TypeVar("ReceivedT")


async def tried(ask: Callable[[bool], Awaitable[ReceivedT]], request: Request[object], *, retries: int) -> ReceivedT:
    """What `ask` gives, asked anew after a timeout, a lost connection or an unfit answer, at most `retries` times.

    `ask` is told whether it asks again. What is not repeatable is tried once: nobody knows what became of a write whose
    answer is missing. Raises the error of the last try.
    """
    tries_left = retries if request.is_repeatable else 0
    again = False
    while True:
        try:
            return await ask(again)
        except (AnswerTimeoutError, ConnectionLostError, UnfitAnswerError):
            if tries_left == 0:
                raise
            tries_left -= 1
            again = True


class Reopening:
    """Pauses between tries to open one bus, longer with each failure until something is answered; `place` names it."""

    def __init__(self, place: str, *, clock: Callable[[], float]) -> None:
        self._place = place
        self._clock = clock
        self._backoff = Backoff(first_s=FIRST_PAUSE_S, most_s=MOST_PAUSE_S)
        self._not_before = clock()
        self._failure = ""

    def check(self) -> None:
        """Raises UnreachableError, with the reason of the last failure, while the pause lasts."""
        pause_s = self._not_before - self._clock()
        if pause_s > 0:
            raise UnreachableError(f"{self._place}: {self._failure}; next try in {pause_s:.1f} s")

    def failed(self, reason: str) -> None:
        """It could not be opened, or was of no use: begin a pause."""
        self._failure = reason
        self._not_before = self._clock() + self._backoff.next_s()

    def worked(self) -> None:
        """Something was answered: the next pause is the shortest again."""
        self._backoff.reset()

    def skip_pause(self) -> None:
        """Somebody is waiting for the next try."""
        self._not_before = self._clock()
