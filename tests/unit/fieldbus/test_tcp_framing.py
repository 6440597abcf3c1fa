"""Only the answer to the pending request counts, however the bytes arrive."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wattledger.fieldbus.modbus.pdu import ReadRegisters, Refusal
from wattledger.fieldbus.modbus.tcp import Accepted, Consequence, Rejected, TcpFramer, Verdict

UNIT = 7
REQUEST = ReadRegisters(3, 0xB000, 3)
VALUES = (23012, 0, 65535)


def answer(*, transaction: int = 1, protocol: int = 0, unit: int = UNIT, pdu: bytes = b"", length: int = 0) -> bytes:
    body = pdu or struct.pack(">BB3H", 3, 6, *VALUES)
    return struct.pack(">HHHB", transaction, protocol, length or 1 + len(body), unit) + body


def asked() -> TcpFramer:
    framer = TcpFramer()
    framer.ask(UNIT, REQUEST)
    return framer


def accepted(verdicts: list[Verdict]) -> list[object]:
    return [verdict.answer for verdict in verdicts if isinstance(verdict, Accepted)]


def consequences(verdicts: list[Verdict]) -> list[Consequence]:
    return [verdict.consequence for verdict in verdicts if isinstance(verdict, Rejected)]


def test_a_request_has_the_header_of_the_implementation_guide() -> None:
    framer = TcpFramer()

    assert framer.ask(UNIT, REQUEST) == bytes.fromhex("0001 0000 0006 07 03 B000 0003")
    assert framer.ask(UNIT, REQUEST)[:2] == bytes.fromhex("0002")


def test_transaction_numbers_begin_anew_after_the_last() -> None:
    framer = TcpFramer(transaction=0xFFFF)

    assert framer.ask(UNIT, REQUEST)[:2] == bytes(2)


def test_the_answer_counts_wherever_it_is_split() -> None:
    whole = answer()
    for cut in range(len(whole) + 1):
        framer = asked()

        verdicts = framer.receive(whole[:cut]) + framer.receive(whole[cut:])

        assert verdicts == [Accepted(VALUES)]


def test_the_answer_counts_byte_by_byte() -> None:
    framer = asked()

    verdicts = [verdict for byte in answer() for verdict in framer.receive(bytes((byte,)))]

    assert verdicts == [Accepted(VALUES)]


def test_an_exception_is_an_answer() -> None:
    assert asked().receive(answer(pdu=b"\x83\x02")) == [Accepted(Refusal(2))]


def test_a_late_answer_before_the_right_one_is_skipped() -> None:
    verdicts = asked().receive(answer(transaction=0) + answer())

    assert consequences(verdicts[:1]) == [Consequence.WAIT]
    assert verdicts[1:] == [Accepted(VALUES)]


def test_a_second_answer_to_the_same_request_is_not_used() -> None:
    verdicts = asked().receive(answer() + answer())

    assert verdicts[0] == Accepted(VALUES)
    assert consequences(verdicts) == [Consequence.WAIT]


def test_nothing_counts_while_nothing_is_asked() -> None:
    framer = asked()
    framer.forget(1)

    assert consequences(framer.receive(answer())) == [Consequence.WAIT]


def test_an_answer_that_began_before_the_request_is_not_its_answer() -> None:
    framer = TcpFramer()
    framer.receive(answer(transaction=1)[:5])
    framer.ask(UNIT, REQUEST)

    verdicts = framer.receive(answer(transaction=1)[5:] + answer(transaction=1))

    assert consequences(verdicts[:1]) == [Consequence.WAIT]
    assert verdicts[1:] == [Accepted(VALUES)]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (answer(unit=8), "unit 8 answered instead of 7"),
        (answer(pdu=struct.pack(">BB3H", 4, 6, *VALUES)), "function 4 instead of 3"),
        (answer(pdu=struct.pack(">BB2H", 3, 4, 1, 2)), "byte count 4 instead of 6"),
        (answer(pdu=struct.pack(">BB2H", 3, 6, 1, 2)), "6 bytes instead of 8"),
        (answer(pdu=struct.pack(">BB4H", 3, 6, 1, 2, 3, 4)), "10 bytes instead of 8"),
        (answer(pdu=b"\x03"), "byte count missing"),
        (answer(pdu=b"\x84\x02"), "function 132 instead of 3"),
    ],
)
def test_an_answer_that_does_not_fit_ends_the_request_with_the_reason(frame: bytes, reason: str) -> None:
    framer = asked()

    (rejected,) = framer.receive(frame)

    assert isinstance(rejected, Rejected)
    assert rejected.consequence is Consequence.GIVE_UP
    assert reason in rejected.reason
    assert framer.receive(answer()) != [Accepted(VALUES)]


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "protocol 0x5450"),
        (answer(protocol=1), "protocol 0x0001"),
        (answer(length=255), "a frame of 255 bytes"),
        (answer(length=1), "a frame of 1 bytes"),
        (b"\0\0\0\0\0\0", "a frame of 0 bytes"),
        (b"\xff\xff\xff\xff", "protocol 0xffff"),
    ],
)
def test_a_stream_out_of_step_demands_a_new_connection_as_soon_as_it_shows(garbage: bytes, reason: str) -> None:
    framer = asked()

    (rejected,) = framer.receive(garbage)

    assert isinstance(rejected, Rejected)
    assert rejected.consequence is Consequence.RECONNECT
    assert reason in rejected.reason
    assert framer.receive(answer()) == []


def test_the_largest_answer_fits() -> None:
    framer = TcpFramer()
    framer.ask(UNIT, ReadRegisters(3, 0, 125))

    verdicts = framer.receive(answer(pdu=struct.pack(">BB125H", 3, 250, *range(125))))

    assert accepted(verdicts) == [tuple(range(125))]


FRAMES = st.builds(
    answer,
    transaction=st.sampled_from([0, 1, 2, 0xFFFF]),
    unit=st.sampled_from([0, UNIT, 8]),
    pdu=st.sampled_from([b"", b"\x83\x02", b"\x03\x02\0\1", b"\x04\x06" + bytes(6), b"\x2b\x0e"]),
)


@given(frames=st.lists(FRAMES, max_size=6), cuts=st.lists(st.integers(0, 120), max_size=6))
@settings(max_examples=200)
def test_of_any_frames_in_any_pieces_only_the_right_one_counts_and_only_once(
    frames: list[bytes], cuts: list[int]
) -> None:
    framer, stream = asked(), b"".join(frames)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]

    verdicts = [v for start, end in pairwise(edges) for v in framer.receive(stream[start:end])]

    mine = [frame for frame in frames if frame[:2] == b"\0\1"]
    right = {answer(): [VALUES], answer(pdu=b"\x83\x02"): [Refusal(2)]}
    expected = right.get(mine[0], []) if mine else []
    if Consequence.RECONNECT in consequences(verdicts):  # a piece ended within the frame behind the answer
        assert accepted(verdicts) == []
    else:
        assert len(verdicts) == len(frames)
        assert accepted(verdicts) == expected


@given(data=st.binary(max_size=300))
@settings(max_examples=300)
def test_noise_never_becomes_a_value(data: bytes) -> None:
    assert accepted(asked().receive(data)) == []


@given(position=st.integers(0, 8), byte=st.integers(0, 255), cut=st.integers(0, 15))
@settings(max_examples=300)
def test_a_damaged_header_never_yields_a_value(position: int, byte: int, cut: int) -> None:
    damaged = bytearray(answer())
    damaged[position] = byte
    framer = asked()

    verdicts = framer.receive(bytes(damaged[:cut])) + framer.receive(bytes(damaged[cut:]))

    assert accepted(verdicts) == ([VALUES] if bytes(damaged) == answer() else [])


@given(length=st.integers(0, 14))
def test_a_shortened_answer_is_never_completed_by_the_next_one(length: int) -> None:
    framer = asked()

    assert framer.receive(answer()[:length]) == []
    framer.forget(1)
    assert framer.holds_stray_part is (length > 0)
    assert accepted(framer.receive(answer(transaction=2))) == []


@given(
    at=st.integers(0, 14),
    count=st.integers(1, 14),
    behind=st.sampled_from([b"", b"\x83\x02"]),
    extra=st.binary(max_size=20),
)
@settings(max_examples=300)
def test_lost_and_added_bytes_never_yield_a_wrong_value(at: int, count: int, behind: bytes, extra: bytes) -> None:
    framer = asked()
    damaged = answer()[:at] + answer()[at + count :]

    verdicts = framer.receive(damaged + answer(transaction=2, pdu=behind) + extra)

    assert accepted(verdicts) == []


@pytest.mark.parametrize("behind", [b"noise", b"\0", answer()[:7]])
def test_an_answer_followed_by_less_than_a_frame_is_not_trusted(behind: bytes) -> None:
    assert consequences(asked().receive(answer() + behind)) == [Consequence.RECONNECT]


@given(
    transaction=st.sampled_from([1, 1, 2]),
    protocol=st.sampled_from([0, 0, 1, 256]),
    length=st.none() | st.integers(0, 12) | st.integers(250, 260),
    unit=st.sampled_from([UNIT, 8]),
    pdu=st.binary(max_size=10) | st.sampled_from([struct.pack(">BB3H", 3, 6, *VALUES), bytes(253), bytes(254)]),
    cut=st.integers(1, 16),
)
@settings(max_examples=300)
def test_a_frame_in_one_piece_is_judged_as_the_same_frame_in_two(
    transaction: int, protocol: int, length: int | None, unit: int, pdu: bytes, cut: int
) -> None:
    data = struct.pack(">HHHB", transaction, protocol, 1 + len(pdu) if length is None else length, unit) + pdu
    whole, pieces = asked(), asked()

    at_once = whole.receive(data)
    in_two = pieces.receive(data[:cut]) + pieces.receive(data[cut:])

    assert accepted(at_once) == accepted(in_two)
    assert consequences(at_once)[:1] == consequences(in_two)[:1]
    assert whole.holds_stray_part == pieces.holds_stray_part


def asked_twice() -> TcpFramer:
    framer = asked()
    framer.ask(UNIT, REQUEST)
    return framer


SECOND = answer(transaction=2, pdu=b"\x83\x02")


@pytest.mark.parametrize("stream", [answer() + SECOND, SECOND + answer()], ids=["in order", "out of order"])
def test_answers_to_several_requests_count_wherever_they_are_split(stream: bytes) -> None:
    for cut in range(len(stream) + 1):
        framer = asked_twice()

        verdicts = framer.receive(stream[:cut]) + framer.receive(stream[cut:])

        assert len(verdicts) == 2
        assert {verdict.frame: verdict.answer for verdict in verdicts if isinstance(verdict, Accepted)} == {
            answer(): VALUES,
            SECOND: Refusal(2),
        }


def test_an_answer_waits_until_what_came_behind_it_is_known_to_be_another() -> None:
    framer = asked_twice()

    assert framer.receive(answer() + SECOND[:6]) == []
    assert accepted(framer.receive(SECOND[6:7])) == [VALUES]
    assert accepted(framer.receive(SECOND[7:])) == [Refusal(2)]


@pytest.mark.parametrize(
    "behind", [b"\7", b"\0\7", answer(transaction=2, unit=8)[:7], answer(transaction=1)[:7], SECOND[1:8], SECOND[2:]]
)
def test_what_begins_no_pending_answer_behind_one_breaks_the_stream(behind: bytes) -> None:
    framer = asked_twice()

    verdicts = framer.receive(answer() + behind)

    assert accepted(verdicts) == []
    assert consequences(verdicts) == [Consequence.RECONNECT]


@given(at=st.integers(7, 14), count=st.integers(1, 7), cuts=st.lists(st.integers(0, 30), max_size=30))
@settings(max_examples=300)
def test_bytes_lost_between_two_answers_never_yield_a_wrong_value(at: int, count: int, cuts: list[int]) -> None:
    framer, other = asked_twice(), answer(transaction=2)
    damaged = answer()[:at] + answer()[at + count :] + other
    edges = [0, *sorted(min(cut, len(damaged)) for cut in cuts), len(damaged)]
    # What comes as one frame in one piece is believed: a piece that is cut just there cannot be seen through.
    assume(min(edge for edge in edges if edge) != len(answer()))

    verdicts = [v for start, end in pairwise(edges) for v in framer.receive(damaged[start:end])]

    assert all(verdict.answer == VALUES for verdict in verdicts if isinstance(verdict, Accepted))


def test_an_answer_in_pieces_counts_at_once_when_nothing_else_is_pending() -> None:
    framer = asked_twice()
    framer.receive(SECOND)

    assert framer.receive(answer()[:9]) == []
    assert accepted(framer.receive(answer()[9:])) == [VALUES]


def test_a_part_that_belongs_to_another_request_does_not_stand_in_the_way() -> None:
    framer = asked_twice()
    framer.receive(SECOND[:5])

    framer.forget(1)

    assert not framer.holds_stray_part
    assert accepted(framer.receive(SECOND[5:])) == [Refusal(2)]
    assert consequences(framer.receive(answer())) == [Consequence.WAIT]


def test_a_part_that_belonged_to_the_request_that_was_given_up_is_stray() -> None:
    framer = asked_twice()
    framer.receive(answer()[:5])

    framer.forget(1)

    assert framer.holds_stray_part


def test_an_answer_that_began_before_a_second_request_still_is_that_to_the_first() -> None:
    framer = asked()
    framer.receive(answer()[:9])
    framer.ask(UNIT, REQUEST)

    assert accepted(framer.receive(answer()[9:] + SECOND)) == [VALUES, Refusal(2)]
