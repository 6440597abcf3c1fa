"""What may be asked while answers are still owed, and to whom a frame belongs."""

from __future__ import annotations

import struct

import pytest

from wattledger.fieldbus.modbus.owed_answers import KEPT_S, OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import (
    ReadIdentification,
    ReadRegisters,
    Request,
    WriteRegister,
    WriteRegisters,
)

GIVEN_UP_S = 0.25
LATE_S = 0.75  # three timeouts after it was asked


def reads(count: int, *, address: int = 0x100, unit: int = 5, function: int = 3) -> Question:
    return Question(unit, ReadRegisters(function, address, count), 0.25)


def pdu(count: int, *, function: int = 3) -> bytes:
    return struct.pack(">BB", function, 2 * count) + bytes(2 * count)


REFUSED = b"\x83\x02"


def owing(*questions: Question) -> OwedAnswers:
    owed = OwedAnswers()
    for question in questions:
        owed.add(question, now=0.0, airtime_s=0.0)
        owed.give_up(question, now=GIVEN_UP_S)
    return owed


def test_a_request_of_the_shape_that_is_owed_needs_a_probe() -> None:
    owed = owing(reads(10))

    assert owed.needs_probe(reads(10, address=0x200), now=0.3)
    assert owed.needs_probe(reads(10), now=0.3)


@pytest.mark.parametrize("other", [reads(9), reads(10, unit=6), reads(10, function=4)])
def test_another_shape_or_unit_needs_none(other: Question) -> None:
    assert not owing(reads(10)).needs_probe(other, now=0.3)


def test_the_same_question_may_be_put_again() -> None:
    question = reads(10)

    assert not owing(question).needs_probe(question, now=0.3)


def test_a_frame_answers_the_oldest_question_that_it_fits() -> None:
    old, new = reads(10), reads(10, address=0x200)
    owed = owing(old, new)

    assert owed.take(5, pdu(10)) is old
    assert owed.take(5, pdu(10)) is new


def test_the_answer_of_another_unit_settles_nothing() -> None:
    owed = owing(reads(10))

    assert owed.take(6, pdu(10)) is None
    assert owed.needs_probe(reads(10), now=0.3)


def test_an_answer_in_step_settles_all_that_was_asked_before() -> None:
    owed = owing(reads(10), reads(2))

    owed.take(5, pdu(2))

    assert not owed.needs_probe(reads(10), now=0.3)


def test_the_answer_to_an_older_question_does_not_settle_a_newer() -> None:
    owed = owing(reads(2), reads(10), reads(2))

    owed.take(5, pdu(2))

    assert owed.needs_probe(reads(10), now=0.3)


def test_an_exception_settles_no_more_than_the_oldest_of_its_function() -> None:
    old, new = reads(10), reads(2)
    owed = owing(old, new)

    assert owed.take(5, REFUSED) is old
    assert not owed.needs_probe(reads(10), now=0.3)
    assert owed.needs_probe(reads(2), now=0.3)


def test_other_registers_wait_until_no_answer_can_come_out_of_order() -> None:
    owed = owing(reads(10), reads(2))
    owed.take(5, pdu(2))

    assert owed.free_at(reads(10, address=0x200), now=0.3) == LATE_S
    assert owed.free_at(reads(10), now=0.3) == 0.3  # the same registers
    assert owed.free_at(reads(4), now=0.3) == 0.3
    assert owed.free_at(reads(10, address=0x200), now=LATE_S) == LATE_S


def test_a_long_timeout_does_not_lock_a_unit_up() -> None:
    patient = Question(5, ReadRegisters(3, 0x100, 10), 30.0)
    owed = OwedAnswers()
    owed.add(patient, now=0.0, airtime_s=0.0)
    owed.give_up(patient, now=30.0)

    assert owed.free_at(reads(10, address=0x200), now=30.0) == 35.0


def test_an_answer_that_was_seen_keeps_nobody_waiting() -> None:
    owed = owing(reads(10))
    owed.take(5, pdu(10))

    assert owed.free_at(reads(10, address=0x200), now=0.3) == 0.3


