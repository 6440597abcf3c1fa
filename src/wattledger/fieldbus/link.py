"""What reading and identifying need of a link, whatever carries it: TCP now, serial lines and TLS beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from wattledger.fieldbus.manners import NO_PAUSES, Manners
from wattledger.fieldbus.modbus.pdu import AnswerT, Request

ReplyT = TypeVar("ReplyT")


@dataclass(slots=True)  # one for each request, and frozen it would take three times as long to make
class Reply(Generic[ReplyT]):
    """A fitting answer and when it was whole, on the monotonic clock of the link; nobody changes it."""

    answer: ReplyT
    received_at: float


class Wire(Protocol):
    """A bus on which single questions can be asked, were it only for a trial."""

    @property
    def timeout_s(self) -> float:
        """How long an answer may take where the device has no longer time of its own."""

    def retry_now(self) -> None:
        """Forget the pause after a failed connection: somebody is waiting for the next try."""

    async def request(
        self,
        unit_id: int,
        request: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        retries: int | None = None,
        manners: Manners = NO_PAUSES,
    ) -> Reply[AnswerT]:
        """Ask `unit_id`, after the pauses that its manners want, and give its answer.

        `retries` None: as many further tries as the bus makes. Raises UnreachableError, ConnectionLostError,
        AnswerTimeoutError, RefusedError or UnfitAnswerError.
        """


class Link(Wire, Protocol):
    """A bus on which requests take turns."""

    @property
    def is_serial(self) -> bool:
        """Whether it is a line on which devices must have the same speed and parity, and each its own address."""

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once."""

    def request_cost(self, unit_id: int) -> int:
        """What one more request to this unit costs, in registers that could be read along in the same time."""

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read of so many registers of this unit takes, as far as known."""
