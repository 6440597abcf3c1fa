"""Mutated answers by the thousand (a million in `make soak`): none raises, none becomes a value that it does not hold.

Most mutations get a check sum or a length that fits again, so that they are not sorted out at the door: at least half
of them must reach the parser of answers, which is counted. The judge is independent: an answer that was accepted is put
into a frame anew, with a check sum by pymodbus, and that frame must stand in what was received, byte for byte.
"""

from __future__ import annotations

import os
import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from pymodbus.framer.rtu import FramerRTU

from wattledger.fieldbus.modbus import owed_answers, rtu, tcp
from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import (
    ReadIdentification,
    ReadRegisters,
    Refusal,
    Request,
    WriteRegister,
    WriteRegisters,
    decode_answer,
)
from wattledger.fieldbus.modbus.rtu import RtuFramer
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Rejected, TcpFramer, Verdict

FRAMES = int(os.environ.get("SOAK_FRAMES", "20000")) // 2  # half of them on each carrier
UNIT, OTHER_UNIT = 7, 8
REQUESTS: tuple[Request[Any], ...] = (
    ReadRegisters(3, 0xB000, 3),
    ReadRegisters(3, 0xB000, 1),
    ReadRegisters(4, 10, 2),
    ReadRegisters(4, 0, 20),
    ReadIdentification(1),
    WriteRegister(16, 0x1234),
    WriteRegisters(16, (1, 2, 3)),
)
MOST_HELD_BYTES = 4096  # of one framer, whatever came
USED_EACH = 4  # mutated frames, an honest exchange must succeed
APART_S = 1000.0  # between two requests, so that no answer to the one before may still come


def check_sum(body: bytes) -> bytes:
    """As an independent implementation reckons it, in the order of the wire."""
    return FramerRTU.compute_CRC(body).to_bytes(2, "big")


def right_pdu(request: Request[Any], dice: random.Random) -> bytes:
    """A right answer to the request, a refusal one time in eight."""
    if dice.random() < 0.125:
        return bytes((request.function | 0x80, dice.randint(1, 11)))
    if isinstance(request, ReadRegisters):
        return bytes((request.function, 2 * request.count)) + dice.randbytes(2 * request.count)
    if not isinstance(request, ReadIdentification):
        return written(request)
    text = dice.randbytes(dice.randint(0, 20))
    return bytes((0x2B, 0x0E, 4, 0x81, 0, 0, 1, request.object_id, len(text))) + text


def written(request: Request[Any]) -> bytes:
    """The answer to a write: address and value, or address and count."""
    assert isinstance(request, WriteRegister | WriteRegisters)
    second = request.value if isinstance(request, WriteRegister) else len(request.values)
    return struct.pack(">BHH", request.function, request.address, second)


def flip(pdu: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(pdu))
    return pdu[:at] + bytes((pdu[at] ^ 1 << dice.randrange(8),)) + pdu[at + 1 :]


def overwrite(pdu: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(pdu))
    return pdu[:at] + dice.randbytes(1) + pdu[at + 1 :]


def cut(pdu: bytes, dice: random.Random) -> bytes:
    return pdu[: dice.randrange(len(pdu))]


def delete(pdu: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(pdu))
    return pdu[:at] + pdu[at + dice.randint(1, 3) :]


def insert(pdu: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(pdu) + 1)
    return pdu[:at] + dice.randbytes(dice.randint(1, 3)) + pdu[at:]


def swap(pdu: bytes, dice: random.Random) -> bytes:
    one, other = sorted((dice.randrange(len(pdu)), dice.randrange(len(pdu))))
    changed = bytearray(pdu)
    changed[one], changed[other] = changed[other], changed[one]
    return bytes(changed)


def resize(pdu: bytes, dice: random.Random) -> bytes:
    """Other registers than were asked for, with the byte count that belongs to them, or another echo of a write."""
    if pdu[0] in {6, 16}:
        return pdu[:1] + dice.randbytes(4)
    data = dice.randbytes(dice.randrange(0, 60))
    return pdu[:1] + bytes((len(data),)) + data


def change_function(pdu: bytes, dice: random.Random) -> bytes:
    return bytes((dice.choice((1, 2, 3, 4, 5, 6, 0x10, 0x2B, 0x83, 0x84, 0xAB)),)) + pdu[1:]


