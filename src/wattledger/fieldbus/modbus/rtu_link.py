"""A Modbus RTU bus: one serial line on which all its units take turns."""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable
from typing import cast

from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    ConnectionLostError,
    OutOfStepError,
    RefusedError,
    RequestError,
    UnfitAnswerError,
    UnreachableError,
)
from wattledger.fieldbus.link import Reply
from wattledger.fieldbus.modbus.connection import Received
from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import AnswerT, Refusal, Request, exception_name
from wattledger.fieldbus.modbus.rtu import RtuFramer
from wattledger.fieldbus.modbus.rtu_line import LineEvents, PortOpener, RtuLine
from wattledger.fieldbus.modbus.serial_port import open_serial_port
from wattledger.fieldbus.modbus.serial_settings import Parity, SerialSettings
from wattledger.fieldbus.modbus.tries import Reopening, tried
from wattledger.fieldbus.statistics import TrafficStatistics

LOOK_AGAIN_S = 0.05  # while a question waits for a late answer to come or to expire; a fraction of any timeout
MOST_UNIT_ID = 255  # the standard ends at 247; some meters use the reserved numbers nevertheless
BROADCAST_UNIT_ID = 0
WRITES = frozenset({0x05, 0x06, 0x0F, 0x10})  # functions that may be broadcast

# What a request costs beside its registers, for planning: 8 characters of request, 5 around the registers of its
# answer, a silence before each, and the time that a usual meter takes to answer.
FRAME_CHARACTERS = 13
METER_S = 0.010
CHARACTERS_A_REGISTER = 2


