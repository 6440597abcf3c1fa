"""Modbus TCP without input or output: bytes in, verdicts on complete frames out.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header). An answer counts only when
transaction, unit, function and byte count are those of a pending request; all else is rejected with its reason.
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
    """What a rejected answer means for the request that it names."""

    WAIT = "wait"  # it belonged to another request; ours may still come
    GIVE_UP = "give up"  # it was meant for the pending request, so no other will come
    RECONNECT = "reconnect"  # frames can no longer be told apart on this connection


class Fault(Enum):
    """What is wrong with what was rejected."""

    UNFIT = "unfit"  # a whole frame, but not the answer to what was asked
    LATE = "late"  # an answer that nobody waits for any more
    EXTRA = "extra"  # an answer of a unit that owes none
    BROKEN = "broken"  # no frame at all


@dataclass(slots=True)  # not frozen, as one is made for each request
class Accepted:
    """The answer to a pending request, as its `decode` gave it, or a Refusal; `frame` is what it came in."""

    answer: object
    frame: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that is no answer to a pending request."""

    reason: str
    consequence: Consequence
    frame: bytes = field(default=b"", compare=False, repr=False)
    fault: Fault = field(default=Fault.UNFIT, compare=False)


Verdict: TypeAlias = Accepted | Rejected
_Pending: TypeAlias = tuple[int, Request[object]]  # the unit that was asked, and what


class TcpFramer:
    """Frames of one connection. Several requests may be pending; after a RECONNECT it takes no more input."""

    def __init__(self, *, transaction: int = 0) -> None:
        self._buffer = bytearray()
        self.transaction = transaction  # the number of the last request; a new connection carries on from here
        self._pending: dict[int, _Pending] = {}  # by transaction
        self._too_new: set[int] = set()  # asked after the frame at the head of the buffer had begun
        self._held: list[Verdict] = []  # until what came behind an answer is known
        self._broken = False

    def ask(self, unit_id: int, request: Request[object]) -> bytes:
        """The frame to send; from now on `request` is pending too, and what has begun to come is too early for it."""
        transaction = self.transaction = (self.transaction + 1) & 0xFFFF
        self._pending[transaction] = (unit_id, request)
        if self._buffer:
            self._too_new.add(transaction)
        pdu = request.encode()
        return HEADER.pack(transaction, PROTOCOL, 1 + len(pdu), unit_id) + pdu

    def forget(self, transaction: int) -> None:
        """Give a pending request up; should its answer come, it is late."""
        self._pending.pop(transaction, None)

    @property
    def holds_stray_part(self) -> bool:
        """Whether a frame has begun that is no answer to a pending request: its rest may never come."""
        return bool(self._buffer) and self._pending_at_head() is None

    def receive(self, data: bytes) -> list[Verdict]:
        """Verdicts on the frames that are complete with `data`, in order; a part of a frame waits for its rest.

        A peer that drops bytes makes one whole frame of two. So an answer with a part of a frame behind it counts only
        when that part begins the answer to another pending request; an answer that came in pieces while others are
        pending, only when what comes next does.
        """
        if not (self._buffer or self._held or self._broken) and _is_one_frame(data):  # nearly always, so for nothing
            return [self._judge(data)]
        began_before = bool(self._buffer)
        if not self._broken:
            self._buffer += data
        found = list(self._verdicts())
        self._held += found
        if self._held and isinstance(self._held[-1], Accepted):
            if self._is_undecided(in_pieces=not found or (began_before and len(found) == 1)):
                return []
            if self._buffer and self._pending_at_head() is None:
                reason = f"{len(self._buffer)} bytes behind an answer: the stream is out of step"
                self._held.append(self._break_off(reason))
        verdicts, self._held = self._held, []
        return [verdict for verdict in verdicts if isinstance(verdict, Rejected)] if self._broken else verdicts

    def _is_undecided(self, *, in_pieces: bool) -> bool:
        """Whether the end of the answer that was found last is not certain yet."""
        if self._buffer:
            return len(self._buffer) < HEADER.size and self._may_begin_answer()
        return in_pieces and bool(self._pending)

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
        return Rejected(reason, Consequence.RECONNECT, rest, Fault.BROKEN)

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

    def _may_begin_answer(self) -> bool:
        """Whether the few bytes in the buffer are those with which an answer to a pending request begins."""
        head = bytes(self._buffer[:2])
        return any(number.to_bytes(2, "big").startswith(head) for number in self._pending)

    def _pending_at_head(self) -> int | None:
        """The pending request that the buffer begins to answer; None: there is none, or too little has come to say."""
        transaction = int.from_bytes(self._buffer[:2], "big")
        if len(self._buffer) < 2 or transaction not in self._pending or transaction in self._too_new:
            return None
        unit_id, _ = self._pending[transaction]
        return transaction if self._buffer[HEADER_BYTES : HEADER.size] in (b"", bytes((unit_id,))) else None

    def _complete_frame(self) -> bytes | None:
        if len(self._buffer) < HEADER_BYTES:
            return None
        end = HEADER_BYTES + int.from_bytes(self._buffer[4:6], "big")
        if len(self._buffer) < end:
            return None
        frame = bytes(self._buffer[:end])
        del self._buffer[:end]
        return frame

    def _unless_too_new(self, transaction: int, pending: _Pending | None) -> _Pending | None:
        """`pending`, unless it was asked after the frame had begun that was at the head until now."""
        is_too_new = transaction in self._too_new
        self._too_new.clear()
        if is_too_new and pending is not None:
            self._pending[transaction] = pending
            return None
        return pending

    def _judge(self, frame: bytes) -> Verdict:
        transaction, _, _, unit_id = HEADER.unpack_from(frame)
        pending = self._pending.pop(transaction, None)
        if self._too_new:
            pending = self._unless_too_new(transaction, pending)
        if pending is None:
            reason = f"an answer to transaction {transaction}, which nobody waits for"
            return Rejected(reason, Consequence.WAIT, frame, Fault.LATE)
        asked_unit, request = pending
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
