"""What reading and identifying need of a link, whatever carries it: TCP now, serial lines and TLS beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from wattledger.fieldbus.modbus.pdu import AnswerT, Request

ReplyT = TypeVar("ReplyT")


@dataclass(frozen=True, slots=True)
class Reply(Generic[ReplyT]):
    """A fitting answer and when it was whole, on the monotonic clock of the link."""

    answer: ReplyT
    received_at: float


class Link(Protocol):
    """A bus on which requests take turns."""

    @property
    def timeout_s(self) -> float:
        """How long an answer may take where the device has no longer time of its own."""

    @property
    def request_cost(self) -> int:
        """What one more request costs, in registers that could be read along in the same time."""

    def retry_now(self) -> None:
        """Forget the pause after a failed connection: somebody is waiting for the next try."""

    async def request(
        self,
        unit_id: int,
        request: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        retries: int | None = None,
    ) -> Reply[AnswerT]:
        """Ask `unit_id` and give its answer; `retries` None: as many further tries as the bus makes.

        Raises UnreachableError, ConnectionLostError, AnswerTimeoutError, RefusedError or UnfitAnswerError.
        """
