"""A Modbus RTU bus: one serial line on which all its units take turns."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

from wattledger.fieldbus.costs import LineCosts
from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    DoubledUnitError,
    FieldbusError,
    OutOfStepError,
    RefusedError,
    RequestError,
    UnreachableError,
)
from wattledger.fieldbus.link import Reply
from wattledger.fieldbus.manners import NO_PAUSES, Manners, Pacing
from wattledger.fieldbus.modbus.connection import Received
from wattledger.fieldbus.modbus.doubles import MOST_LISTENING_S, Doubles
from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import AnswerT, ReadRegisters, Refusal, Request, exception_name
from wattledger.fieldbus.modbus.rtu import RtuFramer
from wattledger.fieldbus.modbus.rtu_line import BROADCAST_UNIT_ID, LineEvents, PortOpener, RtuLine
from wattledger.fieldbus.modbus.serial_port import open_serial_port
from wattledger.fieldbus.modbus.serial_settings import Parity, SerialSettings
from wattledger.fieldbus.modbus.tcp import Fault
from wattledger.fieldbus.modbus.tries import TRY_AGAIN, Reopening, tried_again
from wattledger.fieldbus.monitor import FrameMonitor
from wattledger.fieldbus.reasons import why_not_opened, why_of
from wattledger.fieldbus.statistics import TrafficStatistics

LOOK_AGAIN_S = 0.05  # while a question waits for a late answer to come or to expire; a fraction of any timeout
MOST_UNIT_ID = 255  # the standard ends at 247; some meters use the reserved numbers nevertheless
WRITES = frozenset({0x05, 0x06, 0x0F, 0x10})  # functions that may be broadcast


class RtuLink:
    """One serial line on which requests take turns, in the order in which they were asked.

    The port is opened when a request needs it. When it cannot be, or an adapter is unplugged, there is a pause, longer
    each time, in which requests fail at once with the reason. `retries` are further tries of repeatable requests after
    a timeout, a lost port or an unfit answer; each waits for its turn anew, so a silent unit delays another's request
    by one try. Whatever is asked after a timeout, a late answer never becomes its value (see `owed_answers`); where
    that takes a probe, the probe counts as a request and a retry in the statistics. A unit of which it is not known
    that it answers once is listened to after its answer, for one timeout but at most `listens_s` (see `doubles`).
    `monitor` keeps the last frames. Times are monotonic.
    """

    def __init__(
        self,
        settings: SerialSettings,
        *,
        timeout_s: float,
        retries: int = 0,
        listens_s: float = MOST_LISTENING_S,
        statistics: TrafficStatistics | None = None,
        monitor: FrameMonitor | None = None,
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
        self._doubles: defaultdict[tuple[int, Parity], Doubles] = defaultdict(partial(Doubles, most_s=listens_s))
        self._line: RtuLine | None = None
        self._reopening = Reopening(settings.port, clock=clock)
        self._pacing = Pacing(clock=clock)
        self._costs = LineCosts(settings)
        self._closed = False
        self.statistics = statistics or TrafficStatistics(clock=clock)
        self.monitor = monitor or FrameMonitor()

    @property
    def timeout_s(self) -> float:
        """How long an answer may take to begin where the device has no longer time of its own."""
        return self._timeout_s

    @property
    def is_serial(self) -> bool:
        """Whether it is a line on which devices must have the same speed and parity: it is."""
        return True

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once: on a line it is one."""
        return 1

    def request_cost(self, unit_id: int) -> int:
        """What one more request to this unit costs, in registers that could be read along in the same time."""
        return self._costs.cost(unit_id)

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read of so many registers of this unit takes, as far as known."""
        return self._costs.expected_s(unit_id, registers)

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
        manners: Manners = NO_PAUSES,
        settings: SerialSettings | None = None,
    ) -> Reply[AnswerT]:
        """Ask `unit_id`, after the pauses that its manners want, and give its answer.

        Raises UnreachableError, ConnectionLostError, AnswerTimeoutError, RefusedError or UnfitAnswerError of the last
        try, DoubledUnitError at once, and ValueError for a unit that cannot answer. May be cancelled at any time; the
        answer that then comes late is never taken for another request's. With `settings` of the same port the line is
        set so for this request; the next one without sets it back.
        """
        if not 0 < unit_id <= MOST_UNIT_ID:
            raise ValueError(f"unit {unit_id} cannot answer; 1 to {MOST_UNIT_ID}")
        question = Question(unit_id, request, timeout_s or self._timeout_s)
        set_so = settings or self.settings
        try:
            received = await self._take_turn(question, manners, set_so, again=False)
        except TRY_AGAIN as failure:
            received = await tried_again(
                lambda: self._take_turn(question, manners, set_so, again=True),
                request,
                failure,
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
            with self._use(BROADCAST_UNIT_ID, again=False):
                await line.broadcast(pdu)

    async def close(self) -> None:
        """Release the port for good; requests under way or waiting fail."""
        self._closed = True
        if self._line is not None:
            self._line.close()
        async with self._turn:
            pass

    async def _take_turn(
        self, question: Question, manners: Manners, settings: SerialSettings, *, again: bool
    ) -> Received:
        while True:
            async with self._turn:
                line = self._line_set(settings)
                now = self._clock()
                wait_s = self._owed(settings).free_at(question, now=now) - now
                if wait_s <= 0:
                    await self._get_in_step(line, question, manners)
                    return await self._exchange(line, question, manners, again=again)
            # Not in our turn: other units, and other shapes, need not wait. The answer we wait for may come before.
            await asyncio.sleep(min(wait_s, LOOK_AGAIN_S))

    def _owed(self, settings: SerialSettings) -> OwedAnswers:
        return self._ledgers[settings.baudrate, settings.parity]

    def _doubles_on(self, settings: SerialSettings) -> Doubles:
        return self._doubles[settings.baudrate, settings.parity]

    async def _get_in_step(self, line: RtuLine, question: Question, manners: Manners) -> None:
        """Make sure that no answer the unit still owes can pass for the one to `question`.

        Raises AnswerTimeoutError or UnfitAnswerError when the unit gave no answer that shows it.
        """
        owed = self._owed(line.settings)
        while owed.needs_probe(question, now=self._clock()):
            try:
                await self._exchange(line, owed.probe(question, now=self._clock()), manners, again=True)
            except RequestError:
                # The late answer itself may have come meanwhile, or an exception that settled it.
                if owed.needs_probe(question, now=self._clock()):
                    raise

    async def _exchange(self, line: RtuLine, question: Question, manners: Manners, *, again: bool) -> Received:
        doubles, unit_id = self._doubles_on(line.settings), question.unit_id
        await self._pacing.keep(manners, ended_at=self.statistics.ended_at)

        def is_doubled() -> bool:
            return doubles.has_answered_again(unit_id, since=line.sent_at)

        failure: FieldbusError | None = None
        try:
            with self._use(unit_id, again=again):
                received = await self._answer(line, question)
                await self._listen(line, question, is_doubled)
        except TRY_AGAIN as error:
            failure = error
        if is_doubled():
            raise DoubledUnitError(f"{self._place(question)}: two devices answer at address {unit_id}") from failure
        if failure is not None:
            raise failure
        return received

    async def _answer(self, line: RtuLine, question: Question) -> Received:
        owed, unit_id = self._owed(line.settings), question.unit_id
        taken = owed.taken_of(unit_id)
        try:
            received = await line.exchange(question)
        except TRY_AGAIN as error:
            kind = type(error)
            if isinstance(error, AnswerTimeoutError):
                self.statistics.timed_out(unit_id)
                self._doubles_on(line.settings).silent(unit_id, now=self._clock())
                kind = OutOfStepError if owed.taken_of(unit_id) > taken else kind
            if line.answers == 0 and not line.is_open:
                # a port that opens and fails is as good as none: do not storm it
                self._reopening.failed(str(error), why_of(error))
            raise kind(f"{self._place(question)}: {error}") from error
        self._reopening.worked()
        self._doubles_on(line.settings).heard(unit_id, now=received.at)
        answer = received.accepted.answer
        code = answer.code if isinstance(answer, Refusal) else None
        response_s = received.at - received.sent_at
        self.statistics.answered(unit_id, response_s=response_s, exception=code)
        if code is None and isinstance(question.request, ReadRegisters) and line.settings == self.settings:
            self._costs.learn(unit_id, registers=question.request.count, response_s=response_s)
        return received

    async def _listen(self, line: RtuLine, question: Question, is_doubled: Callable[[], bool]) -> None:
        """Wait until it is known whether a second answer follows; a unit that is trusted is not listened to."""
        doubles, owed, unit_id = self._doubles_on(line.settings), self._owed(line.settings), question.unit_id
        listening_s = doubles.listening_s(unit_id, timeout_s=question.timeout_s, now=self._clock())
        if not listening_s:
            return
        taken = owed.taken_of(unit_id)
        try:
            await line.listen(listening_s, until=lambda: is_doubled() or owed.taken_of(unit_id) > taken)
        except TRY_AGAIN as error:
            raise type(error)(f"{self._place(question)}: {error}") from error
        if owed.taken_of(unit_id) > taken:  # an earlier request's, or a second one: nobody can tell
            raise OutOfStepError(f"{self._place(question)}: behind the answer came one that was owed")
        if not is_doubled():
            doubles.trust(unit_id, now=self._clock())

    @contextmanager
    def _use(self, unit_id: int, *, again: bool) -> Iterator[None]:
        """The line is used for one exchange, from the silence before it to its end."""
        use = self.statistics.begin(unit_id, again=again)
        try:
            yield
        finally:
            self.statistics.end(use)

    def _line_set(self, settings: SerialSettings) -> RtuLine:
        """The open line, set as `settings` say."""
        if self._closed:
            raise UnreachableError(f"{settings.port}: the bus was closed")
        was_open = self._line is not None and self._line.is_open
        if self._line is not None and was_open:
            if self._line.settings == settings:
                return self._line
            self._line.close(f"the port is set to {settings}")
        self._reopening.check()
        self._line = self._opened(settings)
        self._pacing.opened()
        if not was_open:
            self._doubles.clear()  # while it was gone, anything may have been done on the line
            self.statistics.connected()
        return self._line

    def _opened(self, settings: SerialSettings) -> RtuLine:
        try:
            return RtuLine(
                settings,
                framer=RtuFramer(self._owed(settings), echo=settings.echo),
                clock=self._clock,
                monitor=self.monitor,
                events=LineEvents(
                    rejected=partial(self._note_rejected, settings), lost=self.statistics.connection_lost
                ),
                open_port=self._open_port,
            )
        except OSError as error:
            reason, why = error.strerror or str(error), why_not_opened(error)
            self._reopening.failed(reason, why)
            self.monitor.lost(reason)
            raise UnreachableError(f"{settings.port}: {reason}", why=why) from error

    def _note_rejected(self, settings: SerialSettings, unit_id: int | None, fault: Fault) -> None:
        self.statistics.rejected(unit_id, crc_error=fault is Fault.BROKEN)
        if unit_id is not None and fault is Fault.EXTRA:
            self._doubles_on(settings).answered_again(unit_id, now=self._clock())
        elif unit_id is not None and fault is Fault.UNFIT:
            self._doubles_on(settings).doubt(unit_id)

    def _place(self, question: Question) -> str:
        return f"{self.settings.port} unit {question.unit_id}: {question.request}"
