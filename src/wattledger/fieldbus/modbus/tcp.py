"""Modbus TCP without input or output: bytes in, verdicts on complete frames out.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header). An answer counts only when
transaction, unit, function and byte count are those of the pending request; all else is rejected with its reason.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from wattledger.fieldbus.modbus.pdu import MOST_PDU_BYTES, Request, UnfitPduError, decode_answer

HEADER = struct.Struct(">HHHB")
HEADER_BYTES = 6  # transaction, protocol, length; the unit belongs to what `length` counts
PROTOCOL = 0
LEAST_LENGTH = 2  # unit and function
MOST_LENGTH = 1 + MOST_PDU_BYTES


class Consequence(Enum):
    """What a rejected answer means for the pending request."""

    WAIT = "wait"  # it belonged to another request; ours may still come
    GIVE_UP = "give up"  # it was meant for the pending request, so no other will come
    RECONNECT = "reconnect"  # frames can no longer be told apart on this connection


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to the pending request, as its `decode` gave it, or a Refusal; `frame` is what it came in."""

    answer: object
    frame: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that is no answer to the pending request."""

    reason: str
    consequence: Consequence
    frame: bytes = field(default=b"", compare=False, repr=False)


Verdict: TypeAlias = Accepted | Rejected


class TcpFramer:
    """Frames of one connection. One request may be pending; after a RECONNECT the framer takes no more input."""

    def __init__(self, *, transaction: int = 0) -> None:
        self._buffer = bytearray()
        self._transaction = transaction
        self._pending: tuple[int, Request[object]] | None = None
        self._stale = False  # the frame at the head of the buffer began before the pending request was sent
        self._broken = False

    @property
    def transaction(self) -> int:
        """The number of the last request; a new connection carries on from here."""
        return self._transaction

    def ask(self, unit_id: int, request: Request[object]) -> bytes:
        """The frame to send; from now on `request` is the pending one and everything received so far is too early."""
        self._transaction = (self._transaction + 1) & 0xFFFF
        self._pending = (unit_id, request)
        self._stale = bool(self._buffer)
        pdu = request.encode()
        return HEADER.pack(self._transaction, PROTOCOL, 1 + len(pdu), unit_id) + pdu

    def forget(self) -> None:
        """Give the pending request up; should its answer come, it is late."""
        self._pending = None

    @property
    def holds_part(self) -> bool:
        """Whether a frame has begun whose end is still missing."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> list[Verdict]:
        """Verdicts on the frames that are complete with `data`, in order; a part of a frame waits for its rest.

        An answer with less than a whole frame behind it is not accepted: nothing else was asked, so its own end is in
        doubt (a peer that dropped bytes makes one whole frame of two).
        """
        if not self._buffer and not self._broken and _is_one_frame(data):  # nearly always, so nearly for nothing
            return [self._judge(data)]
        if not self._broken:
            self._buffer += data
        verdicts = list(self._verdicts())
        if self._buffer and any(isinstance(verdict, Accepted) for verdict in verdicts):
            verdicts.append(self._break_off(f"{len(self._buffer)} bytes behind an answer: the stream is out of step"))
        return [verdict for verdict in verdicts if isinstance(verdict, Rejected)] if self._broken else verdicts

    def _verdicts(self) -> Iterator[Verdict]:
        while not self._broken:
            problem = self._misfit()
            if problem:
                yield self._break_off(problem)
                return
            frame = self._complete_frame()
            if frame is None:
                return
            yield self._judge(frame)

    def _break_off(self, reason: str) -> Rejected:
        self._broken = True
        rest = bytes(self._buffer)
        self._buffer.clear()
        return Rejected(reason, Consequence.RECONNECT, rest)

    def _misfit(self) -> str:
        """Why the head of the buffer begins no frame; empty when it may. Judged as early as the bytes allow."""
        head = self._buffer[:HEADER_BYTES]
        if len(head) >= 4 and head[2:4] != bytes(2):
            return f"protocol 0x{head[2:4].hex()} instead of 0x0000: the stream is out of step"
        if len(head) == HEADER_BYTES:
            length = int.from_bytes(head[4:6], "big")
            if not LEAST_LENGTH <= length <= MOST_LENGTH:
                return f"a frame of {length} bytes cannot be: the stream is out of step"
        return ""

    def _complete_frame(self) -> bytes | None:
        if len(self._buffer) < HEADER_BYTES:
            return None
        end = HEADER_BYTES + int.from_bytes(self._buffer[4:6], "big")
        if len(self._buffer) < end:
            return None
        frame = bytes(self._buffer[:end])
        del self._buffer[:end]
        return frame

    def _judge(self, frame: bytes) -> Verdict:
        transaction, _, _, unit_id = HEADER.unpack_from(frame)
        stale, self._stale = self._stale, False
        if self._pending is None or stale or transaction != self._transaction:
            reason = f"an answer to transaction {transaction}, which nobody waits for"
            return Rejected(reason, Consequence.WAIT, frame)
        asked_unit, request = self._pending
        self._pending = None
        if unit_id != asked_unit:
            return Rejected(f"unit {unit_id} answered instead of {asked_unit}", Consequence.GIVE_UP, frame)
        try:
            return Accepted(decode_answer(request, frame[7:]), frame)
        except UnfitPduError as error:
            return Rejected(str(error), Consequence.GIVE_UP, frame)


def _is_one_frame(data: bytes) -> bool:
    """Whether these bytes begin and end with one frame that can be."""
    if len(data) < HEADER_BYTES + LEAST_LENGTH:
        return False
    _, protocol, length, _ = HEADER.unpack_from(data)
    return bool(protocol == PROTOCOL and length == len(data) - HEADER_BYTES and length <= MOST_LENGTH)
