"""One open TCP connection: sends requests, waits for their verdicts, and says why when one did not come."""

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
    """An accepted answer, when its request was sent and when it was whole.

    `was_alone`: nothing else was under way when it was sent, so that the time between tells how quick the device is.
    """

    accepted: Accepted
    sent_at: float
    at: float
    was_alone: bool = True


Outcome: TypeAlias = Received | FieldbusError


class _Place:
    """Where one request at a time is under way; a connection has as many as its link lets requests be under way.

    It is used again, because its timer runs on from one request to the next.
    """

    __slots__ = ("expiry", "sent_at", "silences_before", "timeout_s", "transaction", "unit_id", "waiter", "was_alone")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_expired: Callable[[_Place], None]) -> None:
        self.expiry = Expiry(loop, lambda: on_expired(self))
        self.waiter: asyncio.Future[Outcome] | None = None
        self.transaction = 0
        self.unit_id = 0
        self.timeout_s = 0.0
        self.sent_at = 0.0
        self.was_alone = True
        self.silences_before = 0

    def settle(self, outcome: Outcome) -> None:
        """Wake who waits, unless the outcome is known already."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(outcome)


class TcpConnection(asyncio.Protocol):
    """A connection from its opening to its end; it is never opened again.

    `on_end` is called once when the connection ended otherwise than by `close` or `renew`, `on_rejected` for each
    answer that did not fit, with the unit that was asked, None where no single request was meant.
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
        self._places: list[_Place] = []  # all that were ever needed
        self._free: list[_Place] = []
        self._under_way: dict[int, _Place] = {}  # by transaction
        self._silences_ever = 0
        self.answers = 0
        self.silences = 0  # timeouts in a row since something was last heard; those of one moment count once

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, unit_id: int, request: Request[object], *, timeout_s: float) -> Received:
        """Send `request` and wait for its answer; how many may be under way at once is the caller's business.

        Raises ConnectionLostError, AnswerTimeoutError or UnfitAnswerError. When cancelled, the answer still on its
        way is dropped when it comes.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionLostError("the connection has ended")
        place = self._free.pop() if self._free else self._new_place()
        waiter: asyncio.Future[Outcome] = self._loop.create_future()
        place.waiter, place.unit_id, place.timeout_s = waiter, unit_id, timeout_s
        place.was_alone, place.silences_before = not self._under_way, self._silences_ever
        frame = self._framer.ask(unit_id, request)
        transaction = place.transaction = self._framer.transaction
        self._under_way[transaction] = place
        try:
            place.expiry.set(timeout_s)
            self._monitor.requested(unit_id, frame)
            place.sent_at = self._clock()
            transport.write(frame)
            outcome = await waiter
        finally:
            place.expiry.lift()
            place.waiter = None
            self._framer.forget(transaction)
            del self._under_way[transaction]
            self._free.append(place)
        if isinstance(outcome, FieldbusError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """End the connection and wait until it is gone; requests under way fail as lost."""
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
        for place in self._places:
            place.expiry.end()
        self._monitor.lost(reason)
        self._settle_all(ConnectionLostError(reason))
        self._ended.set()
        if not self._ending_by_us:
            self._on_end(self)

    def _new_place(self) -> _Place:
        place = _Place(self._loop, self._look_once_more)
        self._places.append(place)
        return place

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
                self._accept(verdict, at)
            else:
                self._reject(verdict)

    def _accept(self, accepted: Accepted, at: float) -> None:
        self.answers += 1
        frame = accepted.frame
        self._monitor.answered(frame[6], frame, is_exception=isinstance(accepted.answer, Refusal))
        place = self._under_way.get(frame[0] << 8 | frame[1])
        if place is not None and place.waiter is not None and not place.waiter.done():
            place.waiter.set_result(Received(accepted, place.sent_at, at, place.was_alone))

    def _reject(self, rejected: Rejected) -> None:
        frame = rejected.frame
        if rejected.consequence is Consequence.WAIT:
            self._on_rejected(None)  # late, so not the fault of the unit that is being asked now
            self._monitor.came_late(frame[6], frame, rejected.reason)
        elif rejected.consequence is Consequence.GIVE_UP:
            self._refuse(self._under_way.get(frame[0] << 8 | frame[1]), rejected)
        else:
            # With one request under way it is that one which was answered so; of several nobody can say which.
            only = next(iter(self._under_way.values())) if len(self._under_way) == 1 else None
            self._refuse(only, rejected)
            self._settle_all(ConnectionLostError(rejected.reason))
            self._end_unusable()

    def _refuse(self, place: _Place | None, rejected: Rejected) -> None:
        unit_id = place.unit_id if place is not None else None
        self._on_rejected(unit_id)
        self._monitor.rejected(unit_id, rejected.frame, rejected.reason)
        if place is not None:
            place.settle(UnfitAnswerError(rejected.reason))

    def _look_once_more(self, place: _Place) -> None:
        self._loop.call_later(LAST_LOOK_S, self._judge_silence, place, place.waiter)

    def _judge_silence(self, place: _Place, waiter: asyncio.Future[Outcome] | None) -> None:
        if waiter is None or waiter is not place.waiter or waiter.done():
            return
        if place.silences_before == self._silences_ever:  # not one of several that waited through the same silence
            self._silences_ever += 1
            self.silences += 1
        reason = f"no answer within {place.timeout_s:g} s"
        self._monitor.timed_out(place.unit_id, reason)
        waiter.set_result(AnswerTimeoutError(reason))
        self._framer.forget(place.transaction)
        if self._framer.holds_stray_part:
            # The rest of that frame may never come, and would then swallow the beginning of the next answer.
            self._end_unusable()

    def _end_unusable(self) -> None:
        if self._transport is not None and not self._ending_by_us:
            self.renew()
            self._on_end(self)

    def _settle_all(self, outcome: FieldbusError) -> None:
        for place in self._under_way.values():
            place.settle(outcome)
