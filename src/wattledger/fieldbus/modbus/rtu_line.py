"""One open serial line: keeps the silences, sends a request, waits for its verdict, and says why when none came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wattledger.fieldbus.errors import AnswerTimeoutError, ConnectionLostError, FieldbusError, UnfitAnswerError
from wattledger.fieldbus.modbus.connection import Outcome, Received
from wattledger.fieldbus.modbus.owed_answers import Question
from wattledger.fieldbus.modbus.pdu import Refusal, Request
from wattledger.fieldbus.modbus.rtu import (
    MOST_FRAME_BYTES,
    MOST_NOISE_BYTES,
    USUAL_BYTES,
    RtuFramer,
    answer_bytes,
    frame,
)
from wattledger.fieldbus.modbus.serial_settings import SerialSettings
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Fault, Rejected
from wattledger.fieldbus.monitor import FrameMonitor

# An adapter hands over what it received in pieces, usual ones every 16 ms, so 3.5 characters without a byte from it do
# not mean that the line was silent. They suffice after a good answer, which has an end of its own; where we do not know
# what is on the line, the silence must be longer than the adapter's pauses.
ADAPTER_S = 0.03
UNIT_AND_CRC_BYTES = 3
MOST_UNREST_S = 1.0  # a line that is not silent for so long has a fault; waiting on would only hide it
BROADCAST_UNIT_ID = 0
BROADCAST_TURNAROUND_S = 0.1  # nobody answers a broadcast, all need time for it; Modbus over Serial Line V1.02, 2.4.1


class Port(Protocol):
    """An open serial port, or what stands for one."""

    def write(self, data: bytes) -> None:
        """Send `data` in the background; when that fails the port is lost."""

    def read_now(self) -> None:
        """Hand over what has arrived, without waiting."""

    def close(self) -> None:
        """Release the port; nothing is handed over any more."""


class PortOwner(Protocol):
    """Who uses a port."""

    def received(self, data: bytes) -> None:
        """Called with what arrives."""

    def lost(self, reason: str) -> None:
        """Called once when the port is gone; the owner closes it."""


class PortOpener(Protocol):
    """Opens serial ports."""

    def __call__(self, settings: SerialSettings, owner: PortOwner) -> Port:
        """An open port; raises OSError with the reason when there is none."""


@dataclass(frozen=True, slots=True)
class LineEvents:
    """Who is told what happens beside the answers.

    `rejected` is told the unit that was asked, or that of an extra answer; None when nobody waited for what came.
    """

    rejected: Callable[[int | None, Fault], None]
    lost: Callable[[], None]


class RtuLine:
    """A line from its opening to its end; it is never opened again."""

    def __init__(
        self,
        settings: SerialSettings,
        *,
        framer: RtuFramer,
        clock: Callable[[], float],
        monitor: FrameMonitor,
        events: LineEvents,
        open_port: PortOpener,
    ) -> None:
        self.settings = settings
        self._framer = framer
        self._clock = clock
        self._monitor = monitor
        self._events = events
        self._unit_id: int | None = None
        self.sent_at = clock()  # the last request; before the first, when the line was opened
        self._outcome: Outcome | None = None
        self._waker: asyncio.Future[None] | None = None
        self._end: str | None = None
        self._busy_until = clock()  # as far as known: our own frame, or the last byte heard
        self._is_calm = False  # whether we know what was last on the line
        self.answers = 0
        self._port = open_port(settings, self)
        monitor.connected()

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._end is None

    async def exchange(self, question: Question) -> Received:
        """Send the question's request and wait for its answer; the caller lets one exchange run at a time.

        The timeout counts from the end of the request to the beginning of the answer; the wire's own time is added.
        Raises ConnectionLostError, AnswerTimeoutError or UnfitAnswerError. When cancelled, the answer still on its
        way is dropped when it comes.
        """
        await self._until_silent()
        airtime_s = self._airtime_s(_bytes_of_exchange(question.request))
        now = self._clock()
        sent = self._framer.ask(question, now=now, airtime_s=airtime_s)
        self._expect_answer_of(question.unit_id)
        try:
            self._send(question.unit_id, sent, now)
            await self._hear(now + airtime_s + question.timeout_s, lambda: self._outcome is not None)
            outcome = self._outcome or self._judge_silence(question.timeout_s)
        finally:
            self._framer.forget(question, now=self._clock())
            self._unit_id = self._outcome = None
        if isinstance(outcome, FieldbusError):
            raise outcome
        self._is_calm = not self._framer.holds_part
        return outcome

    async def listen(self, time_s: float, *, until: Callable[[], bool]) -> None:
        """Leave the line silent for so long after what was heard last, or `until` enough is known.

        Raises ConnectionLostError, and UnfitAnswerError when something came that is no frame.
        """
        await self._hear(self._busy_until + time_s, lambda: until() or not self.is_open)
        self._raise_if_lost()
        rest = self._framer.drop()
        if rest is not None:
            self._note(rest, None)
            if len(rest.frame) > MOST_NOISE_BYTES and not until():
                raise UnfitAnswerError(f"behind the answer came {rest.reason}")

    async def broadcast(self, pdu: bytes) -> None:
        """Send `pdu` to every unit and leave them the time to act on it; raises ConnectionLostError."""
        await self._until_silent()
        self._send(BROADCAST_UNIT_ID, frame(BROADCAST_UNIT_ID, pdu), self._clock())
        await asyncio.sleep(self._busy_until + BROADCAST_TURNAROUND_S - self._clock())
        self._raise_if_lost()

    def close(self, reason: str = "the line was closed") -> None:
        """Release the port; a request under way fails as lost."""
        self._finish(reason)

    def received(self, data: bytes) -> None:
        """Called by the port."""
        now = self._clock()
        self._busy_until = max(self._busy_until, now)
        if self._unit_id is None:
            self._is_calm = False
        for verdict in self._framer.receive(data):
            if isinstance(verdict, Accepted):
                self.answers += 1
                is_exception = isinstance(verdict.answer, Refusal)
                self._monitor.answered(verdict.frame[0], verdict.frame, is_exception=is_exception)
                self._settle(Received(verdict, self.sent_at, now))
            elif verdict.consequence is Consequence.GIVE_UP:
                self._note(verdict, self._unit_id)
                self._settle(UnfitAnswerError(verdict.reason))
            else:
                self._note(verdict, None)
        self._wake()

    def lost(self, reason: str) -> None:
        """Called by the port."""
        if self.is_open:
            self._finish(f"connection lost: {reason}")
            self._events.lost()

    async def _until_silent(self) -> None:
        """Wait until the line has been silent for long enough, then drop what came on it unasked."""
        silence_s = self.settings.silence_s + (0.0 if self._is_calm else ADAPTER_S)
        give_up_at = self._clock() + silence_s + self._airtime_s(MOST_FRAME_BYTES) + MOST_UNREST_S
        while True:
            self._raise_if_lost()
            self._port.read_now()
            wait_s = self._busy_until + silence_s - self._clock()
            if wait_s <= 0:
                break
            if self._clock() > give_up_at:
                raise UnfitAnswerError("the line is never silent; look for a device that speaks unasked, or for noise")
            await asyncio.sleep(wait_s)
        self._raise_if_lost()
        noise = self._framer.drop()
        if noise is not None:
            self._note(noise, None)

    def _expect_answer_of(self, unit_id: int) -> None:
        self._unit_id, self._outcome, self._is_calm = unit_id, None, False

    def _send(self, unit_id: int, data: bytes, now: float) -> None:
        self._raise_if_lost()
        self.sent_at = now
        self._busy_until = now + self._airtime_s(len(data))
        self._monitor.requested(unit_id, data)
        self._port.write(data)

    async def _hear(self, deadline: float, is_over: Callable[[], bool]) -> None:
        """Wait until it is over, or until the deadline has passed and nothing is just coming in.

        An expired timer is no proof of silence: while the loop was busy the answer may have come, so the port is read
        once more before judging.
        """
        patience_end = deadline + self._airtime_s(MOST_FRAME_BYTES)
        while not is_over():
            wait_s = min(self._judge_at(deadline), patience_end) - self._clock()
            if wait_s > 0:
                await self._sleep(wait_s)
                continue
            busy_until = self._busy_until
            self._port.read_now()
            if self._busy_until == busy_until or self._clock() >= patience_end:
                return

    def _judge_at(self, deadline: float) -> float:
        calm_at = self._busy_until + self.settings.silence_s + ADAPTER_S
        if self._framer.is_overfull:
            return calm_at
        return max(deadline, calm_at) if self._framer.holds_part else deadline

    def _judge_silence(self, timeout_s: float) -> FieldbusError:
        reason = self._framer.why_no_answer()
        rest = self._framer.drop()
        silence = f"no answer within {timeout_s:g} s"
        if rest is not None:
            self._note(rest, self._unit_id)
        elif self._unit_id is not None:
            self._monitor.timed_out(self._unit_id, reason or silence)
        return UnfitAnswerError(reason) if reason else AnswerTimeoutError(silence)

    def _note(self, rejected: Rejected, asked_unit: int | None) -> None:
        is_extra = rejected.fault is Fault.EXTRA
        self._events.rejected(rejected.frame[0] if is_extra else asked_unit, rejected.fault)
        if rejected.fault is Fault.LATE:
            self._monitor.came_late(rejected.frame[0], rejected.frame, rejected.reason)
        else:
            unit_id = rejected.frame[0] if rejected.consequence is Consequence.WAIT else asked_unit
            self._monitor.rejected(unit_id, rejected.frame, rejected.reason)

    async def _sleep(self, wait_s: float) -> None:
        """Wait for so long or until something happens on the port."""
        loop = asyncio.get_running_loop()
        self._waker = loop.create_future()
        timer = loop.call_later(wait_s, self._wake)
        try:
            await self._waker
        finally:
            timer.cancel()
            self._waker = None

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    def _settle(self, outcome: Outcome) -> None:
        if self._unit_id is not None and self._outcome is None:
            self._outcome = outcome
            self._wake()

    def _finish(self, reason: str) -> None:
        if self._end is None:
            self._end = reason
            self._port.close()
            self._monitor.lost(reason)
            self._settle(ConnectionLostError(reason))
            self._wake()

    def _raise_if_lost(self) -> None:
        if self._end is not None:
            raise ConnectionLostError(self._end)

    def _airtime_s(self, count: int) -> float:
        return count * self.settings.character_s


def _bytes_of_exchange(request: Request[object]) -> int:
    return len(request.encode()) + UNIT_AND_CRC_BYTES + (answer_bytes(request) or USUAL_BYTES)