def leave(pdu: bytes, dice: random.Random) -> bytes:
    return pdu


MUTATIONS = (
    *(flip, overwrite, overwrite, overwrite, swap, change_function, leave),
    *(cut, delete, insert, resize, resize, resize, resize, resize),
)


def mutated(request: Request[Any], dice: random.Random) -> bytes:
    pdu = right_pdu(request, dice)
    for _ in range(dice.choice((1, 1, 1, 2))):
        if pdu:
            pdu = dice.choice(MUTATIONS)(pdu, dice)
    fits = pdu[:1] in {b"\x03", b"\x04"} and len(pdu) > 1 and dice.random() < 0.8
    return pdu[:1] + bytes((len(pdu) - 2,)) + pdu[2:] if fits else pdu  # the byte count is right again


def patterns(request: Request[Any], answer: object) -> list[re.Pattern[bytes]]:
    """Which PDUs say `answer` to the request, by the standard alone."""
    if isinstance(answer, Refusal):
        code = bytes((answer.code,))
        forms = [b"", b"\x0e"] if request.function == 0x2B else [b""]
        return [re.compile(re.escape(bytes((request.function | 0x80,)) + form + code), re.DOTALL) for form in forms]
    if isinstance(request, ReadRegisters):
        assert isinstance(answer, tuple)
        assert len(answer) == request.count
        pdu = struct.pack(f">BB{request.count}H", request.function, 2 * request.count, *answer)
        return [re.compile(re.escape(pdu), re.DOTALL)]
    if answer is None:
        return [re.compile(re.escape(written(request)), re.DOTALL)]
    assert isinstance(answer, bytes)
    text = re.escape(bytes((1, 1, len(answer))) + answer)
    return [re.compile(re.escape(b"\x2b\x0e\x04") + b"..." + text, re.DOTALL)]


@dataclass
class Parser:
    """Counts the frames of which something reached the parser."""

    reached: int = 0
    is_reached: bool = False

    def decode(self, request: Request[Any], pdu: bytes) -> Any:
        self.is_reached = True
        return decode_answer(request, pdu)

    def next_frame(self) -> None:
        self.reached += self.is_reached
        self.is_reached = False


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> Parser:
    parser = Parser()
    for module in (tcp, rtu, owed_answers):
        monkeypatch.setattr(module, "decode_answer", parser.decode)
    return parser


def feed(receive: Callable[[bytes], list[Verdict]], stream: bytes, dice: random.Random) -> list[Verdict]:
    """The verdicts on the stream, received in one to three pieces."""
    if dice.random() < 0.5:
        return receive(stream)
    edges = sorted((0, dice.randint(0, len(stream)), dice.randint(0, len(stream)), len(stream)))
    return [v for start, end in pairwise(edges) for v in receive(stream[start:end])]


def the_accepted(verdicts: list[Verdict]) -> list[object]:
    answers = [verdict.answer for verdict in verdicts if isinstance(verdict, Accepted)]
    assert len(answers) <= 1
    return answers


def serial_stream(request: Request[Any], dice: random.Random) -> bytes:
    """One mutated answer as it may come from a line: most of them with a check sum that is right again."""
    body = bytes((UNIT if dice.random() < 0.97 else OTHER_UNIT,)) + mutated(request, dice)
    frame = body + (check_sum(body) if dice.random() < 0.9 else dice.randbytes(2))
    match dice.randrange(20):
        case 0:
            return dice.randbytes(dice.randint(1, 4)) + frame
        case 1:
            return frame + dice.randbytes(dice.randint(1, 300))
        case 2:
            return frame[: dice.randrange(len(frame))]
        case 3:
            second = bytes((UNIT,)) + mutated(request, dice)
            return frame + second + check_sum(second)
    return frame