def test_a_unit_that_was_silent_for_long_needs_no_probe() -> None:
    owed = owing(reads(10))

    assert owed.needs_probe(reads(10), now=KEPT_S - 1)
    assert not owed.needs_probe(reads(10), now=KEPT_S)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 125])
def test_a_probe_has_another_length_and_lies_at_the_same_registers(count: int) -> None:
    question = reads(count)
    probe = owing(question).probe(question, now=0.3)

    assert isinstance(probe.request, ReadRegisters)
    assert (probe.unit_id, probe.request.function, probe.request.address) == (5, 3, 0x100)
    assert probe.request.count != count
    assert count == 1 or probe.request.count < count


def test_a_probe_of_the_last_register_stays_within_the_addresses() -> None:
    question = reads(1, address=0xFFFF)

    assert owing(question).probe(question, now=0.3).request == ReadRegisters(3, 0xFFFE, 2)


def test_a_probe_differs_from_all_that_is_owed() -> None:
    owed = owing(reads(10), reads(2), reads(1))

    probe = owed.probe(reads(10), now=0.3)

    assert isinstance(probe.request, ReadRegisters)
    assert probe.request.count not in {10, 2, 1}


def test_probes_that_all_went_unanswered_still_bring_the_unit_back_into_step() -> None:
    question = reads(2)
    owed = owing(question)
    for _ in range(5):
        owed.add(owed.probe(question, now=0.3), now=0.3, airtime_s=0.0)
    newest = owed.probe(reads(2, address=0x200), now=0.4)
    owed.add(newest, now=0.4, airtime_s=0.0)
    assert isinstance(newest.request, ReadRegisters)

    owed.take(5, pdu(newest.request.count))

    assert not owed.needs_probe(reads(2, address=0x200), now=0.5)


@pytest.mark.parametrize("request_", [ReadIdentification(0), ReadIdentification(1)])
def test_an_identification_is_probed_by_another_object(request_: Request[object]) -> None:
    question = Question(5, request_, 0.25)
    owed = owing(question)

    probe = owed.probe(question, now=0.3)

    assert isinstance(probe.request, ReadIdentification)
    assert probe.request != request_
    assert not owed.needs_probe(probe, now=0.3)


def test_what_is_gone_is_forgotten() -> None:
    owed = OwedAnswers()
    for number in range(2000):
        question = reads(10)
        owed.add(question, now=float(number), airtime_s=0.0)
        owed.give_up(question, now=number + GIVEN_UP_S)

    assert len(owed._units[5]) <= KEPT_S + 1


def writes(*values: int, address: int = 0x100) -> Question:
    return Question(5, WriteRegisters(address, values), 0.25)


@pytest.mark.parametrize("later", [reads(1), reads(2), writes(1, 2, 3), writes(1, 2, address=0x200)])
def test_the_answer_of_a_lost_write_passes_for_nothing_else(later: Question) -> None:
    owed = owing(writes(1, 2))

    assert not owed.needs_probe(later, now=0.3)
    assert owed.free_at(later, now=0.3) == 0.3


def test_the_answer_of_a_lost_write_passes_for_that_of_a_write_of_other_values_there() -> None:
    owed = owing(writes(1, 2))
    later = writes(3, 4)

    assert owed.needs_probe(later, now=0.3)
    probe = owed.probe(later, now=0.3)
    assert probe.request == ReadRegisters(3, 0x100, 1)
    owed.add(probe, now=0.3, airtime_s=0.0)
    owed.take(5, pdu(1))
    assert not owed.needs_probe(later, now=0.3)
    assert owed.free_at(later, now=0.3) == LATE_S


def test_a_single_register_answers_with_its_value_so_only_the_same_write_looks_alike() -> None:
    owed = owing(Question(5, WriteRegister(0x100, 1), 0.25))

    assert owed.needs_probe(Question(5, WriteRegister(0x100, 1), 0.25), now=0.3)
    assert not owed.needs_probe(Question(5, WriteRegister(0x100, 2), 0.25), now=0.3)


def test_a_write_at_the_last_register_is_probed_within_the_registers() -> None:
    owed = owing(writes(1, address=0xFFFF))

    assert owed.probe(writes(2, address=0xFFFF), now=0.3).request == ReadRegisters(3, 0xFFFF, 1)
