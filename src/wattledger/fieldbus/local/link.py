"""The server's inputs as a bus: each terminal is a unit that answers reads of its registers, as a device would."""

from __future__ import annotations

import struct
import time
from collections.abc import Awaitable, Callable

from wattledger.fieldbus.errors import MissingError, RefusedError, UnreachableError
from wattledger.fieldbus.link import Reply
from wattledger.fieldbus.local.board import Terminal
from wattledger.fieldbus.local.measured import Shown, register_image
from wattledger.fieldbus.manners import NO_PAUSES, Manners
from wattledger.fieldbus.modbus.pdu import (
    EXCEPTION_BIT,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    AnswerT,
    ReadRegisters,
    Refusal,
    Request,
    decode_answer,
    exception_name,
)
from wattledger.fieldbus.monitor import FrameMonitor
from wattledger.fieldbus.reasons import Why, why_of
from wattledger.fieldbus.statistics import TrafficStatistics

TIMEOUT_S = 1.0  # a slow converter takes a tenth of a second
USUAL_REFERENCE = {
    Terminal.DIGITAL_1: "PULSECOUNTER",
    Terminal.DIGITAL_2: "PULSECOUNTER",
    Terminal.ANALOG_1: "ANALOG-INPUT",
    Terminal.ANALOG_2: "ANALOG-INPUT",
    Terminal.PT100: "PT100",
}

Ask = Callable[[Terminal, float], Awaitable[tuple[Shown, str | None]]]


class LocalLink:
    """A link whose units are the terminals of this computer.

    `ask` gives what a terminal shows now and the reference of what is wired there (None: nothing), within so many
    seconds, or raises MissingError or TimeoutError. An input that this computer lacks or that cannot be read is
    unreachable, with the reason; a register that it does not have is refused with exception 2, and all but reading
    registers with exception 1.
    """

    def __init__(self, ask: Ask, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self.statistics = TrafficStatistics(clock=clock)
        self.monitor = FrameMonitor()  # stays empty: no frames travel

    @property
    def timeout_s(self) -> float:
        """How long an input may take to be read."""
        return TIMEOUT_S

    @property
    def is_serial(self) -> bool:
        """Whether it is a line on which devices must have the same speed and parity: there is none."""
        return False

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once: an input is read for one at a time."""
        return 1

    def request_cost(self, unit_id: int) -> int:
        """Nothing travels, so a request costs as much as one register."""
        del unit_id
        return 1

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read takes: next to nothing, whatever it asks for."""
        del unit_id, registers
        return 0.0

    def retry_now(self) -> None:
        """Nothing: there is never a pause."""

    async def request(
        self,
        unit_id: int,
        request: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        retries: int | None = None,
        manners: Manners = NO_PAUSES,
    ) -> Reply[AnswerT]:
        """Ask terminal `unit_id`, once and without pauses. Raises UnreachableError or RefusedError."""
        del retries, manners
        asked_at = self._clock()
        use = self.statistics.begin(unit_id, again=False)
        try:
            shown, reference = await self._ask(Terminal(unit_id), timeout_s or TIMEOUT_S)
        except ValueError:
            raise UnreachableError(f"there is no terminal {unit_id}", why=Why.INPUT_MISSING) from None
        except MissingError as error:
            raise UnreachableError(str(error), why=why_of(error)) from error
        except TimeoutError:
            self.statistics.timed_out(unit_id)
            text = f"terminal {unit_id} cannot be read: its file does not answer"
            raise UnreachableError(text, why=Why.INPUT_MISSING) from None
        finally:
            self.statistics.end(use)
        received_at = self._clock()
        registers = register_image(shown, reference or USUAL_REFERENCE[Terminal(unit_id)])
        answer = decode_answer(request, _answer(request.function, request, registers))
        code = answer.code if isinstance(answer, Refusal) else None
        self.statistics.answered(unit_id, response_s=received_at - asked_at, exception=code)
        if isinstance(answer, Refusal):
            raise RefusedError(f"terminal {unit_id}: {request}: {exception_name(answer.code)}", code=answer.code)
        return Reply(answer, received_at)

    async def close(self) -> None:
        """Nothing is open between requests."""


def _answer(function: int, request: object, registers: dict[int, int]) -> bytes:
    """The PDU that a device would answer, so that it is judged and decoded as one."""
    if not isinstance(request, ReadRegisters):
        return bytes((function | EXCEPTION_BIT, ILLEGAL_FUNCTION))
    words = [registers.get(request.address + place) for place in range(request.count)]
    known = [word for word in words if word is not None]
    if len(known) < request.count:
        return bytes((function | EXCEPTION_BIT, ILLEGAL_ADDRESS))
    return struct.pack(f">BB{request.count}H", function, 2 * request.count, *known)
