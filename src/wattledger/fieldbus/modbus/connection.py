"""One open TCP connection: sends a request, waits for its verdict, and says why when none came."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, cast

from wattledger.fieldbus.errors import AnswerTimeoutError, ConnectionLostError, FieldbusError, UnfitAnswerError
from wattledger.fieldbus.modbus.expiry import Expiry
from wattledger.fieldbus.modbus.pdu import Refusal, Request
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Rejected, TcpFramer
from wattledger.fieldbus.modbus.tls_reasons import HUNG_UP_AFTERWARDS, tls_reason
from wattledger.fieldbus.monitor import FrameMonitor

# An expired timer is no proof of silence: when the loop was busy, the answer may lie unread in the socket. Both asyncio
# and uvloop read all sockets before a timer that was set during the same turn can fire, so one short timer more is
# enough to have looked.
LAST_LOOK_S = 0.005


class Received(NamedTuple):
    """An accepted answer and when it was whole."""

    accepted: Accepted
    at: float


Outcome: TypeAlias = Received | FieldbusError


class TcpConnection(asyncio.Protocol):
    """A connection from its opening to its end; it is never opened again.

    `on_end` is called once when the connection ended otherwise than by `close` or `renew`, `on_rejected` for each
    answer that did not fit, with the unit that was asked, None for an answer that nobody waits for.
    """

    def __init__(
        self,
        *,
        framer: TcpFramer,
        clock: Callable[[], float],
        monitor: FrameMonitor,
        on_end: Callable[[TcpConnection], None],
        on_rejected: Callable[[int | None], None],
    ) -> None:
        self._framer = framer
        self._clock = clock
        self._monitor = monitor
        self._on_end = on_end
        self._on_rejected = on_rejected
        self._transport: asyncio.Transport | None = None
        self._ended = asyncio.Event()
        self._ending_by_us = False
        self._loop = asyncio.get_running_loop()
        self._expiry = Expiry(self._loop, self._look_once_more)
        self._waiter: asyncio.Future[Outcome] | None = None
        self._unit_id: int | None = None
        self._timeout_s = 0.0
        self.answers = 0
        self.silences = 0  # timeouts since something was last heard

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, unit_id: int, request: Request[object], *, timeout_s: float) -> Received:
        """Send `request` and wait for its answer; the caller lets one exchange run at a time.

        Raises ConnectionLostError, AnswerTimeoutError or UnfitAnswerError. When cancelled, the answer still on its
        way is dropped when it comes.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionLostError("the connection has ended")
        waiter: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiter, self._unit_id, self._timeout_s = waiter, unit_id, timeout_s
        try:
            frame = self._framer.ask(unit_id, request)
            self._expiry.set(timeout_s)
            self._monitor.requested(unit_id, frame)
            transport.write(frame)
            outcome = await waiter
        finally:
            self._expiry.lift()
            self._framer.forget()
            self._waiter = self._unit_id = None
        if isinstance(outcome, FieldbusError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """End the connection and wait until it is gone; a request under way fails as lost."""
        self.renew()
        if self._transport is not None:
            await self._ended.wait()

    def renew(self) -> None:
        """End the connection without reporting it: the next request shall have a new one."""
        self._ending_by_us = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is no subclass of it
        self._monitor.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop, at once when the peer closes or resets the connection."""
        reason = "the connection was ended" if self._ending_by_us else self._reason(exc)
        self._expiry.end()
        self._monitor.lost(reason)
        self._settle(ConnectionLostError(reason))
        self._ended.set()
        if not self._ending_by_us:
            self._on_end(self)

    def _reason(self, exc: Exception | None) -> str:
        if isinstance(exc, ssl.SSLError):
            return tls_reason(exc)
        if self.answers == 0 and self._transport is not None and self._transport.get_extra_info("ssl_object"):
            return HUNG_UP_AFTERWARDS
        return f"connection lost: {exc}" if exc else "the peer closed the connection"

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        at = self._clock()
        self.silences = 0
        for verdict in self._framer.receive(data):
            if isinstance(verdict, Accepted):
                self.answers += 1
                is_exception = isinstance(verdict.answer, Refusal)
                self._monitor.answered(verdict.frame[6], verdict.frame, is_exception=is_exception)
                self._settle(Received(verdict, at))
            else:
                self._reject(verdict)

    def _reject(self, rejected: Rejected) -> None:
        if rejected.consequence is Consequence.WAIT:
            self._on_rejected(None)  # late, so not the fault of the unit that is being asked now
            self._monitor.came_late(rejected.frame[6], rejected.frame, rejected.reason)
            return
        self._on_rejected(self._unit_id)
        self._monitor.rejected(self._unit_id, rejected.frame, rejected.reason)
        self._settle(UnfitAnswerError(rejected.reason))
        if rejected.consequence is Consequence.RECONNECT:
            self._end_unusable()

    def _look_once_more(self) -> None:
        self._loop.call_later(LAST_LOOK_S, self._judge_silence, self._waiter)

    def _judge_silence(self, waiter: asyncio.Future[Outcome] | None) -> None:
        if waiter is None or waiter is not self._waiter or waiter.done():
            return
        self.silences += 1
        reason = f"no answer within {self._timeout_s:g} s"
        if self._unit_id is not None:
            self._monitor.timed_out(self._unit_id, reason)
        waiter.set_result(AnswerTimeoutError(reason))
        if self._framer.holds_part:
            # The rest of that frame may never come, and would then swallow the beginning of the next answer.
            self._end_unusable()

    def _end_unusable(self) -> None:
        if self._transport is not None and not self._ending_by_us:
            self.renew()
            self._on_end(self)

    def _settle(self, outcome: Outcome) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(outcome)
