"""A Modbus TCP bus: one connection to a host and port, shared by all units behind it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from wattledger.fieldbus.costs import ConnectionCosts
from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    FieldbusError,
    RefusedError,
    TlsSettingsError,
    UnreachableError,
)
from wattledger.fieldbus.link import Reply
from wattledger.fieldbus.manners import NO_PAUSES, Manners, Pacing
from wattledger.fieldbus.modbus.connection import Received, TcpConnection
from wattledger.fieldbus.modbus.pdu import AnswerT, ReadRegisters, Refusal, Request, exception_name
from wattledger.fieldbus.modbus.tcp import TcpFramer
from wattledger.fieldbus.modbus.tls_reasons import HUNG_UP, NotSelfSignedError, tls_reason, tls_why
from wattledger.fieldbus.modbus.tls_settings import TlsSettings
from wattledger.fieldbus.modbus.tries import TRY_AGAIN, Reopening, tried_again
from wattledger.fieldbus.modbus.turns import Turns
from wattledger.fieldbus.monitor import FrameMonitor
from wattledger.fieldbus.reasons import Why, why_not_opened, why_of
from wattledger.fieldbus.statistics import TrafficStatistics

CONNECT_S = 3.0  # time for the first lost SYN to be repeated (after 1 s) and answered
CONNECT_TLS_S = 10.0  # a meter's small processor computes for seconds before it has shaken hands
SILENCES_TO_RENEW = 3  # then the peer may have lost the connection without telling, or hang behind it
MOST_IN_FLIGHT = 16  # what one server takes (NumberMaxOfServerTransaction); Modbus Messaging on TCP/IP V1.0b, 4.4.2


class TcpLink:
    """One connection on which requests take turns, in the order in which they were asked.

    `in_flight` of them may be under way at once, 1 to 16: answers are told apart by their transaction and may come in
    any order, and each request has its own time. It connects when a request needs it. After a failure it pauses,
    longer each time, and requests fail at once with the reason; an answer ends that. `retries` are further tries of
    repeatable requests after a timeout, a lost connection or an unfit answer. With `tls` the connection is secured as
    that says; settings that cannot be used make the bus unreachable, with the reason. `monitor` keeps the last frames.
    Times are monotonic.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float,
        retries: int = 0,
        in_flight: int = 1,
        tls: TlsSettings | None = None,
        statistics: TrafficStatistics | None = None,
        monitor: FrameMonitor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= in_flight <= MOST_IN_FLIGHT:
            raise ValueError(f"{in_flight} requests at once: 1 to {MOST_IN_FLIGHT}")
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._retries = retries
        self._tls = tls
        self._contexts: tuple[ssl.SSLContext, ...] = ()  # made with the first connection
        self._clock = clock
        self._in_flight = in_flight
        self._turns = Turns(in_flight)
        self._opening = asyncio.Lock()
        self._connection: TcpConnection | None = None
        self._framer = TcpFramer()
        self._reopening = Reopening(f"{host}:{port}", clock=clock)
        self._pacing = Pacing(clock=clock)
        self._costs = ConnectionCosts()
        self._closed = False
        self.statistics = statistics or TrafficStatistics(clock=clock)
        self.monitor = monitor or FrameMonitor()

    @property
    def timeout_s(self) -> float:
        """How long an answer may take where the device has no longer time of its own."""
        return self._timeout_s

    @property
    def is_serial(self) -> bool:
        """Whether it is a line on which devices must have the same speed and parity: it is a connection."""
        return False

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once."""
        return self._in_flight

    def request_cost(self, unit_id: int) -> int:
        """What one more request to this unit costs, in registers that could be read along in the same time."""
        return self._costs.cost(unit_id)

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read of so many registers of this unit takes, as far as known."""
        return self._costs.expected_s(unit_id, registers)

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open."""
        return self._connection is not None and self._connection.is_open

    @property
    def is_secured(self) -> bool:
        """Whether it is made over TLS."""
        return self._tls is not None

    def retry_now(self) -> None:
        """Forget the pause after a failed connection: somebody is waiting for the next try."""
        self._reopening.skip_pause()

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

        Raises UnreachableError, ConnectionLostError, AnswerTimeoutError, RefusedError or UnfitAnswerError of the last
        try. May be cancelled at any time; the answer that then comes late is never taken for another request's.
        """
        limit_s = timeout_s or self._timeout_s
        try:
            received = await self._ask(unit_id, request, limit_s, manners, again=False)
        except TRY_AGAIN as failure:
            received = await tried_again(
                lambda: self._ask(unit_id, request, limit_s, manners, again=True),
                request,
                failure,
                retries=self._retries if retries is None else retries,
            )
        answer = received.accepted.answer
        if isinstance(answer, Refusal):
            raise RefusedError(f"{self._place(unit_id)}: {request}: {exception_name(answer.code)}", code=answer.code)
        return Reply(cast("AnswerT", answer), received.at)  # the request itself decoded it

    async def close(self) -> None:
        """End the connection for good and wait until it is gone; requests under way or waiting fail."""
        self._closed = True
        if self._connection is not None:
            await self._connection.close()
        async with self._opening:  # whoever was in the middle of connecting has given up by then
            pass

    async def _ask(
        self, unit_id: int, request: Request[object], timeout_s: float, manners: Manners, *, again: bool
    ) -> Received:
        if not self._turns.take_free():
            await self._turns.wait()
        try:
            connection = self._connection
            if connection is None or not connection.is_open:
                connection = await self._open_connection()
            if manners is not NO_PAUSES:
                await self._pacing.keep(manners, ended_at=self.statistics.ended_at)
            use = self.statistics.begin(unit_id, again=again)
            try:
                received = await connection.exchange(unit_id, request, timeout_s=timeout_s)
            except TRY_AGAIN as error:
                self._note_failure(connection, error)
                if isinstance(error, AnswerTimeoutError):
                    self._note_silence(connection, unit_id)
                raise type(error)(f"{self._place(unit_id)}: {request}: {error}") from error
            finally:
                self.statistics.end(use)
        finally:
            self._turns.give_back()
        self._reopening.worked()
        answer, response_s = received.accepted.answer, received.at - received.sent_at
        code = answer.code if isinstance(answer, Refusal) else None
        self.statistics.answered(unit_id, response_s=response_s, exception=code)
        if code is None and received.was_alone and isinstance(request, ReadRegisters):
            self._costs.learn(unit_id, registers=request.count, response_s=response_s)
        return received

    async def _open_connection(self) -> TcpConnection:
        async with self._opening:
            if self._connection is not None and self._connection.is_open:  # another request opened it meanwhile
                return self._connection
            if self._closed:
                raise UnreachableError(f"{self._host}:{self._port}: the bus was closed")
            self._reopening.check()
            self._connection = await self._connect()
            self._pacing.opened()
            self.statistics.connected()
            return self._connection

    async def _connect(self) -> TcpConnection:
        # Transaction numbers go on, so that no two connections of this link ever use the same one in a row.
        self._framer = TcpFramer(transaction=self._framer.transaction)
        limit_s = CONNECT_S if self._tls is None else CONNECT_TLS_S
        try:
            async with asyncio.timeout(limit_s):
                connection = await (self._dial(None) if self._tls is None else self._dial_secured(self._tls))
        except (OSError, ValueError, TlsSettingsError) as error:  # ValueError: a host name that cannot be one
            reason, why = self._reason(error, limit_s), self._why(error)
            self._reopening.failed(reason, why)
            self.monitor.lost(reason)
            raise UnreachableError(f"{self._host}:{self._port}: {reason}", why=why) from error
        if self._closed:  # meanwhile
            await connection.close()
            raise UnreachableError(f"{self._host}:{self._port}: the bus was closed")
        return connection

    async def _dial(self, context: ssl.SSLContext | None) -> TcpConnection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(self._new_connection, self._host, self._port, ssl=context)
        return connection

    async def _dial_secured(self, settings: TlsSettings) -> TcpConnection:
        if not self._contexts:
            self._contexts = await asyncio.to_thread(_contexts_of, settings)
        for context in self._contexts[:-1]:
            with suppress(NotSelfSignedError):
                return await self._dial(context)
        return await self._dial(self._contexts[-1])

    def _reason(self, error: Exception, limit_s: float) -> str:
        if isinstance(error, ssl.SSLError):
            return tls_reason(error)
        if isinstance(error, ConnectionResetError | ConnectionAbortedError) and self._tls is not None:
            return HUNG_UP
        if isinstance(error, TimeoutError) and self._tls is not None:
            return f"no TLS connection within {limit_s:g} s: is the server there, and does it speak TLS on this port?"
        return str(error) or f"no connection within {limit_s:g} s"

    def _why(self, error: Exception) -> Why:
        if isinstance(error, ssl.SSLError):
            return tls_why(error)
        if isinstance(error, ConnectionResetError | ConnectionAbortedError) and self._tls is not None:
            return Why.TLS_FAILED
        return why_not_opened(error)

    def _new_connection(self) -> TcpConnection:
        return TcpConnection(
            framer=self._framer,
            clock=self._clock,
            monitor=self.monitor,
            on_end=self._note_end,
            on_rejected=self.statistics.rejected,
        )

    def _note_end(self, connection: TcpConnection) -> None:
        if connection is self._connection:  # not one whose opening was cancelled
            self.statistics.connection_lost()

    def _note_failure(self, connection: TcpConnection, error: FieldbusError) -> None:
        if connection.answers == 0 and not connection.is_open and connection is self._connection:
            self._connection = None  # several requests may tell of its end; one pause is enough
            # a port that accepts and hangs up is as good as closed: do not storm it
            self._reopening.failed(str(error), why_of(error))

    def _note_silence(self, connection: TcpConnection, unit_id: int) -> None:
        self.statistics.timed_out(unit_id)
        if connection.silences >= SILENCES_TO_RENEW:
            connection.renew()

    def _place(self, unit_id: int) -> str:
        return f"{self._host}:{self._port} unit {unit_id}"


def _contexts_of(settings: TlsSettings) -> tuple[ssl.SSLContext, ...]:
    """In a thread: to load the libraries and to unseal a key takes longer than the other buses can wait."""
    from wattledger.fieldbus.modbus.tls import tls_contexts  # noqa: PLC0415 - 15 MB, rarely used

    return tls_contexts(settings)
