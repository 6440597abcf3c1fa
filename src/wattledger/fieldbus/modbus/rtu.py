"""Modbus RTU without input or output: bytes in, verdicts on frames out.

Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, 2.5.1 (frame) and 6.2.2 (CRC). An answer
counts only when unit, function, byte count and CRC are those of the pending request, and when no earlier answer could
have looked the same (see `owed_answers`); all else is rejected with its reason.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import (
    ENCAPSULATED_INTERFACE,
    EXCEPTION_BIT,
    ReadRegisters,
    Request,
    UnfitPduError,
    WriteRegister,
    WriteRegisters,
    decode_answer,
    names_mei_type,
)
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Fault, Rejected, Verdict

MOST_FRAME_BYTES = 256
CRC_BYTES = 2
EXCEPTION_BYTES = 5
ECHO_BYTES = 8  # of an answer that repeats address and value or count
USUAL_BYTES = 24  # of an answer whose length its request does not tell: a short text

# A line that changes its direction often gives a byte or two of noise. No more are skipped, so that the data of a
# frame, which begin with its fourth byte, can never be taken for a frame themselves.
MOST_NOISE_BYTES = 2

COUNTED = frozenset({0x01, 0x02, 0x03, 0x04, 0x11, 0x17})  # functions whose answers say how many bytes follow
ECHOING = frozenset({0x05, 0x06, 0x0F, 0x10})  # functions whose answers repeat address and value or count


def _crc_table() -> tuple[int, ...]:
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (0xA001 if entry & 1 else 0)  # noqa: PLW2901 - the register of the standard's figure
        table.append(entry)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc16(data: bytes) -> int:
    """The check of a frame; sent with its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def frame(unit_id: int, pdu: bytes) -> bytes:
    """Unit, PDU and CRC."""
    body = bytes((unit_id,)) + pdu
    return body + struct.pack("<H", crc16(body))


def answer_bytes(request: Request[object]) -> int | None:
    """How long the frame of a usual answer to `request` is; None: the request does not tell."""
    match request:
        case ReadRegisters(count=count):
            return 5 + 2 * count
        case WriteRegister() | WriteRegisters():
            return ECHO_BYTES
        case _:
            return None


def frame_bytes(start: bytes | bytearray) -> int | None:
    """How long the answer that starts so says it is; None: it does not say so yet, or its function is not known."""
    if len(start) < 3:
        return None
    function = start[1]
    if function & EXCEPTION_BIT:
        return EXCEPTION_BYTES + names_mei_type(start[1:3])
    if function in COUNTED:
        return 3 + start[2] + CRC_BYTES
    if function in ECHOING:
        return ECHO_BYTES
    return _identification_bytes(start) if function == ENCAPSULATED_INTERFACE else None


def _identification_bytes(start: bytes | bytearray) -> int | None:
    # unit, function, MEI type, code, conformity, more follows, next object, number of objects; id, length, value ...
    if len(start) < 8:
        return None
    end = 8
    for _ in range(start[7]):
        if len(start) < end + 2:
            return None
        end += 2 + start[end + 1]
    return end + CRC_BYTES


@dataclass(frozen=True, slots=True)
class _Pending:
    question: Question
    sent: bytes