def test_mutated_frames_of_a_serial_line_yield_only_what_they_hold(parser: Parser) -> None:
    dice, owed = random.Random(20261124), OwedAnswers()
    framer, now, accepted = RtuFramer(owed), 0.0, 0
    for number in range(FRAMES):
        request = REQUESTS[number % len(REQUESTS)]
        question, stream = Question(UNIT, request, 0.25), serial_stream(request, dice)

        framer.ask(question, now=now, airtime_s=0.01)
        for answer in the_accepted(feed(framer.receive, stream, dice)):
            accepted += 1
            found = (hit[0] for pattern in patterns(request, answer) for hit in pattern.finditer(stream))
            assert any((body := bytes((UNIT,)) + pdu) + check_sum(body) in stream for pdu in found), stream.hex()
        framer.why_no_answer()
        assert len(framer._buffer) <= MOST_HELD_BYTES
        framer.forget(question, now=now)
        parser.next_frame()

        now += APART_S
        if number % USED_EACH == 0:
            assert_usable(framer, dice, now)
            parser.is_reached = False
            now += APART_S

    assert parser.reached >= FRAMES / 2, f"only {parser.reached} of {FRAMES} frames reached the parser"
    assert accepted > FRAMES / 100
    assert sum(len(answers) for answers in owed._units.values()) < 10


def assert_usable(framer: RtuFramer, dice: random.Random, now: float) -> None:
    question = Question(UNIT, REQUESTS[0], 0.25)
    body = bytes((UNIT, 3, 6)) + dice.randbytes(6)
    framer.ask(question, now=now, airtime_s=0.01)

    assert framer.receive(body + check_sum(body)) == [Accepted(struct.unpack(">3H", body[3:]))]
    framer.forget(question, now=now)


def tcp_stream(request: Request[Any], transaction: int, dice: random.Random) -> bytes:
    """One mutated answer as it may come from a connection: most of them with a length that is right again."""
    pdu = mutated(request, dice)
    length = 1 + len(pdu) if dice.random() < 0.9 else dice.choice((0, 1, len(pdu), len(pdu) + 2, 254, 255, 0xFFFF))
    number = transaction if dice.random() < 0.9 else dice.choice((transaction - 1, transaction + 1, 0)) & 0xFFFF
    protocol, unit_id = (0, UNIT) if dice.random() < 0.95 else (dice.randrange(3), OTHER_UNIT)
    frame = struct.pack(">HHHB", number, protocol, length, unit_id) + pdu
    match dice.randrange(20):
        case 0:
            return flip(frame, dice)
        case 1:
            return frame + dice.randbytes(dice.randint(1, 300))
        case 2:
            return frame[: dice.randrange(len(frame))]
        case 3:
            return frame + tcp_stream(request, transaction, dice)
    return frame


def test_mutated_frames_of_a_connection_yield_only_what_they_hold(parser: Parser) -> None:
    dice, framer, accepted = random.Random(20261125), TcpFramer(), 0
    for number in range(FRAMES):
        request = REQUESTS[number % len(REQUESTS)]
        framer.ask(UNIT, request)
        stream = tcp_stream(request, framer.transaction, dice)

        verdicts = feed(framer.receive, stream, dice)
        for answer in the_accepted(verdicts):
            accepted += 1
            found = (hit[0] for pattern in patterns(request, answer) for hit in pattern.finditer(stream))
            heads = ((struct.pack(">HHHB", framer.transaction, 0, 1 + len(pdu), UNIT), pdu) for pdu in found)
            assert any(head + pdu in stream for head, pdu in heads), stream.hex()
        assert len(framer._buffer) <= MOST_HELD_BYTES
        framer.forget(framer.transaction)
        parser.next_frame()

        out_of_step = any(isinstance(v, Rejected) and v.consequence is Consequence.RECONNECT for v in verdicts)
        if out_of_step or framer.holds_stray_part:  # then the connection is given up, and the next one carries on
            framer = TcpFramer(transaction=framer.transaction)
        if number % USED_EACH == 0:
            framer.ask(UNIT, REQUESTS[0])
            pdu = bytes((3, 6)) + dice.randbytes(6)
            right = struct.pack(">HHHB", framer.transaction, 0, 1 + len(pdu), UNIT) + pdu
            assert framer.receive(right) == [Accepted(struct.unpack(">3H", pdu[2:]))]
            parser.is_reached = False

    assert parser.reached >= FRAMES / 2, f"only {parser.reached} of {FRAMES} frames reached the parser"
    assert accepted > FRAMES / 100
