"""How often a request is tried, and how long a bus that cannot be opened is left alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from wattledger.fieldbus.backoff import Backoff
from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    ConnectionLostError,
    FieldbusError,
    UnfitAnswerError,
    UnreachableError,
)
from wattledger.fieldbus.modbus.pdu import Request
from wattledger.fieldbus.reasons import Why

FIRST_PAUSE_S = 0.5  # a device that restarts, or an adapter that is plugged in again, is back soon
MOST_PAUSE_S = 30.0

TRY_AGAIN = (AnswerTimeoutError, ConnectionLostError, UnfitAnswerError)  # what another try may mend

ReceivedT = TypeVar("ReceivedT")


async def tried_again(
    ask: Callable[[], Awaitable[ReceivedT]], request: Request[object], failure: FieldbusError, *, retries: int
) -> ReceivedT:
    """What `ask` gives after the first try of `request` ended in `failure`, asked at most `retries` times.

    What is not repeatable was tried once for good: nobody knows what became of a write whose answer is missing. Raises
    the error of the last try.
    """
    for _ in range(retries if request.is_repeatable else 0):
        try:
            return await ask()
        except TRY_AGAIN as error:
            failure = error
    raise failure


class Reopening:
    """Pauses between tries to open one bus, longer with each failure until something is answered; `place` names it."""

    def __init__(self, place: str, *, clock: Callable[[], float]) -> None:
        self._place = place
        self._clock = clock
        self._backoff = Backoff(first_s=FIRST_PAUSE_S, most_s=MOST_PAUSE_S)
        self._not_before = clock()
        self._failure = ""
        self._why = Why.OTHER

    def check(self) -> None:
        """Raises UnreachableError, with the reason of the last failure, while the pause lasts."""
        pause_s = self._not_before - self._clock()
        if pause_s > 0:
            raise UnreachableError(f"{self._place}: {self._failure}; next try in {pause_s:.1f} s", why=self._why)

    def failed(self, reason: str, why: Why) -> None:
        """It could not be opened, or was of no use: begin a pause."""
        self._failure, self._why = reason, why
        self._not_before = self._clock() + self._backoff.next_s()

    def worked(self) -> None:
        """Something was answered: the next pause is the shortest again."""
        self._backoff.reset()

    def skip_pause(self) -> None:
        """Somebody is waiting for the next try."""
        self._not_before = self._clock()