class RtuFramer:
    """Frames of one line. One request may be pending; what comes while none is, can only be late."""

    def __init__(self, owed: OwedAnswers, *, echo: bool = False) -> None:
        self._owed = owed
        self._echo = echo
        self._buffer = bytearray()
        self._pending: _Pending | None = None
        self._echo_due = b""
        self._reason = ""
        self._answered: dict[int, Request[object]] = {}  # what each unit answered last

    def ask(self, question: Question, *, now: float, airtime_s: float) -> bytes:
        """The frame to send; from now on `question` is the pending one, and all received before is dropped.

        `airtime_s` is what request and answer take on the wire.
        """
        sent = frame(question.unit_id, question.request.encode())
        self._owed.add(question, now=now, airtime_s=airtime_s)
        self._pending = _Pending(question, sent)
        self._echo_due = sent if self._echo else b""
        self._buffer.clear()
        self._reason = ""
        return sent

    def why_no_answer(self) -> str:
        """Why what came is no answer to the pending request; empty when nothing came that was meant for it."""
        if self._reason or self._pending is None or not self._buffer:
            return self._reason
        reason, fault = self._fault_of_rest()
        if fault is not Fault.BROKEN:
            return reason
        unit_id = self._pending.question.unit_id
        return f"{reason}; look for two devices at address {unit_id}, for another speed or parity, and for noise"

    def forget(self, question: Question, *, now: float) -> None:
        """Nobody waits any more for the answer to `question`; should one come, it is late."""
        self._owed.give_up(question, now=now)
        self._pending = None
        self._echo_due = b""

    def drop(self) -> Rejected | None:
        """Throw away what came and belongs to no frame; None: there was nothing."""
        if not self._buffer:
            return None
        reason, fault = self._fault_of_rest()
        rest = bytes(self._buffer)
        self._buffer.clear()
        return Rejected(reason, Consequence.GIVE_UP, rest, fault)

    @property
    def is_overfull(self) -> bool:
        """Whether as many bytes came as the answer has, and it is not among them."""
        expected = answer_bytes(self._pending.question.request) if self._pending else None
        return expected is not None and len(self._buffer) >= expected + len(self._echo_due)

    @property
    def holds_part(self) -> bool:
        """Whether bytes came that are no whole frame (yet)."""
        return bool(self._buffer)

    def receive(self, data: bytes) -> list[Verdict]:
        """Verdicts on the frames that are complete with `data`, in order."""
        if len(self._buffer) <= MOST_FRAME_BYTES + MOST_NOISE_BYTES:  # beyond, nothing can be recognised any more
            self._buffer += data
        return list(self._verdicts())

    def _verdicts(self) -> Iterator[Verdict]:
        if self._echo_due:
            yield from self._strip_echo()
        while not self._echo_due:
            found = self._find_frame()
            if found is None:
                return
            yield self._judge(found)

    def _strip_echo(self) -> Iterator[Verdict]:
        start = self._buffer.find(self._echo_due, 0, MOST_NOISE_BYTES + len(self._echo_due))
        if start >= 0:
            del self._buffer[: start + len(self._echo_due)]
            self._echo_due = b""
        elif len(self._buffer) >= MOST_NOISE_BYTES + len(self._echo_due):
            reason = "the echo is not what was sent: another device spoke at the same time"
            yield self._reject(reason, bytes(self._buffer), Fault.UNFIT, ends=True)

    def _find_frame(self) -> bytes | None:
        """The first whole frame, taken out of the buffer with the noise before it."""
        for start in range(min(len(self._buffer), MOST_NOISE_BYTES + 1)):
            length = frame_bytes(self._buffer[start:])
            if length is None or len(self._buffer) < start + length:
                continue
            found = bytes(self._buffer[start : start + length])
            if crc16(found) == 0:  # over a frame with its own CRC the register ends empty
                del self._buffer[: start + length]
                return found
        return None

    def _judge(self, found: bytes) -> Verdict:
        unit_id, pdu = found[0], found[1:-CRC_BYTES]
        answered = self._owed.take(unit_id, pdu)
        asked = self._pending.question if self._pending else None
        if asked is not None and answered is asked:
            self._pending = None
            self._answered[unit_id] = asked.request
            return Accepted(decode_answer(asked.request, pdu), found)
        if answered is not None:
            reason = f"an answer of unit {unit_id}, for which nobody waits any more"
            return Rejected(reason, Consequence.WAIT, found, Fault.LATE)
        return self._judge_unowed(asked, found)

    def _judge_unowed(self, asked: Question | None, found: bytes) -> Rejected:
        unit_id, pdu = found[0], found[1:-CRC_BYTES]
        last = self._answered.get(unit_id)
        if asked is None:
            reason = f"unit {unit_id} answered once more" if last else f"an answer of unit {unit_id}, unasked"
            return Rejected(reason, Consequence.WAIT, found, Fault.EXTRA)
        if unit_id != asked.unit_id:
            fault = Fault.EXTRA if last else Fault.UNFIT
            return self._reject(f"unit {unit_id} answered instead of {asked.unit_id}", found, fault, ends=False)
        if last is not None and _misfit(last, pdu) is None:
            return self._reject(f"unit {unit_id} answered the request before once more", found, Fault.EXTRA, ends=True)
        return self._reject(_misfit(asked.request, pdu) or "an answer that came twice", found, Fault.UNFIT, ends=True)

    def _reject(self, reason: str, found: bytes, fault: Fault, *, ends: bool) -> Rejected:
        self._reason = reason
        self._echo_due = b""
        if ends:
            self._buffer.clear()
        return Rejected(reason, Consequence.GIVE_UP if ends else Consequence.WAIT, found, fault)

    def _fault_of_rest(self) -> tuple[str, Fault]:
        if self._echo_due:
            return "what came is not the echo of what was sent", Fault.UNFIT
        if self._pending is not None and self._buffer.startswith(self._pending.sent):
            return "the line echoes what is sent; switch its echo setting on", Fault.UNFIT
        return f"{len(self._buffer)} bytes that are no frame with a right CRC", Fault.BROKEN


def _misfit(request: Request[object], pdu: bytes) -> str | None:
    """Why `pdu` is no answer to `request`; None: it may be one."""
    try:
        decode_answer(request, pdu)
    except UnfitPduError as error:
        return str(error)
    return None