class RtuLink:
    """One serial line on which requests take turns, in the order in which they were asked.

    The port is opened when a request needs it. When it cannot be, or an adapter is unplugged, there is a pause, longer
    each time, in which requests fail at once with the reason. `retries` are further tries of repeatable requests after
    a timeout, a lost port or an unfit answer; each waits for its turn anew, so a silent unit delays another's request
    by one try. Whatever is asked after a timeout, a late answer never becomes its value (see `owed_answers`); where
    that takes a probe, the probe counts as a request and a retry in the statistics. Times are monotonic.
    """

    def __init__(
        self,
        settings: SerialSettings,
        *,
        timeout_s: float,
        retries: int = 0,
        statistics: TrafficStatistics | None = None,
        clock: Callable[[], float] = time.monotonic,
        open_port: PortOpener = open_serial_port,
    ) -> None:
        self.settings = settings
        self._timeout_s = timeout_s
        self._retries = retries
        self._clock = clock
        self._open_port = open_port
        self._turn = asyncio.Lock()
        self._ledgers: defaultdict[tuple[int, Parity], OwedAnswers] = defaultdict(OwedAnswers)
        self._line: RtuLine | None = None
        self._reopening = Reopening(settings.port, clock=clock)
        self._closed = False
        self.statistics = statistics or TrafficStatistics()

    @property
    def timeout_s(self) -> float:
        """How long an answer may take to begin where the device has no longer time of its own."""
        return self._timeout_s

    @property
    def request_cost(self) -> int:
        """What one more request costs, in registers that could be read along in the same time."""
        settings = self.settings
        request_s = FRAME_CHARACTERS * settings.character_s + 2 * settings.silence_s + METER_S
        return math.ceil(request_s / (CHARACTERS_A_REGISTER * settings.character_s))

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""
        return self._line is not None and self._line.is_open

    def retry_now(self) -> None:
        """Forget the pause after the port could not be opened: somebody is waiting for the next try."""
        self._reopening.skip_pause()

    async def request(
        self,
        unit_id: int,
        request: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        retries: int | None = None,
        settings: SerialSettings | None = None,
    ) -> Reply[AnswerT]:
        """Ask `unit_id` and give its answer.

        Raises UnreachableError, ConnectionLostError, AnswerTimeoutError, RefusedError or UnfitAnswerError of the last
        try, ValueError for a unit that cannot answer. May be cancelled at any time; the answer that then comes late is
        never taken for another request's. With `settings` of the same port the line is set so for this request; the
        next one without sets it back.
        """
        if not 0 < unit_id <= MOST_UNIT_ID:
            raise ValueError(f"unit {unit_id} cannot answer; 1 to {MOST_UNIT_ID}")
        question = Question(unit_id, request, timeout_s or self._timeout_s)
        received = await tried(
            lambda again: self._take_turn(question, settings or self.settings, again=again),
            request,
            retries=self._retries if retries is None else retries,
        )
        answer = received.accepted.answer
        if isinstance(answer, Refusal):
            raise RefusedError(f"{self._place(question)}: {exception_name(answer.code)}", code=answer.code)
        return Reply(cast("AnswerT", answer), received.at)  # the request itself decoded it

    async def broadcast(self, pdu: bytes) -> None:
        """Send a write to all units at once; nobody answers, so whether it was heard must be read back.

        Raises UnreachableError or ConnectionLostError, ValueError when `pdu` is no write.
        """
        if pdu[:1] == b"" or pdu[0] not in WRITES:
            raise ValueError("only writes can be sent to all units")
        async with self._turn:
            line = self._line_set(self.settings)
            self.statistics.requested(BROADCAST_UNIT_ID, again=False)
            await line.broadcast(pdu)

    async def close(self) -> None:
        """Release the port for good; requests under way or waiting fail."""
        self._closed = True
        if self._line is not None:
            self._line.close()
        async with self._turn:
            pass

    async def _take_turn(self, question: Question, settings: SerialSettings, *, again: bool) -> Received:
        while True:
            async with self._turn:
                line = self._line_set(settings)
                now = self._clock()
                wait_s = self._owed(settings).free_at(question, now=now) - now
                if wait_s <= 0:
                    await self._get_in_step(line, question)
                    return await self._exchange(line, question, again=again)
            # Not in our turn: other units, and other shapes, need not wait. The answer we wait for may come before.
            await asyncio.sleep(min(wait_s, LOOK_AGAIN_S))

    def _owed(self, settings: SerialSettings) -> OwedAnswers:
        return self._ledgers[settings.baudrate, settings.parity]

    async def _get_in_step(self, line: RtuLine, question: Question) -> None:
        """Make sure that no answer the unit still owes can pass for the one to `question`.

        Raises AnswerTimeoutError or UnfitAnswerError when the unit gave no answer that shows it.
        """
        owed = self._owed(line.settings)
        while owed.needs_probe(question, now=self._clock()):
            try:
                await self._exchange(line, owed.probe(question, now=self._clock()), again=True)
            except RequestError:
                # The late answer itself may have come meanwhile, or an exception that settled it.
                if owed.needs_probe(question, now=self._clock()):
                    raise

    async def _exchange(self, line: RtuLine, question: Question, *, again: bool) -> Received:
        owed, unit_id = self._owed(line.settings), question.unit_id
        self.statistics.requested(unit_id, again=again)
        asked_at, taken = self._clock(), owed.taken_of(unit_id)
        try:
            received = await line.exchange(question)
        except (AnswerTimeoutError, ConnectionLostError, UnfitAnswerError) as error:
            kind = type(error)
            if isinstance(error, AnswerTimeoutError):
                self.statistics.timed_out(unit_id)
                kind = OutOfStepError if owed.taken_of(unit_id) > taken else kind
            if line.answers == 0 and not line.is_open:
                self._reopening.failed(str(error))  # a port that opens and fails is as good as none: do not storm it
            raise kind(f"{self._place(question)}: {error}") from error
        self._reopening.worked()
        answer = received.accepted.answer
        code = answer.code if isinstance(answer, Refusal) else None
        self.statistics.answered(unit_id, response_s=received.at - asked_at, exception=code)
        return received

    def _line_set(self, settings: SerialSettings) -> RtuLine:
        """The open line, set as `settings` say."""
        if self._closed:
            raise UnreachableError(f"{settings.port}: the bus was closed")
        was_open = self._line is not None and self._line.is_open
        if self._line is not None and was_open:
            if self._line.settings == settings:
                return self._line
            self._line.close()
        self._reopening.check()
        self._line = self._opened(settings)
        if not was_open:
            self.statistics.connected()
        return self._line

    def _opened(self, settings: SerialSettings) -> RtuLine:
        try:
            return RtuLine(
                settings,
                framer=RtuFramer(self._owed(settings), echo=settings.echo),
                clock=self._clock,
                events=LineEvents(rejected=self.statistics.rejected, lost=self.statistics.connection_lost),
                open_port=self._open_port,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            self._reopening.failed(reason)
            raise UnreachableError(f"{settings.port}: {reason}") from error

    def _place(self, question: Question) -> str:
        return f"{self.settings.port} unit {question.unit_id}: {question.request}"
