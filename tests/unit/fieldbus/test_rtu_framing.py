"""Only the answer to the pending request counts, whatever else is on the line and however its bytes arrive."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters, Refusal, Request
from wattledger.fieldbus.modbus.rtu import RtuFramer, crc16, frame, frame_bytes
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Rejected, Verdict

UNIT = 7
REQUEST = ReadRegisters(3, 0xB000, 3)
VALUES = (23012, 0, 65535)


def answer(*values: int, unit: int = UNIT, function: int = 3) -> bytes:
    given_values = values or VALUES
    return frame(unit, struct.pack(f">BB{len(given_values)}H", function, 2 * len(given_values), *given_values))


def ask(framer: RtuFramer, request: Request[object] = REQUEST, *, unit: int = UNIT, now: float = 0.0) -> bytes:
    return framer.ask(Question(unit, request, 0.25), now=now, airtime_s=0.01)


def asked(request: Request[object] = REQUEST, *, echo: bool = False) -> RtuFramer:
    framer = RtuFramer(OwedAnswers(), echo=echo)
    ask(framer, request)
    return framer


def accepted(verdicts: list[Verdict]) -> list[object]:
    return [verdict.answer for verdict in verdicts if isinstance(verdict, Accepted)]


def rejected(verdicts: list[Verdict]) -> list[Consequence]:
    return [verdict.consequence for verdict in verdicts if isinstance(verdict, Rejected)]


def test_the_check_is_that_of_the_standards_example() -> None:
    # MODBUS over Serial Line V1.02, appendix B: the message 02 07 has the check 0x1241, sent as 41 12.
    assert crc16(b"\x02\x07") == 0x1241
    assert frame(2, b"\x07") == bytes.fromhex("0207 4112")


def test_the_check_over_a_frame_with_its_own_check_is_nothing() -> None:
    assert crc16(answer()) == 0


def test_a_request_is_unit_pdu_and_check() -> None:
    # MODBUS Application Protocol V1.1b3, 6.3: read registers 108 to 110; its check as computed by libmodbus.
    assert ask(RtuFramer(OwedAnswers()), ReadRegisters(3, 0x6B, 3), unit=0x11) == bytes.fromhex("1103006B00037687")


def test_the_answer_counts_wherever_it_is_split() -> None:
    whole = answer()
    for cut in range(len(whole) + 1):
        framer = asked()

        assert framer.receive(whole[:cut]) + framer.receive(whole[cut:]) == [Accepted(VALUES)]


def test_the_answer_counts_byte_by_byte() -> None:
    framer = asked()

    assert [verdict for byte in answer() for verdict in framer.receive(bytes((byte,)))] == [Accepted(VALUES)]


def test_an_exception_is_an_answer() -> None:
    assert asked().receive(frame(UNIT, b"\x83\x02")) == [Accepted(Refusal(2))]


def test_a_text_is_as_long_as_it_says() -> None:
    pdu = bytes.fromhex("2B0E04810000010005") + b"Hager"
    framer = asked(ReadIdentification(0))

    assert [verdict for byte in frame(UNIT, pdu) for verdict in framer.receive(bytes((byte,)))] == [Accepted(b"Hager")]


def test_a_refused_text_may_name_its_mei_type() -> None:
    for pdu in (b"\xab\x02", b"\xab\x0e\x02"):
        framer = asked(ReadIdentification(0))

        got = [verdict for byte in frame(UNIT, pdu) for verdict in framer.receive(bytes((byte,)))]

        assert got == [Accepted(Refusal(2))]


@pytest.mark.parametrize("noise", [b"\x00", b"\xff", b"\x07", b"\x00\xff", b"\x07\x03", b"\xff\x07"])
def test_a_byte_or_two_of_noise_do_not_hide_the_answer(noise: bytes) -> None:
    bytewise = asked()

    assert asked().receive(noise + answer()) == [Accepted(VALUES)]
    assert [v for byte in noise + answer() for v in bytewise.receive(bytes((byte,)))] == [Accepted(VALUES)]


def test_noise_behind_the_answer_is_not_part_of_it() -> None:
    assert asked().receive(answer() + b"\x00\xff\x00") == [Accepted(VALUES)]


def test_a_frame_within_the_data_of_another_is_no_answer() -> None:
    inner = answer()
    outer = frame(9, bytes((3, len(inner))) + inner)

    assert accepted(asked().receive(outer)) == []
    assert accepted(asked().receive(outer[:-1])) == []


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (answer(function=4), "function 4 instead of 3"),
        (answer(1, 2), "byte count 4 instead of 6"),
        (answer(1, 2, 3, 4), "byte count 8 instead of 6"),
        (frame(UNIT, b"\x84\x02"), "function 132 instead of 3"),
    ],
)
def test_a_whole_frame_that_does_not_fit_ends_the_request_with_the_reason(frames: bytes, reason: str) -> None:
    framer = asked()

    assert framer.receive(frames) == [Rejected(reason, Consequence.GIVE_UP)]
    assert framer.why_no_answer() == reason


def test_another_units_frame_is_skipped_and_remembered() -> None:
    framer = asked()

    assert rejected(framer.receive(answer(unit=8))) == [Consequence.WAIT]
    assert accepted(framer.receive(answer())) == [VALUES]

    framer = asked()
    framer.receive(answer(unit=8))
    assert framer.why_no_answer() == "unit 8 answered instead of 7"


@pytest.mark.parametrize("damaged", range(11))
def test_a_damaged_byte_makes_it_no_answer(damaged: int) -> None:
    whole = bytearray(answer())
    whole[damaged] ^= 0x10
    framer = asked()

    assert accepted(framer.receive(bytes(whole))) == []
    assert framer.is_overfull
    assert "no frame with a right CRC" in framer.why_no_answer()


def test_silence_has_no_reason() -> None:
    assert asked().why_no_answer() == ""


def test_an_answer_without_a_question_is_late() -> None:
    framer, question = RtuFramer(OwedAnswers()), Question(UNIT, REQUEST, 0.25)
    framer.ask(question, now=0.0, airtime_s=0.01)
    framer.forget(question, now=0.25)

    assert rejected(framer.receive(answer())) == [Consequence.WAIT]


def test_what_came_before_the_request_is_dropped() -> None:
    framer = RtuFramer(OwedAnswers())
    framer.receive(answer()[:6])
    ask(framer)

    assert framer.receive(answer()[6:]) == []


def test_the_echo_of_the_request_is_taken_off_where_the_line_has_one() -> None:
    framer = asked(echo=True)
    sent = frame(UNIT, REQUEST.encode())

    assert [v for byte in b"\xff" + sent + answer() for v in framer.receive(bytes((byte,)))] == [Accepted(VALUES)]


def test_a_damaged_echo_ends_the_request() -> None:
    framer = asked(echo=True)
    damaged = bytes((UNIT, 3, 0xB1)) + frame(UNIT, REQUEST.encode())[3:]

    verdicts = framer.receive(damaged + answer())

    assert rejected(verdicts) == [Consequence.GIVE_UP]
    assert accepted(verdicts) == []


def test_an_unexpected_echo_is_named() -> None:
    framer = asked()

    assert framer.receive(frame(UNIT, REQUEST.encode()) + answer()) == []
    assert "switch its echo setting on" in framer.why_no_answer()


def test_a_line_that_never_stops_does_not_fill_the_memory() -> None:
    framer = asked()
    for _ in range(100):
        framer.receive(bytes(1000))

    assert len(framer._buffer) < 2000


@given(start=st.binary(max_size=300))
def test_the_length_of_a_frame_is_never_guessed_wildly(start: bytes) -> None:
    length = frame_bytes(start)

    assert length is None or length >= 5


MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["set", "insert", "delete", "cut", "append"]), st.integers(0, 12), st.integers(0, 255)),
    min_size=1,
    max_size=4,
)


def mutate(body: bytes, mutations: list[tuple[str, int, int]]) -> bytes:
    changed = bytearray(body)
    for kind, place, byte in mutations:
        at = min(place, len(changed))
        if kind == "set" and at < 3 and changed[at:]:  # other data with a right check are another right answer
            changed[at] = byte
        elif kind == "insert":
            changed.insert(at, byte)
        elif kind == "delete":
            del changed[at : at + 1]
        elif kind == "cut":
            del changed[at:]
        elif kind == "append":
            changed.append(byte)
    return bytes(changed)


def is_answer(body: bytes) -> bool:
    """By the standard alone: unit, function, byte count, and as many data."""
    return len(body) == 3 + 6 and body[:3] == bytes((UNIT, 3, 6))


@settings(max_examples=400)
@given(mutations=MUTATIONS)
@example(mutations=[("insert", 9, 71), ("insert", 9, 71), ("delete", 5, 0)])
def test_mutated_frames_with_a_right_check_never_yield_a_wrong_value(mutations: list[tuple[str, int, int]]) -> None:
    body = mutate(answer()[:-2], mutations)
    mutated = body + struct.pack("<H", crc16(body))

    got = [value for value in accepted(asked().receive(mutated)) if not isinstance(value, Refusal)]

    # Noise before and behind is allowed, so the very answer may stand within; else nothing may be taken. An inserted
    # byte that is the right check's first one makes such an answer, with a byte of noise behind.
    starts = [mutated[at : at + 9] for at in range(3) if is_answer(mutated[at : at + 9])]
    wanted = [struct.unpack(">3H", start[3:]) for start in starts if start + struct.pack("<H", crc16(start)) in mutated]
    assert got in ([], wanted[:1]) or (got == [VALUES] and answer() in mutated)


@settings(max_examples=200)
@given(garbage=st.binary(max_size=300))
def test_garbage_yields_no_value(garbage: bytes) -> None:
    assert accepted(asked().receive(garbage)) == []
